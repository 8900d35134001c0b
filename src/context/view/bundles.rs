//! Bundles, what they share, and their briefings.

use super::words::{LISTED, skipped, tone};
use crate::context::brief::Briefing;
use crate::context::prepare::Prepared;
use crate::model::{Bundle, ContextItem, ItemType, Skipped};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, bytes, counted, grouped, to_json, tokens,
};
use serde_json::Value;

/// The items that cost most, then how many more there are.
fn items_table(bundle: &Bundle, listed: usize) -> Table {
    let mut items: Vec<&ContextItem> = bundle.context_items.iter().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.token_count));
    let (shown, rest) = items.split_at(items.len().min(listed));
    let all = bundle.total_tokens.max(1) as f64;
    let row = |item: &&ContextItem| {
        let share = item.token_count as f64 / all;
        vec![
            tokens(item.token_count, bundle.exact).into(),
            Cell::share(share, Tone::Faint),
            item.item_type.into(),
            item.priority.into(),
            item.label().into(),
            Cell::toned(note(item), Tone::Faint),
        ]
    };
    let columns = vec![
        Column::right("tokens"),
        Column::right("share"),
        Column::left("type"),
        Column::left("priority"),
        Column::wide("source"),
        Column::wide(""),
    ];
    let table = Table::new(columns, "no items").rows(shown.iter().map(row));
    if rest.is_empty() {
        return table;
    }
    let left = rest.iter().map(|item| item.token_count).sum();
    let more = format!("… and {} more", grouped(rest.len() as u64));
    let [share, item_type, priority, note] = [(); 4].map(|()| Cell::from(""));
    let left = tokens(left, bundle.exact).into();
    table.row(vec![left, share, item_type, priority, Cell::toned(more, Tone::Faint), note])
}

fn note(item: &ContextItem) -> String {
    let twice = match (&item.duplicate_of, item.references.len()) {
        (Some(first), _) => format!("same as {first}"),
        (None, _) if item.item_type == ItemType::Briefing => "around the items".to_owned(),
        (None, 0) => String::new(),
        (None, blocks) => counted(blocks, "reference", "references"),
    };
    let redacted = match item.redacted {
        0 => String::new(),
        secrets => format!("{} redacted", counted(secrets as usize, "secret", "secrets")),
    };
    let link = item.link_to.as_ref().map(|target| format!("a link to {target}"));
    let parts = [twice, redacted, link.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn bundle_fields(bundle: &Bundle) -> Vec<(&'static str, Cell)> {
    let items = bundle.context_items.iter().filter(|it| it.item_type != ItemType::Briefing);
    let items: Vec<&ContextItem> = items.collect();
    let files = counted(items.len(), "item", "items");
    let total: u64 = items.iter().map(|item| item.bytes).sum();
    let counted_by = match bundle.exact {
        true => format!("{} (exact)", bundle.tokenizer),
        false => {
            format!("{} estimate, at most {}", bundle.tokenizer, grouped(bundle.total_tokens_upper))
        }
    };
    vec![
        ("bundle", bundle.bundle_id.clone().into()),
        ("agent", bundle.agent_type.clone().into()),
        ("scope", bundle.scope.clone().into()),
        ("context", format!("{files}, {}", bytes(total)).into()),
        ("skipped", skipped(&bundle.skipped)),
        ("tokens", tokens(bundle.total_tokens, bundle.exact).into()),
        ("counted", format!("for {} by {counted_by}", bundle.model).into()),
    ]
}

fn dedup_in_words(bundle: &Bundle) -> Option<String> {
    let dedup = &bundle.dedup;
    let found = [
        (dedup.duplicates, "second copy", "second copies"),
        (dedup.blocks, "block that stands earlier", "blocks that stand earlier"),
    ];
    let found = found.into_iter().filter(|(count, _, _)| *count > 0);
    let found: Vec<String> =
        found.map(|(count, one, many)| counted(count as usize, one, many)).collect();
    (!found.is_empty()).then(|| {
        let saved = tokens(dedup.tokens_saved(), bundle.exact);
        format!("{saved} tokens ({:.1} %) by {}", dedup.percent_saved(), found.join(", "))
    })
}

fn shared_in_words(bundle: &Bundle) -> Option<String> {
    bundle.shared.as_ref().map(|it| {
        let first = counted(it.items, "item", "items");
        let prefix = tokens(it.prefix_tokens, bundle.exact);
        format!("the first {first}, {prefix} tokens to begin with, from {}", it.bundle_id)
    })
}

fn budget_bar(bundle: &Bundle, tone: Tone) -> (String, f64, Tone) {
    let share = bundle.total_tokens_upper as f64 / bundle.budget.max(1) as f64;
    (format!("budget {}", grouped(bundle.budget)), share, tone)
}

impl View for Prepared {
    fn json(&self) -> Value {
        to_json(&self.bundle)
    }

    fn document(&self) -> Document {
        let mut fields = bundle_fields(&self.bundle);
        fields.extend(dedup_in_words(&self.bundle).map(|text| ("saved", text.into())));
        let (label, share, tone) = budget_bar(&self.bundle, tone(self.status));
        Document::new()
            .fields(fields)
            .bar(label, share, tone)
            .table(items_table(&self.bundle, LISTED))
    }

    fn id(&self) -> Option<String> {
        Some(self.bundle.bundle_id.to_string())
    }
}

/// A bundle and all that was left out of it.
impl View for Bundle {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = bundle_fields(self);
        fields.push(("created", Cell::when(self.created_at)));
        fields.extend(dedup_in_words(self).map(|text| ("saved", text.into())));
        fields.extend(shared_in_words(self).map(|text| ("shared", text.into())));
        let (label, share, tone) = budget_bar(self, Tone::Plain);
        let document = Document::new().fields(fields).bar(label, share, tone);
        let document = document.table(items_table(self, usize::MAX));
        match self.skipped.is_empty() {
            true => document,
            false => document.heading("Left out").table(skipped_table(&self.skipped)),
        }
    }

    fn id(&self) -> Option<String> {
        Some(self.bundle_id.to_string())
    }
}

fn skipped_table(skipped: &[Skipped]) -> Table {
    let columns = vec![Column::left("reason"), Column::wide("source"), Column::wide("")];
    let row = |it: &Skipped| {
        let detail = it.detail.clone().unwrap_or_default();
        vec![it.reason.into(), it.source.clone().into(), Cell::toned(detail, Tone::Faint)]
    };
    Table::new(columns, "nothing was left out").rows(skipped.iter().map(row))
}

impl View for Briefing {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().fields(vec![
            ("briefing", self.briefing_hash[..12].into()),
            ("bundle", self.bundle_id.clone().into()),
            ("template", self.template.clone().into()),
            ("tokens", tokens(self.tokens, self.exact).into()),
            ("size", bytes(self.bytes).into()),
        ])
    }

    fn id(&self) -> Option<String> {
        Some(self.briefing_hash.clone())
    }
}

/// A briefing with its text.
pub struct BriefingText<'b>(pub &'b Briefing);

impl View for BriefingText<'_> {
    fn json(&self) -> Value {
        let mut json = to_json(self.0);
        json["text"] = self.0.text.clone().into();
        json
    }

    fn document(&self) -> Document {
        self.0.document().heading("Text").text(self.0.text.clone())
    }
}

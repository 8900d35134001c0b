//! How this area's results look.

use super::advice::{Action, OverBudget};
use super::bounds::Bounds;
use super::brief::Briefing;
use super::budget::BudgetStatus;
use super::models::ModelInfo;
use super::prepare::Prepared;
use super::usage::Usage;
use super::validate::Validation;
use crate::briefing::TemplateInfo;
use crate::model::{Bundle, ContextItem, ItemType, SkipReason, Skipped};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, grouped, grouped_signed, to_json, tokens,
};
use crate::store::BundleRow;
use serde_json::{Value, json};

/// How many items or skipped paths a summary lists.
const LISTED: usize = 15;

fn tone(status: BudgetStatus) -> Tone {
    match status {
        BudgetStatus::Ok => Tone::Good,
        BudgetStatus::Warning => Tone::Warning,
        BudgetStatus::Critical | BudgetStatus::Over => Tone::Bad,
    }
}

/// “3 ignored, 1 binary”.
fn skipped_in_words(skipped: &[Skipped]) -> String {
    let of = |reason: SkipReason| skipped.iter().filter(|it| it.reason == reason).count();
    let counts = SkipReason::ALL.iter().map(|reason| (reason, of(*reason)));
    let told: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{} {reason}", grouped(count as u64)))
        .collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

/// The items that cost most, then how many more there are.
fn items_table(bundle: &Bundle) -> Table {
    let mut items: Vec<&ContextItem> = bundle.context_items.iter().collect();
    let rest = items.len().saturating_sub(LISTED);
    items.sort_by_key(|item| std::cmp::Reverse(item.token_count));
    let all = bundle.total_tokens.max(1) as f64;
    let row = |item: &&ContextItem| {
        let note = match (&item.duplicate_of, item.item_type) {
            (Some(first), _) => format!("same as {first}"),
            (None, ItemType::Briefing) => "around the items".to_owned(),
            (None, _) => String::new(),
        };
        let share = format!("{:.1} %", item.token_count as f64 * 100.0 / all);
        vec![
            tokens(item.token_count, bundle.exact).into(),
            Cell::toned(share, Tone::Faint),
            item.item_type.into(),
            item.priority.into(),
            item.label().into(),
            Cell::toned(note, Tone::Faint),
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
    let table = Table::new(columns, "no items").rows(items.iter().take(LISTED).map(row));
    match rest {
        0 => table,
        rest => {
            let left: u64 = items.iter().skip(LISTED).map(|item| item.token_count).sum();
            let blank = || Cell::from("");
            let more = Cell::toned(format!("… and {} more", grouped(rest as u64)), Tone::Faint);
            table.row(vec![
                tokens(left, bundle.exact).into(),
                blank(),
                blank(),
                blank(),
                more,
                blank(),
            ])
        }
    }
}

fn bundle_fields(bundle: &Bundle) -> Vec<(&'static str, Cell)> {
    let items = bundle.context_items.iter().filter(|it| it.item_type != ItemType::Briefing);
    let items: Vec<&ContextItem> = items.collect();
    let files = counted(items.len(), "item", "items");
    let bytes: u64 = items.iter().map(|item| item.bytes).sum();
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
        ("context", format!("{files}, {}", super::human_bytes(bytes)).into()),
        ("skipped", skipped_in_words(&bundle.skipped).into()),
        ("tokens", tokens(bundle.total_tokens, bundle.exact).into()),
        ("counted", format!("for {} by {counted_by}", bundle.model).into()),
    ]
}

fn dedup_in_words(bundle: &Bundle) -> Option<String> {
    let dedup = &bundle.dedup;
    (dedup.duplicates > 0).then(|| {
        format!(
            "{}: {} tokens saved ({:.1} %)",
            counted(dedup.duplicates as usize, "second copy", "second copies"),
            tokens(dedup.tokens_saved(), bundle.exact),
            dedup.percent_saved()
        )
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
        Document::new().fields(fields).bar(label, share, tone).table(items_table(&self.bundle))
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
        fields.push(("created", self.created_at.to_minute().into()));
        fields.extend(dedup_in_words(self).map(|text| ("saved", text.into())));
        let (label, share, tone) = budget_bar(self, Tone::Plain);
        let document = Document::new().fields(fields).bar(label, share, tone);
        let document = document.table(items_table(self));
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

/// What several bundles share.
pub struct SharedView<'b>(pub &'b Bundle);

impl View for SharedView<'_> {
    fn json(&self) -> Value {
        to_json(self.0)
    }

    fn document(&self) -> Document {
        let (bundle, dedup) = (self.0, &self.0.dedup);
        let exact = bundle.exact;
        let columns = vec![
            Column::wide("bundle"),
            Column::wide("agent"),
            Column::right("before"),
            Column::right("after"),
        ];
        let row = |id: String, agent: &str, before: u64, after: u64| {
            let before = if before == 0 { "-".to_owned() } else { tokens(before, exact) };
            vec![id.into(), agent.into(), before.into(), tokens(after, exact).into()]
        };
        let parts = dedup.bundles.iter().map(|it| {
            row(it.bundle_id.to_string(), &it.agent_type, it.tokens_before, it.tokens_after)
        });
        let items = bundle.context_items.iter().filter(|it| it.item_type != ItemType::Briefing);
        let once = items.map(|it| it.token_count).sum();
        let shared = row(bundle.bundle_id.to_string(), "(shared, once)", 0, once);
        let total = row("total".to_owned(), "", dedup.tokens_before, dedup.tokens_after);
        let saved = dedup.tokens_before as i64 - dedup.tokens_after as i64;
        let percent = saved as f64 * 100.0 / dedup.tokens_before.max(1) as f64;
        Document::new()
            .table(Table::new(columns, "no bundles").rows(parts).row(shared).row(total))
            .text(format!(
                "{} shared; {} tokens saved ({percent:.1} %)",
                counted(dedup.duplicates as usize, "item is", "items are"),
                grouped_signed(saved)
            ))
            .table(shared_items(bundle))
    }

    fn id(&self) -> Option<String> {
        Some(self.0.bundle_id.to_string())
    }
}

fn shared_items(bundle: &Bundle) -> Table {
    let columns = vec![Column::right("tokens"), Column::wide("shared item"), Column::wide("by")];
    let items = bundle.context_items.iter().filter(|it| it.item_type == ItemType::SharedContext);
    let row = |item: &ContextItem| {
        let by = item.shared_with.join(", ");
        vec![tokens(item.token_count, bundle.exact).into(), item.label().into(), by.into()]
    };
    Table::new(columns, "these bundles share nothing").rows(items.map(row))
}

impl View for OverBudget {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("step"),
            Column::wide("item"),
            Column::left("priority"),
            Column::right("tokens"),
            Column::right("saves"),
            Column::left(""),
        ];
        let row = |step: &super::Step| {
            let action = match step.action {
                Action::Drop => "drop",
                Action::Narrow => "take only",
            };
            let fits = if step.fits { Cell::toned("then it fits", Tone::Good) } else { "".into() };
            vec![
                action.into(),
                step.item.clone().into(),
                step.priority.into(),
                tokens(step.tokens, self.exact).into(),
                grouped(step.saves).into(),
                fits,
            ]
        };
        let upper = if self.exact {
            String::new()
        } else {
            format!(", at most {}", grouped(self.total_tokens_upper))
        };
        let table = Table::new(
            columns,
            "nothing can be dropped or narrowed: raise --budget, or split the scope",
        )
        .rows(self.steps.iter().map(row));
        Document::new()
            .fields(vec![
                ("tokens", format!("{}{upper}", tokens(self.total_tokens, self.exact)).into()),
                ("budget", format!("{} for {}", grouped(self.budget), self.model).into()),
                ("over by", Cell::toned(grouped(self.over_by), Tone::Bad)),
            ])
            .table(table)
    }
}

impl View for Bounds {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let tone = tone(self.status);
        let mut fields = vec![
            ("status", Cell::toned(self.status.as_str(), tone)),
            ("tokens", tokens(self.estimated_tokens, self.exact).into()),
            ("limit", format!("{} for {}", grouped(self.token_limit), self.model).into()),
            ("skipped", skipped_in_words(&self.skipped).into()),
        ];
        if let Some(phase) = self.phase {
            fields.insert(0, ("phase", format!("{phase} ({})", phase.name()).into()));
        }
        if !self.shared_with.is_empty() {
            fields.push(("shared with", self.shared_with.join(", ").into()));
        }
        let columns = vec![Column::right("tokens"), Column::right("share"), Column::wide("file")];
        let files = self.files.iter().take(LISTED).map(|file| {
            let share = format!("{:.1} %", file.percentage);
            vec![tokens(file.tokens, self.exact).into(), share.into(), file.path.clone().into()]
        });
        let mut table = Table::new(columns, "no files").rows(files);
        if self.files.len() > LISTED {
            let rest = format!("… and {} more", grouped((self.files.len() - LISTED) as u64));
            table = table.row(vec!["".into(), "".into(), Cell::toned(rest, Tone::Faint)]);
        }
        let share = self.percentage_used / 100.0;
        let document = Document::new().fields(fields).bar("used", share, tone).table(table);
        match self.recommendations.is_empty() {
            true => document,
            false => document.heading("Recommendations").text(self.recommendations.join("\n")),
        }
    }
}

impl View for Usage {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let tone = tone(self.status);
        let columns = vec![
            Column::wide("what"),
            Column::wide("agent"),
            Column::right("runs"),
            Column::right("tokens"),
            Column::right("of budget"),
        ];
        let row = |it: &super::UsageRow| {
            vec![
                it.what.clone().into(),
                Cell::or_dash(it.agent_type.clone()),
                Cell::or_dash(it.deployments),
                tokens(it.tokens, self.exact).into(),
                format!("{:.1} %", it.percentage).into(),
            ]
        };
        let table = Table::new(columns, "nothing deployed yet").rows(self.rows.iter().map(row));
        let mut fields = vec![
            ("status", Cell::toned(self.status.as_str(), tone)),
            ("tokens", tokens(self.total_tokens, self.exact).into()),
            ("budget", grouped(self.budget).into()),
            ("remaining", grouped_signed(self.budget_remaining).into()),
        ];
        if let Some(phase) = self.phase {
            fields.insert(0, ("phase", format!("{phase} ({})", phase.name()).into()));
        }
        if let Some(session) = &self.session_id {
            fields.insert(0, ("session", session.clone().into()));
        }
        Document::new().fields(fields).bar("used", self.percentage_used / 100.0, tone).table(table)
    }
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
            ("size", super::human_bytes(self.bytes).into()),
        ])
    }

    fn id(&self) -> Option<String> {
        Some(self.briefing_hash.clone())
    }
}

impl View for Validation {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let verdict = match self.valid {
            true => Cell::toned("valid", Tone::Good),
            false => Cell::toned("not valid", Tone::Bad),
        };
        let columns = vec![
            Column::right("tokens"),
            Column::right("files"),
            Column::wide("path"),
            Column::wide(""),
        ];
        let files = self.files.iter().map(|file| {
            let note = match file.error {
                Some(_) => Cell::toned("cannot be included", Tone::Bad),
                None => "".into(),
            };
            vec![
                tokens(file.tokens, self.exact).into(),
                file.files.into(),
                file.path.clone().into(),
                note,
            ]
        });
        let mut document = Document::new()
            .fields(vec![
                ("plan", verdict),
                ("scope", self.scope.clone().into()),
                ("tokens", tokens(self.total_tokens, self.exact).into()),
            ])
            .table(Table::new(columns, "no context files").rows(files));
        if !self.waves.is_empty() {
            let wave =
                |(n, names): (usize, &Vec<String>)| format!("{}. {}", n + 1, names.join(", "));
            let waves: Vec<String> = self.waves.iter().enumerate().map(wave).collect();
            document = document.heading("Order").text(waves.join("\n"));
        }
        for (title, lines) in [("Errors", &self.errors), ("Warnings", &self.warnings)] {
            if !lines.is_empty() {
                document = document.heading(title).text(lines.join("\n"));
            }
        }
        document
    }
}

/// The models that can be counted for.
pub struct ModelList(pub Vec<ModelInfo>);

impl View for ModelList {
    fn json(&self) -> Value {
        json!({ "models": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("family"),
            Column::right("window"),
            Column::left("tokenizer"),
            Column::left("count"),
            Column::wide("answers to"),
        ];
        let row = |it: &ModelInfo| {
            vec![
                it.family.clone().into(),
                grouped(it.window).into(),
                it.tokenizer.clone().into(),
                if it.exact { "exact" } else { "estimate" }.into(),
                it.matches.join(", ").into(),
            ]
        };
        Document::new().table(Table::new(columns, "no models").rows(self.0.iter().map(row)))
    }
}

/// The templates that can be rendered.
pub struct TemplateList(pub Vec<TemplateInfo>);

impl View for TemplateList {
    fn json(&self) -> Value {
        json!({ "templates": self.records() })
    }

    fn records(&self) -> Vec<Value> {
        let variables = |it: &TemplateInfo| -> Vec<Value> {
            it.variables.iter().map(|(name, what)| json!({ "name": name, "what": what })).collect()
        };
        let template = |it: &TemplateInfo| {
            json!({
                "name": it.name,
                "kind": it.kind.as_str(),
                "origin": it.origin.to_string(),
                "description": it.description,
                "variables": variables(it),
            })
        };
        self.0.iter().map(template).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("template"),
            Column::left("kind"),
            Column::left("from"),
            Column::wide("description"),
        ];
        let row = |it: &TemplateInfo| {
            vec![
                it.name.clone().into(),
                it.kind.as_str().into(),
                it.origin.to_string().into(),
                it.description.clone().into(),
            ]
        };
        let mut document =
            Document::new().table(Table::new(columns, "no templates").rows(self.0.iter().map(row)));
        let mut kinds_told = Vec::new();
        for it in &self.0 {
            if !kinds_told.contains(&it.kind) {
                kinds_told.push(it.kind);
                let fields = it.variables.iter().map(|(n, what)| (n.as_str(), what.clone().into()));
                let title = format!("Variables of a {} template", it.kind.as_str());
                document = document.heading(title).fields(fields.collect());
            }
        }
        document
    }
}

/// The kept bundles.
pub struct BundleList(pub Vec<BundleRow>);

impl View for BundleList {
    fn json(&self) -> Value {
        json!({ "bundles": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("bundle"),
            Column::left("created"),
            Column::right("tokens"),
            Column::wide("agent"),
            Column::wide("scope"),
        ];
        let row = |it: &BundleRow| {
            vec![
                it.bundle_id.clone().into(),
                it.created_at.to_minute().into(),
                grouped(it.total_tokens).into(),
                it.agent_type.clone().into(),
                it.scope.clone().into(),
            ]
        };
        Document::new().table(Table::new(columns, "no bundles yet").rows(self.0.iter().map(row)))
    }
}

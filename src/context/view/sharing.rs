//! What several bundles share, and what that saves.

use crate::context::prefix::SHORTEST;
use crate::context::shared::{Sharing, SharingRow};
use crate::model::{Bundle, ContextItem, ItemType};
use crate::render::{Cell, Column, Document, Table, Tone, View, counted, grouped, to_json, tokens};
use serde_json::Value;

impl View for Sharing {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().table(agents(self)).text(in_words(self)).table(shared_items(&self.shared))
    }

    fn id(&self) -> Option<String> {
        Some(self.shared.bundle_id.to_string())
    }
}

/// One row an agent: what is sent, and as how much it is billed.
pub(super) fn agents(sharing: &Sharing) -> Table {
    let columns = vec![
        Column::wide("agent"),
        Column::right("in full"),
        Column::right("sent"),
        Column::right("from cache"),
        Column::right("to cache"),
        Column::right("billed as"),
    ];
    let count = |number: u64| match number {
        0 => Cell::toned("-", Tone::Faint),
        _ => tokens(number, sharing.exact).into(),
    };
    let row = |it: &SharingRow| {
        vec![
            it.agent_type.clone().into(),
            count(it.tokens_before),
            count(it.tokens_after),
            count(it.billed.cache_read),
            count(it.billed.cache_write),
            count(it.billed.tokens_billed),
        ]
    };
    let sum = |of: fn(&SharingRow) -> u64| count(sharing.agents.iter().map(of).sum());
    let total = vec![
        "total".into(),
        count(sharing.tokens_before),
        count(sharing.tokens_after),
        sum(|it| it.billed.cache_read),
        sum(|it| it.billed.cache_write),
        count(sharing.tokens_billed),
    ];
    Table::new(columns, "no bundles").rows(sharing.agents.iter().map(row)).row(total)
}

/// The figures in two sentences.
pub(super) fn in_words(sharing: &Sharing) -> String {
    let sent = match sharing.percent_saved {
        percent if percent < 0.0 => format!("{:.1} % more tokens than", -percent),
        0.0 => "as many tokens as".to_owned(),
        percent => format!("{percent:.1} % fewer tokens than"),
    };
    let agents = counted(sharing.agents.len(), "agent is", "agents are");
    let sent = format!("{agents} sent {sent} in full.");
    let prefix = tokens(sharing.prefix_tokens, sharing.exact);
    match sharing.prefix_tokens {
        _ if shared(&sharing.shared).next().is_none() => {
            format!("{sent} No item is shared by all of them.")
        }
        0 => format!("{sent} Their briefings begin with nothing in common: see their templates."),
        1..SHORTEST => format!(
            "{sent} All begin with the same {prefix}, too few for a prompt cache, which wants {}.",
            grouped(SHORTEST)
        ),
        _ => format!(
            "{sent} All begin with the same {prefix}: with a prompt cache (reads at 0.1, the first \
             write at 1.25 of the price) they are billed as {:.1} % fewer.",
            sharing.percent_billed_saved
        ),
    }
}

fn shared(bundle: &Bundle) -> impl Iterator<Item = &ContextItem> {
    bundle.context_items.iter().filter(|it| it.item_type == ItemType::SharedContext)
}

fn shared_items(bundle: &Bundle) -> Table {
    let columns = vec![Column::right("tokens"), Column::wide("shared by all")];
    let row = |item: &ContextItem| {
        vec![tokens(item.token_count, bundle.exact).into(), item.label().into()]
    };
    Table::new(columns, "no item is shared by all of them").rows(shared(bundle).map(row))
}

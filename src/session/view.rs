//! How what a deployment was given looks.

use super::given::ContextGiven;
use crate::context::{checked_blocks, states_in_words};
use crate::model::Skipped;
use crate::render::{Cell, Column, Document, Table, Tone, View, grouped, to_json};
use serde_json::Value;

impl View for ContextGiven {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        match &self.context {
            Some(check) => check.records(),
            None => Vec::new(),
        }
    }

    fn document(&self) -> Document {
        let mut document = self.execution.document().heading("Context given");
        match &self.context {
            Some(check) => {
                document = document.fields(vec![("since then", states_in_words(check))]);
                document.blocks.extend(checked_blocks(check).blocks);
            }
            None => document = document.text("no bundle is on record: its items are not known"),
        }
        match self.trimmed.is_empty() {
            true => document,
            false => document.heading("Left out to fit").table(trimmed(&self.trimmed)),
        }
    }
}

fn trimmed(skipped: &[Skipped]) -> Table {
    let columns = vec![Column::right("tokens"), Column::left("priority"), Column::wide("source")];
    let row = |it: &Skipped| {
        vec![
            Cell::or_dash(it.token_count.map(grouped)),
            Cell::or_dash(it.priority),
            Cell::toned(&it.source, Tone::Plain),
        ]
    };
    Table::new(columns, "nothing").rows(skipped.iter().map(row))
}

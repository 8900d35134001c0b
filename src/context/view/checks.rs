//! What became of a bundle's files.

use crate::context::verify::{BundleCheck, CheckedItem, DiskState};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, grouped, short_hash, tally, to_json, tokens,
};
use serde_json::Value;

fn state_cell(state: DiskState) -> Cell {
    let tone = match state {
        DiskState::Unchanged => Tone::Good,
        DiskState::PartSame => Tone::Plain,
        DiskState::Changed => Tone::Warning,
        DiskState::Gone | DiskState::Refused => Tone::Bad,
        DiskState::NoFile => Tone::Faint,
    };
    let text = if state == DiskState::NoFile { "-" } else { state.as_str() };
    Cell::toned(text, tone)
}

/// “5 unchanged, 1 changed, 1 gone”.
pub(crate) fn states_in_words(check: &BundleCheck) -> Cell {
    use DiskState::{Changed, Gone, PartSame, Refused, Unchanged};
    let states = [Unchanged, PartSame, Changed, Gone, Refused];
    let tone = if check.unchanged { Tone::Good } else { Tone::Warning };
    match tally(states.map(|state| (check.count(state), state.as_str()))) {
        None => Cell::toned("no files", Tone::Faint),
        Some(told) => Cell::toned(told, tone),
    }
}

fn table(check: &BundleCheck) -> Table {
    let columns = vec![
        Column::left("on disk"),
        Column::right("tokens"),
        Column::left("type"),
        Column::left("priority"),
        Column::left("hash"),
        Column::wide("source"),
    ];
    let row = |it: &CheckedItem| {
        vec![
            state_cell(it.state),
            tokens(it.token_count, check.exact).into(),
            it.item_type.into(),
            it.priority.into(),
            Cell::toned(short_hash(&it.content_hash), Tone::Faint),
            it.source.clone().into(),
        ]
    };
    Table::new(columns, "no items").rows(check.items.iter().map(row))
}

/// The items of a bundle with what became of them, and what there is to say of it.
pub(crate) fn checked_blocks(check: &BundleCheck) -> Document {
    let mut notes: Vec<String> = check
        .items
        .iter()
        .filter_map(|it| Some(format!("{}: {}", it.source, it.detail.as_ref()?)))
        .collect();
    if check.count(DiskState::PartSame) > 0 {
        notes.push("part-same: the file changed, but not the part of it that was sent".to_owned());
    }
    let document = Document::new().table(table(check));
    if notes.is_empty() { document } else { document.text(notes.join("\n")) }
}

impl View for BundleCheck {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.items.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let lost = self.items.iter().filter(|it| !it.state.holds()).count();
        let verdict = match lost {
            0 => Cell::toned("what it holds is what is on disk", Tone::Good),
            1 => Cell::toned("1 item is not on disk as it was sent", Tone::Bad),
            lost => {
                let what = grouped(lost as u64);
                Cell::toned(format!("{what} items are not on disk as they were sent"), Tone::Bad)
            }
        };
        let mut document = Document::new().fields(vec![
            ("bundle", self.bundle_id.clone().into()),
            ("prepared", Cell::when(self.created_at)),
            ("since then", states_in_words(self)),
            ("verdict", verdict),
        ]);
        document.blocks.extend(checked_blocks(self).blocks);
        document
    }
}

//! How exports and imports look.

use crate::history::archive::{Amounts, Conflict, Exported, FieldDifference, Imported};
use crate::render::{Cell, Column, Document, Table, Tone, View, bytes, counted, grouped, to_json};
use serde_json::Value;

/// The kinds of records, in the order of a file, each with its number.
pub(super) fn kinds(amounts: &Amounts) -> [(&'static str, u64); 7] {
    [
        ("sessions", amounts.sessions),
        ("executions", amounts.executions),
        ("outputs", amounts.outputs),
        ("reports", amounts.reports),
        ("bundles", amounts.bundles),
        ("briefings", amounts.briefings),
        ("contents", amounts.contents),
    ]
}

impl View for Exported {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let file = self.file.as_ref().map_or("stdout".to_owned(), |it| it.display().to_string());
        let mut fields = vec![("file", file.into())];
        fields.extend(self.bytes.map(|size| ("size", bytes(size).into())));
        fields.extend(kinds(&self.amounts).map(|(kind, count)| (kind, grouped(count).into())));
        Document::new().fields(fields)
    }

    fn id(&self) -> Option<String> {
        self.file.as_ref().map(|it| it.display().to_string())
    }
}

impl View for Imported {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("record"),
            Column::right("in the file"),
            Column::right("new"),
            Column::right("updated"),
        ];
        let rows = kinds(&self.read).into_iter().zip(kinds(&self.new)).zip(kinds(&self.updated));
        let row = |(((kind, read), (_, new)), (_, updated))| {
            let count = |number: u64, tone| match number {
                0 => Cell::toned("0", Tone::Faint),
                _ => Cell::toned(grouped(number), tone),
            };
            vec![
                Cell::from(kind),
                grouped(read).into(),
                count(new, Tone::Good),
                count(updated, Tone::Good),
            ]
        };
        let document = Document::new().table(Table::new(columns, "").rows(rows.map(row)));
        match self.conflicts.is_empty() {
            true => document,
            false => self.with_conflicts(document),
        }
    }
}

impl Imported {
    fn with_conflicts(&self, document: Document) -> Document {
        let columns = vec![
            Column::right("line"),
            Column::left("record"),
            Column::left("field"),
            Column::wide("on record"),
            Column::wide("in the file"),
        ];
        let cells = |it: &Conflict| {
            let named = format!("{} {}", it.record, it.id);
            let row = |(n, difference): (usize, &FieldDifference)| {
                let first = |text: String| if n == 0 { text } else { String::new() };
                let FieldDifference { field, recorded, given } = difference;
                vec![
                    first(it.line.to_string()).into(),
                    first(named.clone()).into(),
                    field.into(),
                    recorded.into(),
                    Cell::toned(given, Tone::Warning),
                ]
            };
            it.differences.iter().enumerate().map(row).collect::<Vec<_>>()
        };
        let title = counted(
            self.conflicts.len(),
            "record is here with other values",
            "records are here with other values",
        );
        let rows = self.conflicts.iter().flat_map(cells);
        let document = document.heading(title).table(Table::new(columns, "").rows(rows));
        match self.left_out {
            0 => document,
            count => document.text(format!(
                "Left out with what they belong to: {}.",
                counted(count as usize, "record", "records")
            )),
        }
    }
}

//! A plan looked over.

use crate::context::validate::Validation;
use crate::render::{Cell, Column, Document, Table, Tone, View, to_json, tokens, valid_cell};
use serde_json::Value;

impl View for Validation {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut document = Document::new()
            .fields(vec![
                ("plan", valid_cell(self.valid)),
                ("scope", self.scope.clone().into()),
                ("tokens", tokens(self.total_tokens, self.exact).into()),
            ])
            .table(files(self));
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

fn files(check: &Validation) -> Table {
    let columns = vec![
        Column::right("tokens"),
        Column::right("files"),
        Column::right("skipped"),
        Column::wide("path"),
        Column::wide(""),
    ];
    let files = check.files.iter().map(|file| {
        let note = match file.error {
            Some(_) => Cell::toned("cannot be included", Tone::Bad),
            None => "".into(),
        };
        let count = file.error.is_none().then(|| tokens(file.tokens, check.exact));
        vec![
            Cell::or_dash(count),
            file.files.into(),
            file.skipped.into(),
            file.path.clone().into(),
            note,
        ]
    });
    Table::new(columns, "no context files").rows(files)
}

//! How the database, its backups and restores look.

use super::archive::kinds;
use crate::history::database::{DatabasePath, Upgrade};
use crate::render::{Cell, Column, Document, Table, Tone, View, bytes, grouped, tally, to_json};
use crate::store::{Amounts, BackedUp, DatabaseFacts, Done, Restored};
use serde_json::Value;

/// “2 sessions, 3 executions”.
pub(super) fn holds(amounts: &Amounts) -> String {
    let kinds = kinds(amounts);
    let each = kinds.iter().map(|(kind, count)| match count {
        1 => (1, kind.trim_end_matches('s')),
        count => (*count as usize, *kind),
    });
    tally(each).unwrap_or_else(|| "nothing".to_owned())
}

impl View for DatabasePath {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().text(self.path.display().to_string())
    }
}

impl View for DatabaseFacts {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let schema = match self.schema == self.known_schema {
            true => Cell::from(self.schema.to_string()),
            false => {
                let told = format!("{}; this sortie writes {}", self.schema, self.known_schema);
                Cell::toned(told, Tone::Warning)
            }
        };
        let mut size = bytes(self.bytes);
        if self.free_bytes > 0 {
            size += &format!(", of it {} free", bytes(self.free_bytes));
        }
        let fields = vec![
            ("path", self.path.display().to_string().into()),
            ("size", size.into()),
            ("log", bytes(self.log_bytes).into()),
            ("schema", schema),
            ("journal", self.journal_mode.clone().into()),
            ("sqlite", self.sqlite.into()),
            ("last backup", done(&self.last_backup)),
            ("last check", done(&self.last_check)),
        ];
        let columns = vec![Column::left("table"), Column::right("rows")];
        let rows =
            self.tables.iter().map(|it| vec![it.table.clone().into(), grouped(it.rows).into()]);
        Document::new().fields(fields).table(Table::new(columns, "no tables").rows(rows))
    }
}

fn done(done: &Option<Done>) -> Cell {
    match done {
        None => Cell::toned("never", Tone::Faint),
        Some(done) => Cell::from(format!("{}: {}", done.at, done.detail)),
    }
}

impl View for Upgrade {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = vec![("path", Cell::from(self.path.display().to_string()))];
        match &self.migrated {
            None => fields.push(("schema", format!("{}, up to date", self.schema).into())),
            Some(it) => {
                fields.push(("schema", format!("{}, was {}", it.to, it.from).into()));
                fields.extend(
                    it.backup
                        .iter()
                        .map(|kept| ("kept as it was in", Cell::from(kept.display().to_string()))),
                );
            }
        }
        Document::new().fields(fields)
    }
}

impl View for BackedUp {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().fields(vec![
            ("backup", self.file.display().to_string().into()),
            ("size", bytes(self.bytes).into()),
            ("schema", self.schema.to_string().into()),
            ("holds", holds(&self.amounts).into()),
        ])
    }

    fn id(&self) -> Option<String> {
        Some(self.file.display().to_string())
    }
}

impl View for Restored {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = vec![
            ("restored from", Cell::from(self.file.display().to_string())),
            ("schema", self.schema.to_string().into()),
            ("holds", holds(&self.amounts).into()),
        ];
        if let Some(kept) = &self.kept {
            fields.push(("the former is kept in", kept.display().to_string().into()));
        }
        Document::new().fields(fields)
    }

    fn id(&self) -> Option<String> {
        self.kept.as_ref().map(|it| it.display().to_string())
    }
}

//! How the versions of a deliverable look.

use crate::model::GateResult;
use crate::outputs::versions::{DeliverableHistory, DeliverableVersion};
use crate::render::{Cell, Column, Document, Table, Tone, View, bytes, short_hash, to_json};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn short(hash: &Option<String>) -> Option<&str> {
    hash.as_deref().map(short_hash)
}

impl View for DeliverableHistory {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.versions.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        Document::new()
            .fields(vec![
                ("file", self.file_path.clone().into()),
                ("versions", self.total.into()),
                ("on disk", self.now_in_words()),
            ])
            .table(table(&self.versions))
    }
}

impl DeliverableHistory {
    fn now_in_words(&self) -> Cell {
        let newest = self.versions.iter().find(|it| it.is_on_disk);
        let hash = short(&self.on_disk.content_hash).unwrap_or_default();
        if self.on_disk.outside {
            return Cell::toned("outside the project: --outside looks at it", Tone::Warning);
        }
        match (newest, self.on_disk.exists, &self.on_disk.content_hash) {
            (Some(it), _, _) => {
                Cell::toned(format!("● {hash}, as {} left it", it.execution_id), Tone::Good)
            }
            (None, _, Some(_)) if self.versions.len() < self.total => {
                Cell::toned(format!("{hash}, which none of those shown is"), Tone::Warning)
            }
            (None, _, Some(_)) => {
                Cell::toned(format!("{hash}, which no execution left so"), Tone::Warning)
            }
            (None, true, None) => Cell::toned("no regular file", Tone::Warning),
            (None, false, _) => Cell::toned("gone", Tone::Bad),
        }
    }
}

/// Five columns, so that a line with long ids fits 80.
fn table(versions: &[DeliverableVersion]) -> Table {
    let columns = vec![
        Column::left("collected"),
        Column::left("execution"),
        Column::wide("agent"),
        Column::wide("content"),
        Column::wide("gates"),
    ];
    let row = |it: &DeliverableVersion| {
        vec![
            Cell::when(it.created_at),
            it.execution_id.clone().into(),
            it.agent_type.clone().into(),
            content(it),
            gates(&it.gates),
        ]
    };
    Table::new(columns, "no versions").rows(versions.iter().map(row))
}

/// `95f2b363 ● 135 B +4`: what stood there, whether it still does, its size and its new lines. A text
/// as in the version before is marked `=`.
fn content(it: &DeliverableVersion) -> Cell {
    let Some(hash) = short(&it.content_hash) else {
        return match it.exists {
            true => Cell::toned("no file", Tone::Warning),
            false => Cell::toned("missing", Tone::Bad),
        };
    };
    let mut told = vec![hash.to_owned()];
    told.extend((!it.changed).then(|| "=".to_owned()));
    told.extend(it.is_on_disk.then(|| "●".to_owned()));
    told.extend(it.size.map(bytes));
    told.extend(lines(it.lines_added, it.lines_modified, it.lines_removed));
    let tone = if it.is_on_disk { Tone::Good } else { Tone::Plain };
    Cell::toned(told.join(" "), tone)
}

/// `+12 ~3 -1`: added, modified, removed; none where none are known to be.
pub(super) fn lines(
    added: Option<u64>,
    modified: Option<u64>,
    removed: Option<u64>,
) -> Option<String> {
    let told = [("+", added), ("~", modified), ("-", removed)];
    let told = told.iter().filter_map(|(sign, count)| Some((sign, (*count)?)));
    let told: Vec<String> = told
        .filter(|(_, count)| *count > 0)
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// `recall: fail, 2 pass`: what did not pass by name.
fn gates(gates: &BTreeMap<String, GateResult>) -> Cell {
    let failed = gates.values().any(|result| *result == GateResult::Fail);
    let passed = gates.values().filter(|result| **result == GateResult::Pass).count();
    let others = gates.iter().filter(|(_, result)| **result != GateResult::Pass);
    let mut told: Vec<String> = others.map(|(name, result)| format!("{name}: {result}")).collect();
    if passed > 0 {
        told.push(format!("{passed} pass"));
    }
    match told.is_empty() {
        true => Cell::toned("-", Tone::Faint),
        false => Cell::toned(told.join(", "), if failed { Tone::Bad } else { Tone::Plain }),
    }
}

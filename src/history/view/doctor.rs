//! How a check-up and a repair look.

use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, grouped, short_hash, tally, to_json,
};
use crate::store::{Checkup, Finding, Found, Lost, Recorded, Repair, SCHEMA};
use serde_json::Value;

/// How many rows a table names.
const SHOWN: usize = 20;

fn recorded(what: &Recorded) -> String {
    let each = what.kinds().map(|(kind, count)| match count {
        1 => (1, kind.trim_end_matches('s')),
        count => (count as usize, kind),
    });
    let writes = counted(what.writes as usize, "recording", "recordings");
    match tally(each) {
        None => writes,
        Some(kinds) => format!("{kinds} ({writes})"),
    }
}

fn found(kind: Found) -> &'static str {
    match kind {
        Found::File => "no database",
        Found::Structure => "structure",
        Found::LostRow => "lost",
        Found::ChangedRow | Found::ChangedContent => "changed",
        Found::Reference => "reference",
    }
}

/// A hash is too long for a column, and as well known by its beginning.
fn id(id: &str) -> String {
    match id.len() == 64 && id.bytes().all(|it| it.is_ascii_hexdigit()) {
        true => format!("{}…", short_hash(id)),
        false => id.to_owned(),
    }
}

fn findings(findings: &[Finding]) -> Table {
    let columns = vec![
        Column::left("found"),
        Column::left("table"),
        Column::left("id"),
        Column::wide("what"),
    ];
    let row = |it: &Finding| {
        vec![
            Cell::toned(found(it.found), Tone::Bad),
            Cell::or_dash(it.table.clone()),
            Cell::or_dash(it.id.as_deref().map(id)),
            it.detail.clone().into(),
        ]
    };
    Table::new(columns, "nothing").rows(findings.iter().take(SHOWN).map(row))
}

fn rows(rows: &[Lost]) -> Table {
    let columns = vec![Column::left("table"), Column::left("id"), Column::wide("why")];
    let row = |it: &Lost| vec![it.table.clone().into(), id(&it.id).into(), it.why.clone().into()];
    Table::new(columns, "nothing").rows(rows.iter().take(SHOWN).map(row))
}

fn more(document: Document, count: usize) -> Document {
    match count.saturating_sub(SHOWN) {
        0 => document,
        more => document.text(format!("and {} more: --format json has all", grouped(more as u64))),
    }
}

/// “3 sessions, 1 report”.
fn by_table(rows: &[(String, u64)]) -> Option<String> {
    tally(rows.iter().map(|(table, rows)| match rows {
        1 => (1, table.trim_end_matches('s').replace('_', " ")),
        rows => (*rows as usize, table.replace('_', " ")),
    }))
}

impl View for Checkup {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let state = match (self.sound, self.findings.is_empty()) {
            (true, _) => Cell::toned("sound", Tone::Good),
            (false, true) => Cell::toned("something is missing", Tone::Bad),
            (false, false) => Cell::toned("damaged", Tone::Bad),
        };
        let mut compared = counted(self.rows as usize, "row", "rows");
        compared += &format!(" and {}", counted(self.contents as usize, "content", "contents"));
        let mut fields =
            vec![("history", self.path.display().to_string().into()), ("state", state)];
        if self.schema > 0 && self.schema < SCHEMA {
            let told =
                format!("{}: rows have no checksums before `sortie db migrate`", self.schema);
            fields.push(("schema", Cell::toned(told, Tone::Warning)));
        }
        fields.extend([("compared", Cell::from(format!("{compared}, each with its checksum")))]);
        if self.unsealed > 0 {
            let rows = counted(self.unsealed as usize, "row", "rows");
            let now = if self.sealed_now > 0 { "; they have one now" } else { "" };
            fields
                .push(("without", format!("{rows} from before there were checksums{now}").into()));
        }
        if self.missing != Recorded::default() {
            let told = format!("{}: acknowledged, and not there", recorded(&self.missing));
            fields.push(("missing", Cell::toned(told, Tone::Bad)));
        }
        if let Some(kind) = self.network {
            let told = format!("{kind}: several machines can damage it");
            fields.push(("network", Cell::toned(told, Tone::Warning)));
        }
        let document = Document::new().fields(fields);
        match self.findings.is_empty() {
            true => document,
            false => more(document.table(findings(&self.findings)), self.findings.len()),
        }
    }
}

impl View for Repair {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let path = self.found.path.display().to_string();
        let mut fields = vec![("history", Cell::from(path))];
        if self.given_up != Recorded::default() {
            let told = format!("{}: sortie goes on without", recorded(&self.given_up));
            fields.push(("missing", Cell::toned(told, Tone::Bad)));
        }
        let Some(it) = &self.salvaged else {
            if fields.len() == 1 {
                fields.push(("state", "sound; nothing was changed".into()));
            }
            return Document::new().fields(fields);
        };
        fields.push(("saved", by_table(&it.saved).unwrap_or_else(|| "nothing".to_owned()).into()));
        if let Some(strays) = by_table(&it.strays) {
            let told = format!("{strays}: on pages that nothing led to any more");
            fields.push(("of them", told.into()));
        }
        fields.push(("lost", counted(it.lost.len(), "row", "rows").into()));
        fields.push(("changed", counted(it.changed.len(), "row", "rows").into()));
        if let Some(kept) = &it.kept {
            fields.push(("the damaged one", kept.display().to_string().into()));
        }
        let mut document = Document::new().fields(fields);
        for (title, list) in [("Lost", &it.lost), ("Kept, though changed", &it.changed)] {
            if !list.is_empty() {
                document = more(document.heading(title).table(rows(list)), list.len());
            }
        }
        document
    }
}

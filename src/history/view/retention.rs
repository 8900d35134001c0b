//! How pruning looks: what goes, what is kept and why.

use super::archive::kinds;
use crate::history::archive::Amounts;
use crate::history::retention::{Going, Kept, Pruned, RetentionPlan};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, bytes, counted, grouped, tally, to_json,
};
use serde_json::Value;

/// How many sessions the table names.
const SHOWN: usize = 20;

/// What goes: the sessions with what was recorded of them, then what nothing needs without them; that
/// may be old bundles alone, which were never deployed.
fn counts(title: &'static str, amounts: &Amounts) -> Vec<(&'static str, Cell)> {
    let kinds = kinds(amounts);
    let (recorded, needed) = kinds.split_at(4);
    let is_any = |kinds: &[(&str, u64)]| kinds.iter().any(|(_, count)| *count > 0);
    match (is_any(recorded), is_any(needed)) {
        (false, true) => vec![(title, format!("{}, needed by nobody", listing(needed)).into())],
        (_, false) => vec![(title, listing(recorded).into())],
        (true, true) => {
            vec![(title, listing(recorded).into()), ("with them", listing(needed).into())]
        }
    }
}

fn listing(kinds: &[(&'static str, u64)]) -> String {
    let each = kinds.iter().map(|(kind, count)| match count {
        1 => (1, kind.trim_end_matches('s')),
        count => (*count as usize, *kind),
    });
    tally(each).unwrap_or_else(|| "nothing".to_owned())
}

fn kept(kept: &Kept) -> String {
    let reasons = [
        (kept.newest, "newest"),
        (kept.recent, "recent"),
        (kept.open, "not ended"),
        (kept.with_open_deployments, "with open deployments"),
    ];
    let total = counted(kept.total() as usize, "session", "sessions");
    match tally(reasons.map(|(count, reason)| (count as usize, reason))) {
        None => total,
        Some(told) => format!("{total}: {told}"),
    }
}

fn table(sessions: &[Going]) -> Table {
    let columns = vec![
        Column::left("session"),
        Column::left("ended"),
        Column::right("executions"),
        Column::wide("scope"),
    ];
    let row = |it: &Going| {
        vec![
            it.session_id.clone().into(),
            it.ended_at.map_or_else(|| Cell::or_dash(None::<String>), Cell::when),
            grouped(it.executions).into(),
            it.scope.clone().into(),
        ]
    };
    Table::new(columns, "no sessions").rows(sessions.iter().take(SHOWN).map(row))
}

fn listed(document: Document, sessions: &[Going]) -> Document {
    if sessions.is_empty() {
        return document;
    }
    let document = document.table(table(sessions));
    match sessions.len().saturating_sub(SHOWN) {
        0 => document,
        more => document.text(format!("and {} more", grouped(more as u64))),
    }
}

impl View for RetentionPlan {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = counts("would delete", &self.amounts);
        fields.push(("takes up", bytes(self.bytes).into()));
        fields.push(("keeps", kept(&self.kept).into()));
        listed(Document::new().fields(fields), &self.sessions)
    }
}

impl View for Pruned {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = counts("deleted", &self.deleted);
        if let Some(archive) = &self.archive {
            let smaller = format!("the database is {} smaller", bytes(self.bytes_freed));
            let free = match self.bytes_reusable {
                0 => String::new(),
                free => format!("; {} in it are free for new records", bytes(free)),
            };
            fields.push(("archived in", archive.display().to_string().into()));
            fields.push(("freed", format!("{smaller}{free}").into()));
        }
        fields.push(("keeps", kept(&self.plan.kept).into()));
        if self.spared > 0 {
            let count = counted(self.spared as usize, "session", "sessions");
            let why = format!("{count}: something was recorded of them meanwhile");
            fields.push(("spared", Cell::toned(why, Tone::Warning)));
        }
        listed(Document::new().fields(fields), &self.plan.sessions)
    }

    fn id(&self) -> Option<String> {
        self.archive.as_ref().map(|it| it.display().to_string())
    }
}

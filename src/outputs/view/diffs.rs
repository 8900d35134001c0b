//! Two deployments, or their outputs, beside each other.

use super::versions::{lines, short};
use crate::context::{Change, change_table, changes_in_words};
use crate::model::{Deliverable, ExecutionRecord, GateResult};
use crate::outputs::compare::{DeploymentDiff, OutputsDiff, TextChange};
use crate::outputs::message::{MessageDiff, MessageLine};
use crate::render::{
    Cell, Column, Document, Side, Table, Tone, View, beginning, bytes, counted, duration,
    gate_tone, grouped, sides, status_cell, to_json, tokens,
};
use serde_json::Value;

/// From how many lines on a table shows no more of the messages' difference; how many lines that are
/// all added or all removed; and how much of each line.
const LINES: usize = 40;
const RUN: usize = 12;
const WIDE: usize = 160;

impl View for DeploymentDiff {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let exact = self.a.context_tokens_exact && self.b.context_tokens_exact;
        let mut document = Document::new().table(sides(self.properties()));
        let unknown = match (&self.a.bundle_id, &self.b.bundle_id) {
            (None, None) => Some("not on record"),
            (None, Some(_)) => Some("that of A is not on record"),
            (Some(_), None) => Some("that of B is not on record"),
            (Some(_), Some(_)) => None,
        };
        document = match unknown {
            Some(why) => document.heading(format!("Context: {why}")),
            None => document
                .heading(format!("Context: {}", changes_in_words(&self.context)))
                .table(change_table(&self.context, exact)),
        };
        let document = message(document, &self.message);
        outputs(document, &self.outputs)
    }
}

impl DeploymentDiff {
    fn properties(&self) -> Vec<Side> {
        let side =
            |name, of: &dyn Fn(&ExecutionRecord) -> Cell| Side::new(name, of(&self.a), of(&self.b));
        let text = |text: &Option<String>| Cell::from(text.as_deref().unwrap_or_default());
        let mut rows = vec![
            side("execution", &|it| it.execution_id.clone().into()),
            side("session", &|it| it.session_id.clone().into()),
            side("agent", &|it| it.agent_type.clone().into()),
            side("scope", &|it| it.scope.clone().into()),
            side("model", &|it| text(&it.model)),
            side("status", &|it| status_cell(it.status)),
            side("deployed", &|it| Cell::when(it.deployed_at)),
            side("took", &|it| Cell::or_dash(it.duration_ms().map(duration))),
            side("tokens", &|it| {
                let known = it.context_token_count > 0;
                let count = known.then(|| tokens(it.context_token_count, it.context_tokens_exact));
                Cell::or_dash(count)
            }),
            side("bundle", &|it| Cell::or_dash(it.bundle_id.clone())),
            side("message", &|it| Cell::or_dash(it.final_message_bytes.map(bytes))),
        ];
        let error = side("error", &|it| text(&it.error_message));
        if self.a.error_message.is_some() || self.b.error_message.is_some() {
            rows.push(error);
        }
        rows
    }
}

fn message(document: Document, diff: &MessageDiff) -> Document {
    let told = match diff.change {
        None => "neither has one".to_owned(),
        Some(Change::Added) => "only B has one".to_owned(),
        Some(Change::Removed) => "only A has one".to_owned(),
        Some(Change::Same) => "the same".to_owned(),
        Some(Change::Changed) if diff.lines.is_empty() => {
            "other bytes, of which none is text".to_owned()
        }
        Some(Change::Changed) => {
            let removed = counted(diff.lines_removed, "line", "lines");
            format!("{removed} only in A, {} only in B", grouped(diff.lines_added as u64))
        }
    };
    let document = document.heading(format!("Final message: {told}"));
    if diff.lines.is_empty() {
        return document;
    }
    document.code("diff", message_lines(&diff.lines))
}

/// A difference with `…` where lines of both are passed over; of what is long the beginning, so that
/// both messages are seen.
fn message_lines(lines: &[MessageLine]) -> Vec<Cell> {
    let mut shown = Vec::new();
    let mut last: Option<&MessageLine> = None;
    let mut left = 0;
    for run in lines.chunk_by(|a, b| a.change == b.change && !is_behind_a_gap(a, b)) {
        if shown.len() > LINES {
            left += run.len();
            continue;
        }
        if last.is_some_and(|last| is_behind_a_gap(last, &run[0])) {
            shown.push(Cell::toned("…", Tone::Faint));
        }
        shown.extend(run.iter().take(RUN).map(message_line));
        if run.len() > RUN {
            let hidden = counted(run.len() - RUN, "such line", "such lines");
            shown.push(Cell::toned(format!("… and {hidden}"), Tone::Faint));
        }
        last = run.last();
    }
    if left > 0 {
        let left = counted(left, "line", "lines");
        let text = format!("… and {left} more: --format json has them all");
        shown.push(Cell::toned(text, Tone::Faint));
    }
    shown
}

fn is_behind_a_gap(last: &MessageLine, line: &MessageLine) -> bool {
    let both = last.change == Change::Same && line.change == Change::Same;
    both && last.line_a.map(|number| number + 1) != line.line_a
}

fn message_line(line: &MessageLine) -> Cell {
    let (sign, tone) = match line.change {
        Change::Added => ('+', Tone::Good),
        Change::Removed => ('-', Tone::Bad),
        Change::Changed | Change::Same => (' ', Tone::Plain),
    };
    Cell::toned(format!("{sign} {}", beginning(&line.text, WIDE)), tone)
}

impl View for OutputsDiff {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let rows = vec![Side::new("execution", self.a.clone(), self.b.clone())];
        outputs(Document::new().table(sides(rows)), self)
    }
}

fn outputs(document: Document, diff: &OutputsDiff) -> Document {
    let mut document = document
        .heading("Deliverables")
        .table(deliverables(diff))
        .heading("Gates")
        .table(gates(diff));
    for (title, texts) in [("Insights", &diff.insights), ("Errors", &diff.errors)] {
        if !texts.is_empty() {
            document = document.heading(title).table(text_table(texts));
        }
    }
    document
}

fn mark(change: Change) -> Cell {
    match change {
        Change::Same => Cell::toned("same", Tone::Faint),
        Change::Changed => Cell::toned("differs", Tone::Warning),
        Change::Added => Cell::toned("only B", Tone::Warning),
        Change::Removed => Cell::toned("only A", Tone::Warning),
    }
}

fn deliverables(diff: &OutputsDiff) -> Table {
    let columns =
        vec![Column::left(""), Column::wide("file"), Column::left("A"), Column::left("B")];
    let rows = diff
        .deliverables
        .iter()
        .map(|it| vec![mark(it.change), it.file_path.clone().into(), file(&it.a), file(&it.b)]);
    Table::new(columns, "none in either").rows(rows)
}

/// `3f9a2c1b +12 ~3`
fn file(it: &Option<Deliverable>) -> Cell {
    let Some(it) = it else { return Cell::toned("-", Tone::Faint) };
    let changed = lines(it.lines_added, it.lines_modified, it.lines_removed);
    match (short(&it.content_hash), it.exists) {
        (Some(hash), _) => match changed {
            Some(lines) => format!("{hash} {lines}").into(),
            None => hash.into(),
        },
        (None, true) => Cell::toned("no file", Tone::Warning),
        (None, false) => Cell::toned("missing", Tone::Bad),
    }
}

fn gates(diff: &OutputsDiff) -> Table {
    let columns =
        vec![Column::left(""), Column::wide("gate"), Column::left("A"), Column::left("B")];
    let row = |it: &crate::outputs::compare::GateChange| {
        vec![mark(it.change), it.name.clone().into(), gate(it.a), gate(it.b)]
    };
    Table::new(columns, "none in either").rows(diff.gates.iter().map(row))
}

fn gate(result: Option<GateResult>) -> Cell {
    let Some(result) = result else { return Cell::or_dash(None::<String>) };
    let told = result.to_string();
    let tone = gate_tone(&told);
    Cell::toned(told, tone)
}

fn text_table(texts: &[TextChange]) -> Table {
    let row = |it: &TextChange| {
        let in_both = if it.change == Change::Same { "both".into() } else { mark(it.change) };
        vec![in_both, it.text.clone().into()]
    };
    let columns = vec![Column::left(""), Column::wide("text")];
    Table::new(columns, "none in either").rows(texts.iter().map(row))
}

//! How the record looks.

use super::usage::{cost_field, usage_fields};
use crate::history::captured::{CaptureDetail, CapturedTurn, Injected};
use crate::history::query::{ExecutionDetail, SessionDetail};
use crate::model::{Allocation, CompletionVersion, ExecutionRecord, SessionRecord};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, duration, grouped, output_table,
    session_cell, status_cell, to_json, tokens,
};
use crate::secrets::marks;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl View for SessionRecord {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().fields(session_fields(self))
    }

    fn id(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

fn session_fields(it: &SessionRecord) -> Vec<(&'static str, Cell)> {
    let mut fields = vec![
        ("session", it.session_id.clone().into()),
        ("scope", it.scope.clone().into()),
        ("phase", format!("{} ({})", it.phase, it.phase.name()).into()),
        ("status", session_cell(it.status)),
        ("created", Cell::when(it.created_at)),
    ];
    fields.extend(it.ended_at.map(|end| ("ended", Cell::when(end))));
    fields.extend(it.error_message.clone().map(|why| ("reason", Cell::toned(why, Tone::Bad))));
    fields
}

/// A list of sessions.
pub struct SessionList(pub Vec<SessionRecord>);

impl View for SessionList {
    fn json(&self) -> Value {
        json!({ "sessions": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("session"),
            Column::left("created"),
            Column::left("phase"),
            Column::left("status"),
            Column::wide("scope"),
        ];
        let row = |it: &SessionRecord| {
            vec![
                it.session_id.clone().into(),
                Cell::when(it.created_at),
                it.phase.into(),
                session_cell(it.status),
                it.scope.clone().into(),
            ]
        };
        Document::new().table(Table::new(columns, "no sessions").rows(self.0.iter().map(row)))
    }
}

/// What was recorded of a deployment or a completion.
impl View for ExecutionRecord {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new().fields(execution_fields(self))
    }

    fn id(&self) -> Option<String> {
        Some(self.execution_id.to_string())
    }
}

/// What it was given; nothing was said is not nothing.
fn context_cell(it: &ExecutionRecord) -> Cell {
    let known = it.context_token_count > 0;
    Cell::or_dash(known.then(|| tokens(it.context_token_count, it.context_tokens_exact)))
}

fn execution_fields(it: &ExecutionRecord) -> Vec<(&'static str, Cell)> {
    let context = tokens(it.context_token_count, it.context_tokens_exact);
    let context = match it.context_budget {
        None if it.context_token_count == 0 => "unknown".to_owned(),
        Some(budget) => format!("{context} of {} tokens", grouped(budget)),
        None => format!("{context} tokens"),
    };
    let mut fields = vec![
        ("execution", it.execution_id.clone().into()),
        ("session", format!("{}, phase {}", it.session_id, it.phase).into()),
        ("agent", it.agent_type.clone().into()),
        ("scope", it.scope.clone().into()),
        ("status", status_cell(it.status)),
        ("model", Cell::or_dash(it.model.clone())),
        ("deployed", Cell::when(it.deployed_at)),
    ];
    if let Some(end) = it.completed_at {
        let took = it.duration_ms().map(duration).unwrap_or_default();
        fields.push(("ended", format!("{} (after {took})", end.to_minute()).into()));
    }
    fields.push(("context", context.into()));
    fields.push(("bundle", Cell::or_dash(it.bundle_id.clone())));
    let short = |hash: &String| hash[..hash.len().min(12)].to_owned();
    fields.extend(it.briefing_hash.as_ref().map(|hash| ("briefing", short(hash).into())));
    fields.extend(it.error_message.clone().map(|why| ("error", Cell::toned(why, Tone::Bad))));
    if !it.deliverables.is_empty() {
        fields.push(("delivers", it.deliverables.join(", ").into()));
    }
    if let Some(bytes) = it.final_message_bytes {
        fields.push(("message", format!("{} bytes", grouped(bytes)).into()));
    }
    let redacted = redacted(it);
    if !redacted.is_empty() {
        let rules: BTreeSet<&str> = redacted.iter().copied().collect();
        let rules: Vec<&str> = rules.into_iter().collect();
        let count = counted(redacted.len(), "secret", "secrets");
        fields.push(("redacted", format!("{count} ({})", rules.join(", ")).into()));
    }
    fields
}

/// What its harness told of it.
fn capture_fields(it: &CaptureDetail) -> Vec<(&'static str, Cell)> {
    let session: String = it.harness_session_id.chars().take(8).collect();
    let mut told = format!("{}, session {session}", it.harness);
    if let Some(agent) = &it.agent_id {
        told += &format!(", agent {agent}");
    }
    if it.background {
        told += ", in the background";
    }
    let mut fields = vec![("captured", told.into())];
    fields.extend(it.parent_execution_id.as_ref().map(|id| ("spawned by", id.clone().into())));
    if it.turns.len() > 1 {
        fields.push((
            "turns",
            format!("{} (--turn N prints what it said at the end of one)", it.turns.len()).into(),
        ));
    }
    fields.extend(it.injected.map(|how| {
        let (told, tone) = match how {
            Injected::Confirmed => ("its transcript begins with the briefing", Tone::Good),
            Injected::Ignored => ("its transcript begins with something else", Tone::Bad),
            Injected::Unknown => ("there is no transcript yet", Tone::Faint),
        };
        ("injected", Cell::toned(told, tone))
    }));
    if let Some(lost) = &it.lost {
        let (got, whole) = (grouped(lost.delivered.bytes), grouped(lost.whole.bytes));
        let told =
            format!("its caller got {got} of {whole} bytes (--delivered); all of it is here");
        fields.push(("cut", Cell::toned(told, Tone::Warning)));
    }
    if let Some(used) = &it.usage {
        fields.extend(usage_fields(used));
    }
    fields.extend(it.cost.as_ref().map(cost_field));
    fields
}

/// The rules by which secrets were taken out of its messages, once for each.
fn redacted(it: &ExecutionRecord) -> Vec<&'static str> {
    let error = it.error_message.as_deref().map(str::as_bytes);
    [it.final_message.as_deref(), error].into_iter().flatten().flat_map(marks).collect()
}

/// A list of executions.
pub struct ExecutionList(pub Vec<ExecutionRecord>);

impl View for ExecutionList {
    fn json(&self) -> Value {
        json!({ "executions": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("execution"),
            Column::wide("agent"),
            Column::left("status"),
            Column::left("deployed"),
            Column::right("took"),
            Column::right("tokens"),
            Column::wide("scope"),
        ];
        let row = |it: &ExecutionRecord| {
            vec![
                it.execution_id.clone().into(),
                it.agent_type.clone().into(),
                status_cell(it.status),
                Cell::when(it.deployed_at),
                Cell::or_dash(it.duration_ms().map(duration)),
                context_cell(it),
                it.scope.clone().into(),
            ]
        };
        Document::new().table(Table::new(columns, "no executions").rows(self.0.iter().map(row)))
    }
}

impl View for SessionDetail {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let runs = self.executions.len() as u64;
        let used = self.usage.as_ref().and_then(|it| it.in_words(runs));
        let mut fields = session_fields(&self.session);
        fields.extend(used.map(|used| ("used", used.into())));
        let mut document = Document::new().fields(fields);
        document.blocks.extend(ExecutionList(self.executions.clone()).document().blocks);
        document
    }
}

impl View for ExecutionDetail {
    fn json(&self) -> Value {
        let mut json = to_json(self);
        let redacted = redacted(&self.execution);
        if !redacted.is_empty() {
            json["redacted"] = json!(redacted);
        }
        json
    }

    fn document(&self) -> Document {
        let it = &self.execution;
        let mut fields = execution_fields(it);
        fields.extend(self.capture.iter().flat_map(capture_fields));
        let mut document = Document::new()
            .fields(fields)
            .heading("Context given")
            .table(allocations(&self.allocations, it.context_tokens_exact))
            .heading("Outputs")
            .table(output_table(&self.outputs));
        let turns = self.capture.as_ref().map_or(&[][..], |it| &it.turns);
        if turns.len() > 1 {
            document = document.heading("Turns").table(turn_table(turns));
        }
        if !self.earlier_completions.is_empty() {
            document =
                document.heading("Earlier completions").table(earlier(&self.earlier_completions));
        }
        match it.final_message_text() {
            Some(message) => document.heading("Final message").text(beginning(&message)),
            None => document,
        }
    }
}

fn turn_table(turns: &[CapturedTurn]) -> Table {
    let columns = vec![
        Column::right("turn"),
        Column::left("ended"),
        Column::right("after"),
        Column::right("bytes"),
        Column::left("caller got"),
        Column::wide("first line"),
    ];
    let row = |it: &CapturedTurn| {
        vec![
            it.turn.into(),
            Cell::when(it.ended_at),
            duration(it.after_ms).into(),
            Cell::or_dash(it.message.as_ref().map(|text| grouped(text.bytes))),
            got(it),
            Cell::or_dash(it.first_line.clone()),
        ]
    };
    Table::new(columns, "none").rows(turns.iter().map(row))
}

/// What a caller got of a turn's message.
fn got(it: &CapturedTurn) -> Cell {
    match (&it.delivered, &it.message) {
        (Some(got), Some(whole)) if got != whole => {
            Cell::toned(format!("{} bytes", grouped(got.bytes)), Tone::Warning)
        }
        (Some(_), _) => "all".into(),
        (None, _) => Cell::or_dash(None::<String>),
    }
}

/// How much of a final message is shown with everything else, in characters.
const MESSAGE_SHOWN: usize = 4_000;

fn beginning(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_SHOWN) {
        None => message.to_owned(),
        Some((end, _)) => format!("{}\n… `--message` prints all of it", &message[..end]),
    }
}

fn allocations(allocations: &[Allocation], exact: bool) -> Table {
    let columns = vec![
        Column::right("tokens"),
        Column::left("type"),
        Column::left("priority"),
        Column::wide("source"),
        Column::left(""),
    ];
    let row = |it: &Allocation| {
        let note = if it.included_in_deployment { "" } else { "left out to fit" };
        vec![
            tokens(it.token_count, exact).into(),
            it.context_type.into(),
            it.priority.into(),
            it.context_source.clone().into(),
            Cell::toned(note, Tone::Faint),
        ]
    };
    Table::new(columns, "none on record").rows(allocations.iter().map(row))
}

fn earlier(versions: &[CompletionVersion]) -> Table {
    let columns = vec![
        Column::right("version"),
        Column::left("completed"),
        Column::left("status"),
        Column::right("message bytes"),
        Column::wide("error"),
    ];
    let row = |it: &CompletionVersion| {
        vec![
            it.version.into(),
            Cell::when(it.completed_at),
            status_cell(it.status),
            Cell::or_dash(it.final_message.as_ref().map(|message| grouped(message.len() as u64))),
            Cell::or_dash(it.error_message.clone()),
        ]
    };
    Table::new(columns, "none").rows(versions.iter().map(row))
}

//! A session brought back to mind: text of a bounded length, to be pasted into a prompt.

use crate::model::ExecutionStatus;
use crate::outputs::recall::{Recall, RecalledNote, RecalledRun};
use crate::render::{Bounded, Document, Section, Span, View, ago, duration, grouped, to_json};
use serde_json::Value;

/// Characters of the whole text.
const LIMIT: usize = 10_000;

/// What each section has for itself; the first ones take what others leave.
const OPEN: usize = 3_000;
const RESULTS: usize = 3_600;
const NOTES: usize = 700;

/// Characters of what others wrote.
const SCOPE: usize = 300;
const TASK: usize = 100;
const RESULT: usize = 160;
const NOTE: usize = 200;
const NAME: usize = 40;
const PATH: usize = 80;

/// How many files or gates of one deployment are named.
const NAMED: usize = 4;

impl View for Recall {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let sections = vec![
            self.head(),
            self.open(),
            self.results(),
            self.notes("Insights", "insight", &self.insights),
            self.notes("Errors reported", "error", &self.errors),
            self.more(),
        ];
        Document::new().bounded(Bounded { limit: LIMIT, sections })
    }
}

fn own(text: impl Into<String>) -> Span {
    Span::Own(text.into())
}

fn foreign(text: &str, most: usize) -> Span {
    Span::Foreign(text.to_owned(), most)
}

fn section(heading: String, lines: Vec<Vec<Span>>, least: usize, more: String) -> Section {
    Section { heading, lines, least, more }
}

impl Recall {
    fn id(&self) -> &str {
        self.session.session_id.as_str()
    }

    fn head(&self) -> Section {
        let it = &self.session;
        let begun = ago(self.generated_at.millis_since(it.created_at));
        let mut lines = vec![
            vec![own("- scope: "), foreign(&it.scope, SCOPE)],
            vec![own(format!(
                "- phase {} ({}), {}; begun {} ({begun})",
                it.phase,
                it.phase.name(),
                it.status,
                it.created_at.to_minute()
            ))],
        ];
        if let Some(end) = it.ended_at {
            lines.push(vec![own(format!("- ended {}", end.to_minute()))]);
        }
        if let Some(why) = &it.error_message {
            lines.push(vec![own("- reason: "), foreign(why, NOTE)]);
        }
        lines.push(vec![own(format!(
            "- deployments: {}, of which {} completed, {} failed, {} open",
            grouped(self.deployed as u64),
            grouped(self.completed as u64),
            grouped(self.failed as u64),
            grouped(self.open.len() as u64)
        ))]);
        section(format!("# Session `{}`", self.id()), lines, LIMIT, String::new())
    }

    fn open(&self) -> Section {
        let line = |it: &RecalledRun| {
            let age = ago(self.generated_at.millis_since(it.deployed_at));
            vec![
                own(format!("- `{}` ", it.execution_id)),
                foreign(&it.agent_type, NAME),
                own(format!(", deployed {age}: ")),
                foreign(&it.scope, TASK),
                own(format!(
                    "\n  `sortie track record-completion --execution-id {} --final-message-file FILE`",
                    it.execution_id
                )),
            ]
        };
        section(
            format!("## Open: not back yet ({})", grouped(self.open.len() as u64)),
            self.open.iter().map(line).collect(),
            OPEN,
            format!("`sortie track query --session-id {} --status deployed --limit 0`", self.id()),
        )
    }

    fn results(&self) -> Section {
        section(
            format!("## Results, newest first ({})", grouped(self.results.len() as u64)),
            self.results.iter().map(|it| self.result(it)).collect(),
            RESULTS,
            format!("`sortie track query --session-id {} --limit 0`", self.id()),
        )
    }

    fn result(&self, it: &RecalledRun) -> Vec<Span> {
        let end = it.completed_at.unwrap_or(it.deployed_at);
        let took = duration(end.millis_since(it.deployed_at));
        let age = ago(self.generated_at.millis_since(end));
        let failed = if it.status == ExecutionStatus::Failed { " FAILED" } else { "" };
        let mut line = vec![
            own(format!("- `{}`{failed} ", it.execution_id)),
            foreign(&it.agent_type, NAME),
            own(format!(" ({age}, took {took}): ")),
            foreign(&it.scope, TASK),
        ];
        match &it.result {
            Some(result) => line.extend([own("\n  → "), foreign(result, RESULT)]),
            None => line.push(own("\n  → no message on record")),
        }
        let shown = line.len();
        for (what, names) in [
            ("delivered", &it.deliverables),
            ("NOT delivered", &it.missing),
            ("FAILED gates", &it.failed_gates),
        ] {
            let begins = if line.len() == shown { "\n  " } else { "; " };
            line.extend(named(begins, what, names));
        }
        line
    }

    fn notes(&self, title: &str, output_type: &str, notes: &[RecalledNote]) -> Section {
        let line = |it: &RecalledNote| {
            vec![own("- "), foreign(&it.text, NOTE), own(format!(" (`{}`)", it.execution_id))]
        };
        section(
            format!("## {title}, newest first ({})", grouped(notes.len() as u64)),
            notes.iter().map(line).collect(),
            NOTES,
            format!(
                "`sortie outputs query --session-id {} --output-type {output_type} --limit 0`",
                self.id()
            ),
        )
    }

    fn more(&self) -> Section {
        let id = self.id();
        let lines = [
            "a whole message: `sortie track show ID --message`".to_owned(),
            "what one was given: `sortie track context ID`, `sortie ctx replay --execution-id ID`"
                .to_owned(),
            format!("all outputs: `sortie outputs query --session-id {id} --limit 0`"),
            format!("what ran when: `sortie track timeline {id}`"),
            format!("a report: `sortie outputs synthesize --session-id {id}`"),
        ];
        let lines = lines.into_iter().map(|line| vec![own(format!("- {line}"))]).collect();
        section("## Where to read more".to_owned(), lines, LIMIT, String::new())
    }
}

/// `; delivered: a, b and 3 more`
fn named(begins: &str, what: &str, names: &[String]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (at, name) in names.iter().take(NAMED).enumerate() {
        spans.push(own(if at == 0 { format!("{begins}{what}: ") } else { ", ".to_owned() }));
        spans.push(foreign(name, PATH));
    }
    if names.len() > NAMED {
        spans.push(own(format!(" and {} more", grouped((names.len() - NAMED) as u64))));
    }
    spans
}

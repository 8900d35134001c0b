//! Transcripts of a session's agents: `chats/<session>/<agent>.jsonl`, beside `chats/session-<time>-<session>.jsonl`.
//!
//! The first line is of the transcript itself; then a line for each message, again when there is more of it, and
//! changes of the whole.

use crate::capture::fields::{number, owned, text, time, title};
use crate::capture::keeper::Keeper;
use crate::model::{Timestamp, TranscriptSeen, Usage};
use crate::store::content;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A transcript that is longer tells nothing to a hook, which has no time.
pub const QUICKLY_READ: u64 = 4 << 20;

/// Whether a transcript is that of an agent, by where it is.
pub fn is_of_agent(path: &Path) -> bool {
    let above = path.parent().and_then(Path::parent).and_then(Path::file_name);
    above.is_some_and(|it| it == "chats")
}

/// An agent of a session.
pub struct Chat {
    pub agent_id: String,
    pub began: Option<Timestamp>,
    pub prompt: String,
    path: PathBuf,
}

/// The agents of a session whose transcript is at `session`, in the order in which they began.
pub fn beneath(session: &Path, id: &str) -> Vec<Chat> {
    let dir = session.parent().map(|dir| dir.join(id));
    let entries = dir.and_then(|dir| std::fs::read_dir(dir).ok());
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut chats: Vec<Chat> = paths.filter_map(Chat::at).collect();
    chats.sort_by(|a, b| (a.began, &a.agent_id).cmp(&(b.began, &b.agent_id)));
    chats
}

/// What a call is known by: its session and prompt, and how many agents of it had the same before.
pub fn name(session: &str, prompt: &str, before: usize) -> String {
    let name =
        format!("gemini-{}", &content::hash(format!("{session}\0{prompt}").as_bytes())[..16]);
    match before {
        0 => name,
        before => format!("{name}-{}", before + 1),
    }
}

impl Chat {
    fn at(path: PathBuf) -> Option<Chat> {
        let found = path.metadata().ok()?;
        if !found.is_file() || found.len() > QUICKLY_READ || path.extension()? != "jsonl" {
            return None;
        }
        let bytes = std::fs::read(&path).ok()?;
        let mut records = records(&bytes);
        let first = records.next()?;
        let prompt = records.find_map(|it| said_by_user(&it)).unwrap_or_default();
        Some(Chat {
            agent_id: owned(&first, "sessionId")?,
            began: time(&first, "startTime"),
            prompt,
            path,
        })
    }

    /// All that its transcript says.
    pub fn seen(&self, keeper: &mut Keeper<'_>) -> Option<TranscriptSeen> {
        let bytes = std::fs::read(&self.path).ok()?;
        let end = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        let mut reading = Reading { first_at: self.began, ..Reading::default() };
        records(&bytes[..end]).skip(1).for_each(|it| reading.take(&it));
        let prompt = &self.prompt;
        let (count, tokens_exact) = keeper.count(prompt, reading.model.as_deref());
        Some(TranscriptSeen {
            bytes: end as u64,
            first_at: reading.first_at,
            last_at: reading.last_at,
            title: title(prompt).map(|it| keeper.clean(&it)),
            prompt: (!prompt.is_empty()).then(|| keeper.keep(prompt)),
            tokens: count.tokens,
            tokens_upper: count.upper,
            tokens_exact,
            ended: reading.summary.is_some(),
            unanswered: None,
            last_message: reading.summary.or(reading.said).map(|it| keeper.keep(&it)),
            model: reading.model,
            requests: reading.requests,
            tool_uses: reading.tools.len() as u64,
            attachments: Vec::new(),
        })
    }
}

/// The records of a transcript.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Value> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

fn said_by_user(record: &Value) -> Option<String> {
    if text(record, "type") != Some("user") {
        return None;
    }
    said(record.get("content")?)
}

/// The texts of a message: it is one, or has parts.
pub fn said(content: &Value) -> Option<String> {
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|it| text(it, "text")).collect(),
        _ => return None,
    };
    Some(text).filter(|it| !it.is_empty())
}

#[derive(Default)]
struct Reading {
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    model: Option<String>,
    said: Option<String>,
    /// What it handed in at its end.
    summary: Option<String>,
    /// By message: one is told again when there is more of it.
    requests: BTreeMap<String, Usage>,
    tools: BTreeSet<String>,
}

impl Reading {
    fn take(&mut self, record: &Value) {
        if let Some(summary) = record.pointer("/$set/summary").and_then(Value::as_str) {
            self.summary = Some(summary.to_owned()).filter(|it| !it.is_empty());
        }
        self.last_at = self.last_at.max(time(record, "timestamp"));
        if text(record, "type") != Some("gemini") {
            return;
        }
        self.model = owned(record, "model").or(self.model.take());
        self.said = record.get("content").and_then(said).or(self.said.take());
        if let (Some(id), Some(used)) = (owned(record, "id"), record.get("tokens")) {
            self.requests.insert(id, usage(used));
        }
        let tools = record.get("toolCalls").and_then(Value::as_array);
        self.tools.extend(tools.into_iter().flatten().filter_map(|it| owned(it, "id")));
    }
}

/// What was read from the cache is among the input there; what the model thought is not among its output.
fn usage(used: &Value) -> Usage {
    let count = |key| number(used, key).unwrap_or(0);
    Usage {
        input_tokens: (count("input") + count("tool")).saturating_sub(count("cached")),
        output_tokens: count("output") + count("thoughts"),
        cache_read_tokens: count("cached"),
        ..Usage::default()
    }
}

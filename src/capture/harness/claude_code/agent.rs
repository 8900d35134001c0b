//! An agent's own transcript: what it really got, what it said last, what it used.

use crate::capture::fields::{flag, joined, owned, text, texts, time, title, usage};
use crate::capture::keeper::Keeper;
use crate::model::{Attachment, TranscriptSeen, Usage};
use memchr::memrchr;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads a transcript to its last whole line; nothing, if there is no message of the agent's in it.
pub fn read(bytes: &[u8], keeper: &mut Keeper<'_>) -> Option<TranscriptSeen> {
    let end = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let lines = bytes[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let records = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    of_records(records, end as u64, keeper)
}

/// The same of records that were read already; `bytes` is how much they are.
pub fn of_records(
    records: impl Iterator<Item = Value>,
    bytes: u64,
    keeper: &mut Keeper<'_>,
) -> Option<TranscriptSeen> {
    let mut reading = Reading::default();
    records.for_each(|record| reading.take(&record, keeper));
    reading.seen(bytes, keeper)
}

#[derive(Default)]
struct Reading {
    first_at: Option<crate::model::Timestamp>,
    last_at: Option<crate::model::Timestamp>,
    prompt: Option<String>,
    model: Option<String>,
    requests: BTreeMap<String, Usage>,
    attachments: Vec<Attachment>,
    tool_uses: u64,
    /// What the agent has said since somebody else did.
    run: Vec<String>,
    /// The last such that had a text.
    last_run: Vec<String>,
    ended: bool,
    messages: u64,
}

impl Reading {
    fn take(&mut self, record: &Value, keeper: &mut Keeper<'_>) {
        if let Some(at) = time(record, "timestamp") {
            self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
            self.last_at = self.last_at.max(Some(at));
        }
        match text(record, "type") {
            Some("user") => self.user(record),
            Some("assistant") => self.assistant(record),
            Some("attachment") => self.attachment(record, keeper),
            _ => {}
        }
    }

    fn user(&mut self, record: &Value) {
        let content = record.get("message").and_then(|it| it.get("content"));
        if self.prompt.is_none() && !flag(record, "isMeta") {
            let prompt = joined(&texts(content));
            self.prompt = (!prompt.is_empty()).then_some(prompt);
        }
        self.end_run();
        self.ended = false;
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if !run.is_empty() {
            self.last_run = run;
        }
    }

    fn assistant(&mut self, record: &Value) {
        let null = Value::Null;
        let message = record.get("message").unwrap_or(&null);
        self.messages += 1;
        self.model = owned(message, "model").filter(|it| it != "<synthetic>").or(self.model.take());
        if let Some(used) = message.get("usage") {
            // An answer is split over records of one id, and the early ones are not whole.
            let id = owned(message, "id").or_else(|| owned(record, "uuid")).unwrap_or_default();
            let request = self.requests.entry(id).or_default();
            *request = request.larger(&usage(used));
        }
        let blocks = message.get("content").and_then(Value::as_array).map_or(&[][..], |it| it);
        let uses = blocks.iter().filter(|it| text(it, "type") == Some("tool_use")).count();
        self.tool_uses += uses as u64;
        let said = texts(message.get("content"));
        self.run.extend(said.iter().filter(|it| !it.is_empty()).map(|it| (*it).to_owned()));
        let stop = text(message, "stop_reason");
        self.ended = match stop {
            Some("end_turn" | "stop_sequence" | "max_tokens" | "refusal") => true,
            Some(_) => false,
            None => uses == 0 && !said.is_empty(),
        };
    }

    fn attachment(&mut self, record: &Value, keeper: &mut Keeper<'_>) {
        let null = Value::Null;
        let attached = record.get("attachment").unwrap_or(&null);
        let kind = text(attached, "type").unwrap_or("attachment").to_owned();
        let rendered = record.get("rendered").and_then(Value::as_array);
        let rendered = rendered.map(|parts| {
            let parts: Vec<&str> = parts.iter().flat_map(|it| texts(it.get("content"))).collect();
            joined(&parts)
        });
        let body = rendered.filter(|it| !it.is_empty()).unwrap_or_else(|| attached.to_string());
        let named = ["filename", "path", "file_path", "displayPath"];
        let source = named.iter().find_map(|key| text(attached, key)).unwrap_or(&kind).to_owned();
        let tokens = keeper.count(&body, self.model.as_deref()).0.tokens;
        let text = keeper.keep(&body);
        if !self.attachments.iter().any(|it| it.source == source && it.text == text) {
            self.attachments.push(Attachment { kind, source, text, tokens });
        }
    }

    fn seen(mut self, bytes: u64, keeper: &mut Keeper<'_>) -> Option<TranscriptSeen> {
        if self.prompt.is_none() && self.messages == 0 {
            return None;
        }
        self.end_run();
        let said: Vec<&str> = self.last_run.iter().map(String::as_str).collect();
        let said = joined(&said);
        let prompt = self.prompt.unwrap_or_default();
        let (count, tokens_exact) = keeper.count(&prompt, self.model.as_deref());
        Some(TranscriptSeen {
            bytes,
            first_at: self.first_at,
            last_at: self.last_at,
            title: title(&prompt).map(|it| keeper.clean(&it)),
            prompt: (!prompt.is_empty()).then(|| keeper.keep(&prompt)),
            tokens: count.tokens,
            tokens_upper: count.upper,
            tokens_exact,
            last_message: (!said.is_empty()).then(|| keeper.keep(&said)),
            ended: self.ended,
            model: self.model,
            requests: self.requests,
            tool_uses: self.tool_uses,
            attachments: self.attachments,
        })
    }
}

/// The session whose agent it is, by the first record that says so.
pub fn session_of(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|byte| *byte == b'\n').take(50);
    lines
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .find_map(|record| owned(&record, "sessionId"))
}

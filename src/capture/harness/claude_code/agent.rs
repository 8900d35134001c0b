//! An agent's own transcript: what it really got, what it said last, what it used.

use crate::capture::fields::{flag, joined, owned, text, texts, time, title, usage};
use crate::capture::keeper::Keeper;
use crate::model::{Attachment, TranscriptSeen, Unanswered, Usage};
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

/// The model of messages that no model wrote.
const SYNTHETIC: &str = "<synthetic>";
/// The system prompt and the tools, as they were sent; said at the start, and again whole.
const SNAPSHOT: &str = "prompt_snapshot";

/// Whether a message carries what came of tools, and nothing that somebody says.
fn is_result(content: Option<&Value>) -> bool {
    let blocks = content.and_then(Value::as_array);
    blocks.is_some_and(|it| it.iter().any(|block| text(block, "type") == Some("tool_result")))
}

/// Whether a last message is no report but points at the one before it, as “The report is above.” does: the
/// harness delivers the last message alone. Agents were seen to report, to tidy up, and to end so.
fn is_pointer(last: &str, former: &str) -> bool {
    const LONGEST: usize = 280;
    const TIMES: usize = 4;
    const WORDS: [&str; 5] = ["above", "already", "earlier", "preceding", "previous"];
    let last_lower = last.to_lowercase();
    last.len() <= LONGEST
        && former.len() >= TIMES * last.len().max(50)
        && WORDS.iter().any(|word| last_lower.contains(word))
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
    /// The last such that had a text, and the one before it of the same turn.
    last_run: Vec<String>,
    former_run: Vec<String>,
    /// Somebody woke the agent again.
    is_new_turn: bool,
    ended: bool,
    /// What the harness wrote last in the place of an answer.
    unanswered: Option<String>,
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
        if self.prompt.is_none() && self.messages > 0 {
            self.disown();
        }
        self.is_new_turn |= !is_result(content);
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
            let former = std::mem::replace(&mut self.last_run, run);
            let is_first = std::mem::take(&mut self.is_new_turn);
            self.former_run = if is_first { Vec::new() } else { former };
        }
    }

    /// What stands before the prompt is of who called: a fork begins with the call that made it.
    fn disown(&mut self) {
        self.requests.clear();
        self.run.clear();
        (self.tool_uses, self.messages) = (0, 0);
    }

    fn assistant(&mut self, record: &Value) {
        let null = Value::Null;
        let message = record.get("message").unwrap_or(&null);
        self.messages += 1;
        // The harness's own words, in the place of an answer that never came.
        let is_synthetic = text(message, "model") == Some(SYNTHETIC);
        self.model = owned(message, "model").filter(|_| !is_synthetic).or(self.model.take());
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
        self.unanswered = is_synthetic.then(|| joined(&said)).filter(|it| !it.is_empty());
        let own = said.iter().filter(|it| !it.is_empty() && !is_synthetic);
        self.run.extend(own.map(|it| (*it).to_owned()));
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
        // The later one has all of the earlier.
        self.attachments.retain(|it| it.kind != SNAPSHOT || kind != SNAPSHOT);
        if !self.attachments.iter().any(|it| it.source == source && it.text == text) {
            self.attachments.push(Attachment { kind, source, text, tokens });
        }
    }

    /// What the agent said last; if that only points at what it said before, then both.
    fn report(&self) -> String {
        let joined = |run: &[String]| joined(&run.iter().map(String::as_str).collect::<Vec<_>>());
        let (former, last) = (joined(&self.former_run), joined(&self.last_run));
        match is_pointer(&last, &former) {
            true => format!("{former}\n\n{last}"),
            false => last,
        }
    }

    fn seen(mut self, bytes: u64, keeper: &mut Keeper<'_>) -> Option<TranscriptSeen> {
        if self.prompt.is_none() && self.messages == 0 {
            return None;
        }
        self.end_run();
        let said = self.report();
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
            unanswered: self
                .unanswered
                .map(|said| Unanswered { text: keeper.keep(&said), said: keeper.clean(&said) }),
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

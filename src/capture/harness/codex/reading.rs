//! One rollout, record by record.

use super::SPAWN;
use super::call::{call, fail, is_readable, link, spawned};
use super::thread::Thread;
use crate::capture::fields::{number, owned, text, time, title};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp, TranscriptSeen, Turn, Usage};
use serde_json::Value;
use std::collections::BTreeMap;

/// A call that spawned an agent, or was to.
#[derive(Default)]
struct Spawned {
    evidence: Evidence,
    agent: Option<String>,
    answer: Option<(Timestamp, String)>,
}

/// What is known of a rollout so far.
#[derive(Default)]
pub struct Reading {
    thread: Option<Thread>,
    /// Whether what is read was copied from another thread.
    is_copy: bool,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    prompt: Option<String>,
    model: Option<String>,
    message: Option<String>,
    turns: Vec<(Timestamp, String)>,
    ended: bool,
    failed: Option<(Timestamp, String)>,
    requests: BTreeMap<String, Usage>,
    sum: Usage,
    tool_uses: u64,
    calls: BTreeMap<String, Spawned>,
}

impl Reading {
    /// Whether it is known whose rollout it is.
    pub fn has_begun(&self) -> bool {
        self.thread.is_some()
    }

    pub fn take(&mut self, record: &Value, keeper: &mut Keeper<'_>) {
        let null = Value::Null;
        let payload = record.get("payload").unwrap_or(&null);
        let kind = text(record, "type").unwrap_or_default();
        if kind == "session_meta" {
            self.meta(payload);
        }
        if !self.is_own(payload) {
            return;
        }
        let at = time(record, "timestamp");
        self.first_at = self.first_at.or(at);
        self.last_at = at.or(self.last_at);
        let at = at.or(self.last_at);
        match kind {
            "turn_context" => self.model = owned(payload, "model").or(self.model.take()),
            "token_usage_record" => self.request(payload),
            "response_item" => self.response_item(payload, at, keeper),
            "event_msg" => self.event(payload, at, keeper),
            _ => {}
        }
    }

    fn meta(&mut self, payload: &Value) {
        match &self.thread {
            None => self.thread = Thread::of(payload),
            Some(own) => self.is_copy = text(payload, "id") != Some(&own.id),
        }
    }

    /// Threads and their turns are named in the order in which they began.
    fn is_own(&mut self, payload: &Value) -> bool {
        let Some(own) = self.thread.as_ref().map(|it| it.id.as_str()) else { return false };
        if let Some(thread) = text(payload, "thread_id") {
            return thread == own;
        }
        if text(payload, "type") == Some("task_started") {
            self.is_copy &= text(payload, "turn_id").is_none_or(|turn| turn < own);
        }
        !self.is_copy
    }

    fn response_item(&mut self, payload: &Value, at: Option<Timestamp>, keeper: &mut Keeper<'_>) {
        match text(payload, "type") {
            Some("function_call" | "custom_tool_call" | "local_shell_call") => {
                self.tool_uses += 1;
                if text(payload, "name") == Some(SPAWN) {
                    self.call(payload, at, keeper);
                }
            }
            Some("function_call_output") => {
                let call = text(payload, "call_id").and_then(|id| self.calls.get_mut(id));
                if let (Some(call), Some(output)) = (call, payload.get("output")) {
                    call.agent = call.agent.take().or_else(|| spawned(output));
                    call.answer = at.zip(output.as_str().map(str::to_owned));
                }
            }
            // What another agent says; the first such is the task.
            Some("agent_message") => {
                let own = self.thread.as_ref().and_then(|it| it.path.as_deref());
                if own.is_some() && text(payload, "recipient") == own && self.prompt.is_none() {
                    let parts = payload.get("content").and_then(Value::as_array);
                    let mut parts = parts.into_iter().flatten();
                    let task = parts.find_map(|it| owned(it, "encrypted_content"));
                    self.prompt = task.filter(|it| is_readable(it));
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, payload: &Value, at: Option<Timestamp>, keeper: &mut Keeper<'_>) {
        let Some((id, at)) = owned(payload, "call_id").zip(at) else { return };
        let input = text(payload, "arguments").and_then(|it| serde_json::from_str(it).ok());
        let input: Value = input.unwrap_or_default();
        let call = call(&input, at, self.model.as_deref(), keeper);
        self.calls.entry(id).or_default().evidence.call = Some(call);
    }

    fn event(&mut self, payload: &Value, at: Option<Timestamp>, keeper: &mut Keeper<'_>) {
        match text(payload, "type") {
            Some("task_started") => (self.ended, self.failed) = (false, None),
            Some("item_completed") => self.item(payload, at, keeper),
            // Former versions told of messages in this way.
            Some("user_message") => {
                self.prompt = self.prompt.take().or_else(|| owned(payload, "message"));
                self.ended = false;
            }
            Some("agent_message") => {
                self.message = owned(payload, "message").or(self.message.take());
            }
            Some("task_complete" | "turn_complete") => self.complete(payload, at),
            Some("turn_aborted") => {
                let why = text(payload, "reason").unwrap_or("aborted");
                self.failed = at.map(|at| (at, format!("its turn was broken off: {why}")));
                self.ended = true;
            }
            Some("token_count") => {
                if let Some(sum) = payload.pointer("/info/total_token_usage") {
                    self.sum = usage(sum);
                }
            }
            _ => {}
        }
    }

    fn complete(&mut self, payload: &Value, at: Option<Timestamp>) {
        self.ended = true;
        let error = payload.get("error").filter(|it| !it.is_null());
        if let Some(error) = error {
            let why = text(error, "message").unwrap_or("its turn failed").to_owned();
            self.failed = at.map(|at| (at, why));
        } else if let Some(message) = owned(payload, "last_agent_message") {
            self.turns.extend(at.map(|at| (at, message.clone())));
            self.message = Some(message);
        }
    }

    fn item(&mut self, payload: &Value, at: Option<Timestamp>, keeper: &mut Keeper<'_>) {
        let null = Value::Null;
        let item = payload.get("item").unwrap_or(&null);
        match text(item, "type") {
            Some("UserMessage") => self.prompt = self.prompt.take().or_else(|| said(item)),
            Some("AgentMessage") => self.message = said(item).or(self.message.take()),
            _ => {}
        }
        let Some(((id, agent), at)) = link(payload).zip(at) else { return };
        let model = self.model.as_deref();
        let spawned = self.calls.entry(id).or_default();
        spawned.agent = Some(agent);
        // A call that a program of the model's made stands nowhere else.
        spawned.evidence.call.get_or_insert_with(|| {
            let input = serde_json::json!({
                "message": item.get("prompt"),
                "model": item.get("model"),
                "task_name": text(item, "agent_path").and_then(|it| it.rsplit('/').next()),
            });
            call(&input, at, model, keeper)
        });
    }

    fn request(&mut self, payload: &Value) {
        let id = owned(payload, "response_id");
        let id = id.unwrap_or_else(|| format!("request-{}", self.requests.len()));
        let used = payload.get("usage").map(usage).unwrap_or_default();
        self.requests.insert(id, used);
    }

    /// What the rollout tells; `bytes` is how much of it was read.
    pub fn sightings(
        mut self,
        bytes: u64,
        now: Timestamp,
        keeper: &mut Keeper<'_>,
    ) -> Vec<Sighting> {
        let Some(thread) = self.thread.take() else { return Vec::new() };
        let blank = Sighting {
            harness: "codex".to_owned(),
            harness_session_id: thread.session.clone(),
            tool_use_id: None,
            agent_id: None,
            parent_agent_id: None,
            at: self.last_at.unwrap_or(now),
            evidence: Evidence::default(),
        };
        let caller = Some(&thread.id).filter(|id| **id != thread.session).cloned();
        let calls = std::mem::take(&mut self.calls).into_iter();
        let mut told: Vec<Sighting> = calls
            .map(|(id, call)| call.sighting(id, &blank, caller.clone(), keeper))
            .filter(|it| it.evidence.call.is_some())
            .collect();
        if let Some(parent) = thread.parent.clone() {
            let parent = Some(parent).filter(|it| *it != thread.session);
            let evidence = self.evidence(thread.role, bytes, keeper);
            let agent_id = Some(thread.id);
            told.push(Sighting { agent_id, parent_agent_id: parent, evidence, ..blank });
        }
        told
    }

    fn evidence(self, role: String, bytes: u64, keeper: &mut Keeper<'_>) -> Evidence {
        let prompt = self.prompt.unwrap_or_default();
        let (count, tokens_exact) = keeper.count(&prompt, self.model.as_deref());
        let requests = match self.requests.is_empty() {
            true if self.sum.is_zero() => BTreeMap::new(),
            true => [("all".to_owned(), self.sum)].into(),
            false => self.requests,
        };
        let seen = TranscriptSeen {
            bytes,
            first_at: self.first_at,
            last_at: self.last_at,
            title: title(&prompt).map(|it| keeper.clean(&it)),
            prompt: (!prompt.is_empty()).then(|| keeper.keep(&prompt)),
            tokens: count.tokens,
            tokens_upper: count.upper,
            tokens_exact,
            last_message: self.message.as_deref().map(|it| keeper.keep(it)),
            ended: self.ended,
            unanswered: None,
            model: self.model,
            requests,
            tool_uses: self.tool_uses,
            attachments: Vec::new(),
        };
        let mut evidence =
            Evidence { agent_type: Some(role), transcript: Some(seen), ..Evidence::default() };
        for (at, message) in self.turns {
            let message = keeper.keep(&message);
            evidence.turns.entry(message.hash).or_insert(Turn { at, bytes: message.bytes });
        }
        if let Some((at, why)) = self.failed {
            fail(&mut evidence, &why, at, keeper);
        }
        evidence
    }
}

impl Spawned {
    fn sighting(
        self,
        id: String,
        blank: &Sighting,
        caller: Option<String>,
        keeper: &Keeper<'_>,
    ) -> Sighting {
        let mut it = Sighting {
            tool_use_id: Some(id),
            agent_id: self.agent,
            parent_agent_id: caller,
            evidence: Evidence { background: true, ..self.evidence },
            ..blank.clone()
        };
        if let (None, Some((at, why))) = (&it.agent_id, self.answer) {
            // The answer of what went well names the task.
            if !why.trim_start().starts_with('{') {
                fail(&mut it.evidence, &why, at, keeper);
            }
        }
        it
    }
}

/// The texts of a message.
fn said(item: &Value) -> Option<String> {
    let parts = item.get("content").and_then(Value::as_array)?;
    let texts: Vec<&str> = parts.iter().filter_map(|it| text(it, "text")).collect();
    Some(texts.concat()).filter(|it| !it.is_empty())
}

/// What was read from the cache, and what was written to it, is among the input there.
fn usage(used: &Value) -> Usage {
    let cached = number(used, "cached_input_tokens").unwrap_or(0);
    let written = number(used, "cache_write_input_tokens").unwrap_or(0);
    let input = number(used, "input_tokens").unwrap_or(0);
    Usage {
        input_tokens: input.saturating_sub(cached).saturating_sub(written),
        output_tokens: number(used, "output_tokens").unwrap_or(0),
        cache_read_tokens: cached,
        cache_write_tokens: written,
        ..Usage::default()
    }
}

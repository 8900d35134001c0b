//! Rollouts: what the harness writes of each thread, a session or an agent.
//!
//! `~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`. The first record says whose it is: `session_id` is the
//! session's, also for agents of agents. A thread that was forked begins with a copy of another one's records,
//! which are not its own.

use super::call::{call, fail, is_readable, spawned};
use super::{DEFAULT_ROLE, SPAWN};
use crate::capture::fields::{number, owned, text, time, title};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp, TranscriptSeen, Turn, Usage};
use memchr::memmem;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A rollout that is longer is left to an import: a hook has no time.
const QUICKLY_READ: u64 = 4 << 20;
/// What was written a moment ago stands in so much at the end.
const TAIL: u64 = 256 << 10;
/// What a record's type stands in, from its beginning.
const HEAD: usize = 160;
/// Types that tell nothing here, and may be long.
const SILENT: [&str; 5] = [
    "\"type\":\"world_state\"",
    "\"type\":\"compacted\"",
    "\"type\":\"reasoning\"",
    "\"type\":\"message\"",
    "\"type\":\"additional_tools\"",
];

/// What a rollout tells: of the agent whose it is, and of the calls in it that spawned others.
pub fn read(bytes: &[u8], now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut reading = Reading::default();
    for record in records(&bytes[..end]) {
        reading.take(&record, keeper);
        // The first record says whose it is.
        if reading.thread.is_none() {
            return Vec::new();
        }
    }
    reading.sightings(end as u64, now, keeper)
}

/// The same of a file, in a moment.
pub fn read_quickly(path: &Path, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    match path.metadata() {
        Ok(found) if found.is_file() && found.len() <= QUICKLY_READ => {
            std::fs::read(path).map_or_else(|_| Vec::new(), |bytes| read(&bytes, now, keeper))
        }
        _ => Vec::new(),
    }
}

/// What no hook has told when a session is left: calls that spawned nothing, and agents that failed.
pub fn at_the_end(path: &Path, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let mut told = read_quickly(path, now, keeper);
    let agents: BTreeSet<String> = told.iter().filter_map(|it| it.agent_id.clone()).collect();
    let failed = agents.iter().filter_map(|agent| beside(path, agent)).filter(|it| has_failed(it));
    let failed: Vec<PathBuf> = failed.collect();
    told.extend(failed.iter().flat_map(|it| read_quickly(it, now, keeper)));
    told
}

/// The rollout of an agent, in the directory of its session's.
fn beside(session: &Path, agent: &str) -> Option<PathBuf> {
    let ending = format!("-{agent}.jsonl");
    let entries = std::fs::read_dir(session.parent()?).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|it| it.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending)))
}

/// Whether the last turn of a rollout was broken off.
fn has_failed(path: &Path) -> bool {
    let tail = tail(path).unwrap_or_default();
    let last = records(&tail).filter_map(|record| {
        let payload = record.get("payload")?;
        match text(payload, "type")? {
            "task_complete" => Some(payload.get("error").is_some_and(|it| !it.is_null())),
            "turn_aborted" => Some(true),
            _ => None,
        }
    });
    last.last().unwrap_or(false)
}

/// The agent that a call spawned, by its caller's rollout.
pub fn agent_of_call(callers: &Path, call: &str) -> Option<String> {
    links(callers).find(|(id, _)| id == call).map(|(_, agent)| agent)
}

/// The call that spawned an agent.
pub fn call_of_agent(callers: &Path, agent: &str) -> Option<String> {
    links(callers).find(|(_, id)| id == agent).map(|(call, _)| call)
}

/// Calls and their agents, among what was written last.
fn links(callers: &Path) -> impl Iterator<Item = (String, String)> {
    let tail = tail(callers).unwrap_or_default();
    let links: Vec<_> = records(&tail).filter_map(|record| link(record.get("payload")?)).collect();
    links.into_iter()
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The records that may tell something. A line that is not whole is none.
fn records(bytes: &[u8]) -> impl Iterator<Item = Value> {
    let is_silent = |line: &[u8]| {
        let head = &line[..line.len().min(HEAD)];
        SILENT.iter().any(|it| memmem::find(head, it.as_bytes()).is_some())
    };
    let lines =
        bytes.split(|byte| *byte == b'\n').filter(move |it| !it.is_empty() && !is_silent(it));
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

/// A call and the agent that it spawned, where an item of a turn names both.
fn link(payload: &Value) -> Option<(String, String)> {
    let item = payload.get("item")?;
    let agent = match (text(item, "type")?, text(item, "kind"), text(item, "tool")) {
        ("SubAgentActivity", Some("started"), _) => owned(item, "agent_thread_id"),
        ("CollabAgentToolCall", _, Some(SPAWN)) => {
            item.pointer("/receiver_thread_ids/0").and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    };
    owned(item, "id").zip(agent)
}

/// Whose rollout it is.
struct Thread {
    id: String,
    session: String,
    /// The thread that spawned it, if one did.
    parent: Option<String>,
    /// Among the tasks of its session.
    path: Option<String>,
    role: String,
}

impl Thread {
    fn of(meta: &Value) -> Option<Thread> {
        let id = owned(meta, "id")?;
        let subagent = meta.pointer("/source/subagent");
        let spawn = subagent.and_then(|it| it.get("thread_spawn"));
        let parent = match (spawn, subagent) {
            (Some(spawn), _) => owned(spawn, "parent_thread_id"),
            // Some threads are the harness's own affair: nobody deployed them.
            (None, Some(_)) => None,
            (None, None) => owned(meta, "parent_thread_id"),
        };
        let session = owned(meta, "session_id").or_else(|| parent.clone());
        Some(Thread {
            session: session.unwrap_or_else(|| id.clone()),
            path: spawn.and_then(|it| owned(it, "agent_path")),
            role: spawn
                .and_then(|it| owned(it, "agent_role"))
                .unwrap_or_else(|| DEFAULT_ROLE.to_owned()),
            id,
            parent,
        })
    }
}

/// A call that spawned an agent, or was to.
#[derive(Default)]
struct Spawned {
    evidence: Evidence,
    agent: Option<String>,
    answer: Option<(Timestamp, String)>,
}

#[derive(Default)]
struct Reading {
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
    fn take(&mut self, record: &Value, keeper: &mut Keeper<'_>) {
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

    fn sightings(mut self, bytes: u64, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
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

//! The transcript of a session: the calls that spawned agents, what came back, and in the oldest layout the
//! agents' own records among the others.

use super::notice::{OPENING, notices};
use super::{SPAWNING, agent, response};
use crate::capture::fields::{flag, joined, owned, text, texts, time};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp};
use memchr::memmem::Finder;
use memchr::memrchr;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// What a line holds that tells something of a deployment.
static TELLING: LazyLock<[Finder<'static>; 5]> = LazyLock::new(|| {
    ["\"Agent\"", "\"Task\"", "\"toolUseResult\"", "\"isSidechain\":true", OPENING].map(Finder::new)
});

/// What a stretch of a session's transcript told.
pub struct Read {
    pub sightings: Vec<Sighting>,
    /// Where to go on: behind the last whole line, but not behind a call that nothing came back for.
    pub read_to: u64,
}

/// Reads a session's transcript from `from` on; `bytes` is what stands there.
pub fn read(bytes: &[u8], from: u64, now: Timestamp, keeper: &mut Keeper<'_>) -> Read {
    let end = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut reading = Reading::new(now, keeper);
    let mut at = 0;
    for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
        if TELLING.iter().any(|it| it.find(line).is_some())
            && let Ok(record) = serde_json::from_slice::<Value>(line)
        {
            reading.take(record, at, line.len());
        }
        at += line.len();
    }
    let waiting = reading.calls.values().filter(|call| !call.is_back).map(|call| call.at);
    let read_to = from + waiting.min().unwrap_or(end) as u64;
    Read { read_to, sightings: reading.sightings() }
}

/// A call that spawned an agent.
struct Spawned {
    /// Where its line begins.
    at: usize,
    prompt: String,
    is_back: bool,
}

/// Records of one agent that stand among those of the session.
#[derive(Default)]
struct Inline {
    records: Vec<Value>,
    bytes: u64,
    tool_use_id: Option<String>,
}

struct Reading<'k, 'w> {
    now: Timestamp,
    keeper: &'k mut Keeper<'w>,
    calls: BTreeMap<String, Spawned>,
    told: Vec<Sighting>,
    /// By the first record's id; and which of them a record belongs to.
    inline: BTreeMap<String, Inline>,
    belongs: HashMap<String, String>,
    session: Option<String>,
}

impl<'k, 'w> Reading<'k, 'w> {
    fn new(now: Timestamp, keeper: &'k mut Keeper<'w>) -> Self {
        Reading {
            now,
            keeper,
            calls: BTreeMap::new(),
            told: Vec::new(),
            inline: BTreeMap::new(),
            belongs: HashMap::new(),
            session: None,
        }
    }

    fn blank(&self, record: &Value) -> Sighting {
        let session = owned(record, "sessionId").or_else(|| self.session.clone());
        Sighting {
            harness: "claude-code".to_owned(),
            harness_session_id: session.unwrap_or_default(),
            tool_use_id: None,
            agent_id: None,
            parent_agent_id: owned(record, "agentId"),
            at: time(record, "timestamp").unwrap_or(self.now),
            evidence: Evidence::default(),
        }
    }

    fn take(&mut self, record: Value, at: usize, bytes: usize) {
        self.session = owned(&record, "sessionId").or(self.session.take());
        if flag(&record, "isSidechain") && record.get("agentId").is_none() {
            self.inline(record, bytes);
            return;
        }
        match text(&record, "type") {
            Some("assistant") => self.calls(&record, at),
            Some("user") => self.results(&record),
            _ => {}
        }
        self.notices(&record);
    }

    fn calls(&mut self, record: &Value, at: usize) {
        let content = record.get("message").and_then(|it| it.get("content"));
        for block in content.and_then(Value::as_array).into_iter().flatten() {
            let is_spawn = text(block, "type") == Some("tool_use")
                && text(block, "name").is_some_and(|name| SPAWNING.contains(&name));
            let Some(id) = owned(block, "id").filter(|_| is_spawn) else { continue };
            let null = Value::Null;
            let input = block.get("input").unwrap_or(&null);
            let mut sighting = self.blank(record);
            let mut call =
                self.keeper.call(sighting.at, text(input, "prompt"), text(input, "model"));
            let first_line = || text(input, "prompt").and_then(crate::capture::fields::title);
            let description = owned(input, "description").or_else(first_line);
            call.description = description.map(|it| self.keeper.clean(&it));
            call.agent_type = owned(input, "subagent_type");
            sighting.tool_use_id = Some(id.clone());
            sighting.evidence.call = Some(call);
            sighting.evidence.background = flag(input, "run_in_background");
            self.told.push(sighting);
            let prompt = text(input, "prompt").unwrap_or_default().to_owned();
            self.calls.insert(id, Spawned { at, prompt, is_back: false });
        }
    }

    fn results(&mut self, record: &Value) {
        let content = record.get("message").and_then(|it| it.get("content"));
        for block in content.and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = text(block, "tool_use_id") else { continue };
            let result = record.get("toolUseResult").unwrap_or(&Value::Null);
            let is_of_spawn =
                result.get("agentId").is_some() || result.get("totalTokens").is_some();
            match self.calls.get_mut(id) {
                Some(call) => call.is_back = true,
                None if !is_of_spawn => continue,
                None => {}
            }
            let mut it = self.blank(record);
            it.tool_use_id = Some(id.to_owned());
            // In an agent's transcript nothing more is told than the text that it was shown, in a frame.
            if result.is_null() && !flag(block, "is_error") {
                continue;
            }
            if flag(block, "is_error") || !result.is_object() {
                let why = match text(block, "content") {
                    Some(why) => why.to_owned(),
                    None => joined(&texts(block.get("content"))),
                };
                let why = why.replace("<tool_use_error>", "").replace("</tool_use_error>", "");
                response::add_failure(&mut it.evidence, &why, it.at, self.keeper);
            } else {
                it.agent_id = response::add(&mut it.evidence, result, it.at, self.keeper);
            }
            // Whose record it is, is whose call it was.
            self.told.push(it);
        }
    }

    fn notices(&mut self, record: &Value) {
        let message = record.get("message").and_then(|it| it.get("content"));
        let attached = record.get("attachment").and_then(|it| it.get("prompt"));
        let queued = record.get("content");
        let prompts = [message, attached, queued].into_iter().flatten();
        let prompts: Vec<String> = prompts.map(|it| joined(&texts(Some(it)))).collect();
        let of_tool = record.get("toolUseResult").is_some();
        for prompt in prompts.iter().filter(|it| !of_tool && it.trim_start().starts_with(OPENING)) {
            let blank = self.blank(record);
            for notice in notices(prompt, blank.at, self.keeper) {
                self.told.push(Sighting {
                    agent_id: Some(notice.agent_id),
                    parent_agent_id: None,
                    evidence: notice.evidence,
                    ..blank.clone()
                });
            }
        }
    }

    /// A record of an agent among the others: of the same agent as the one it follows.
    fn inline(&mut self, record: Value, bytes: usize) {
        let Some(id) = owned(&record, "uuid") else { return };
        let follows = text(&record, "parentUuid").and_then(|it| self.belongs.get(it)).cloned();
        let first = follows.unwrap_or_else(|| id.clone());
        self.belongs.insert(id, first.clone());
        let agent = self.inline.entry(first).or_default();
        if agent.records.is_empty() {
            // Nothing names the call but the prompt.
            let content = record.get("message").and_then(|it| it.get("content"));
            let prompt = joined(&texts(content));
            let call = self.calls.iter().find(|(_, it)| !it.is_back && it.prompt == prompt);
            agent.tool_use_id = call.map(|(id, _)| id.clone());
        }
        agent.bytes += bytes as u64;
        agent.records.push(record);
    }

    fn sightings(mut self) -> Vec<Sighting> {
        for (first, agent) in std::mem::take(&mut self.inline) {
            let Some(record) = agent.records.first() else { continue };
            let mut it = self.blank(record);
            it.evidence.transcript =
                agent::of_records(agent.records.into_iter(), agent.bytes, self.keeper);
            it.agent_id = agent.tool_use_id.is_none().then(|| format!("inline-{first}"));
            it.tool_use_id = agent.tool_use_id;
            self.told.push(it);
        }
        self.told.retain(|it| !it.harness_session_id.is_empty());
        self.told
    }
}

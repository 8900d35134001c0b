//! Codex CLI: events named as Claude Code's, and rollouts.
//!
//! Its spawn prompt is ciphertext on disk: what an agent was given is known only where it was recorded before.

use crate::capture::fields::{number, owned, text, time, title};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Call, Evidence, Timestamp, TranscriptSeen, Turn, Usage};
use serde_json::Value;

/// Whether an event tells anything of a deployment.
pub fn is_told_something(event: &Value) -> bool {
    match text(event, "hook_event_name") {
        Some("SubagentStart" | "SubagentStop") => text(event, "agent_id").is_some(),
        Some("PreToolUse" | "PostToolUse") => {
            text(event, "tool_name").is_some_and(|it| it.ends_with("spawn_agent") || it == "Agent")
                && text(event, "tool_use_id").is_some()
        }
        _ => false,
    }
}

/// A call that spawns an agent. Its prompt may come as ciphertext; then that is what there is.
fn called(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Call {
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    let prompt = ["message", "prompt", "task"].iter().find_map(|key| text(input, key));
    let model = text(input, "model").or_else(|| text(event, "model"));
    let mut call = keeper.call(at, prompt, model);
    call.description = prompt.and_then(title).map(|it| keeper.clean(&it));
    call.agent_type = ["agent_type", "agent_role", "role"].iter().find_map(|key| owned(input, key));
    call
}

/// The agent that a call has spawned: the response is JSON, or a text of it.
fn spawned(event: &Value) -> Option<String> {
    let response = event.get("tool_response")?;
    let parsed = response.as_str().and_then(|it| serde_json::from_str::<Value>(it).ok());
    let response = parsed.as_ref().unwrap_or(response);
    ["agent_id", "agentId", "thread_id"].iter().find_map(|key| owned(response, key))
}

/// What an event tells.
pub fn observe(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let Some(session) = text(event, "session_id") else { return Vec::new() };
    let mut evidence = Evidence {
        agent_type: owned(event, "agent_type"),
        model: owned(event, "model"),
        ..Evidence::default()
    };
    match text(event, "hook_event_name") {
        Some("SubagentStart") => evidence.started_at = Some(at),
        Some("SubagentStop") => {
            let message = event.get("last_assistant_message").and_then(Value::as_str);
            let message = keeper.keep(message.unwrap_or_default());
            evidence.turns.insert(message.hash, Turn { at, bytes: message.bytes });
        }
        Some("PreToolUse" | "PostToolUse") => {
            let call = called(event, at, keeper);
            evidence = Evidence { call: Some(call), background: true, ..Evidence::default() };
        }
        _ => return Vec::new(),
    }
    let is_call = evidence.call.is_some();
    let told = owned(event, "agent_id");
    vec![Sighting {
        harness: "codex".to_owned(),
        harness_session_id: session.to_owned(),
        tool_use_id: owned(event, "tool_use_id").filter(|_| is_call),
        agent_id: if is_call { spawned(event) } else { told.clone() },
        parent_agent_id: told.filter(|_| is_call),
        at,
        evidence,
    }]
}

/// What the rollout of an agent tells; that of a session alone tells of no deployment.
pub fn read_rollout(bytes: &[u8], now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let lines = bytes[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut rollout = Rollout::default();
    for line in lines {
        if let Ok(record) = serde_json::from_slice::<Value>(line) {
            rollout.take(&record);
        }
        // The first record says whose it is.
        if rollout.agent.is_none() {
            return Vec::new();
        }
    }
    rollout.sighting(end as u64, now, keeper).into_iter().collect()
}

#[derive(Default)]
struct Rollout {
    /// Its id, and the session that spawned it.
    agent: Option<(String, String)>,
    role: Option<String>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    prompt: Option<String>,
    model: Option<String>,
    message: Option<String>,
    ended: bool,
    used: Usage,
    tool_uses: u64,
}

impl Rollout {
    fn take(&mut self, record: &Value) {
        let null = Value::Null;
        let payload = record.get("payload").unwrap_or(&null);
        if let Some(at) = time(record, "timestamp") {
            self.first_at = self.first_at.or(Some(at));
            self.last_at = Some(at);
        }
        match (text(record, "type"), text(payload, "type")) {
            (Some("session_meta"), _) => self.meta(payload),
            (Some("turn_context"), _) => self.model = owned(payload, "model").or(self.model.take()),
            (Some("event_msg"), Some("user_message")) => {
                self.prompt = self.prompt.take().or_else(|| owned(payload, "message"));
                self.ended = false;
            }
            (Some("event_msg"), Some("agent_message")) => {
                self.message = owned(payload, "message").or(self.message.take());
            }
            (Some("event_msg"), Some("task_complete" | "turn_complete")) => {
                self.message = owned(payload, "last_agent_message").or(self.message.take());
                self.ended = true;
            }
            (Some("event_msg"), Some("token_count")) => self.tokens(payload),
            (Some("response_item"), Some("function_call" | "custom_tool_call")) => {
                self.tool_uses += 1;
            }
            _ => {}
        }
    }

    fn meta(&mut self, payload: &Value) {
        let spawn = payload.pointer("/source/subagent/thread_spawn");
        let parent = spawn.and_then(|it| owned(it, "parent_thread_id"));
        let parent = parent.or_else(|| owned(payload, "parent_thread_id"));
        self.agent = self.agent.take().or_else(|| owned(payload, "id").zip(parent));
        let role = spawn.and_then(|it| owned(it, "agent_role"));
        self.role = role.or_else(|| spawn.and_then(|it| owned(it, "agent_nickname")));
    }

    /// The sum so far. What was read from the cache is among the input there.
    fn tokens(&mut self, payload: &Value) {
        let Some(total) = payload.pointer("/info/total_token_usage") else { return };
        let cached = number(total, "cached_input_tokens").unwrap_or(0);
        self.used = Usage {
            input_tokens: number(total, "input_tokens").unwrap_or(0).saturating_sub(cached),
            output_tokens: number(total, "output_tokens").unwrap_or(0),
            cache_read_tokens: cached,
            ..Usage::default()
        };
    }

    fn sighting(self, bytes: u64, now: Timestamp, keeper: &mut Keeper<'_>) -> Option<Sighting> {
        let (agent, session) = self.agent?;
        let prompt = self.prompt.unwrap_or_default();
        let (count, tokens_exact) = keeper.count(&prompt, self.model.as_deref());
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
            requests: [("all".to_owned(), self.used)].into(),
            tool_uses: self.tool_uses,
            attachments: Vec::new(),
        };
        Some(Sighting {
            harness: "codex".to_owned(),
            harness_session_id: session,
            tool_use_id: None,
            agent_id: Some(agent),
            parent_agent_id: None,
            at: self.last_at.unwrap_or(now),
            evidence: Evidence {
                agent_type: self.role,
                transcript: Some(seen),
                ..Evidence::default()
            },
        })
    }
}

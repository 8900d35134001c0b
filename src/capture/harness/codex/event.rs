//! Events of hooks.

use super::SPAWN;
use super::call::{call, deliver, fail, parsed, spawned};
use super::rollout;
use crate::capture::fields::{owned, text};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp, Turn};
use serde_json::Value;
use std::path::Path;

/// Whether an event tells anything of a deployment.
pub fn is_told_something(event: &Value) -> bool {
    match text(event, "hook_event_name") {
        Some("SubagentStart" | "SubagentStop") => text(event, "agent_id").is_some(),
        Some("PreToolUse") => is_spawn(event) && text(event, "tool_use_id").is_some(),
        Some("PostToolUse") => {
            is_spawn(event) && text(event, "tool_use_id").is_some() || is_of_agents(event)
        }
        Some("SessionEnd") => text(event, "session_id").is_some(),
        _ => false,
    }
}

/// The tool's namespace stands before its name, with nothing between. Servers have tools of any name.
fn is_spawn(event: &Value) -> bool {
    let is_own = |it: &&str| !it.starts_with("mcp__");
    let tool = text(event, "tool_name").filter(is_own);
    tool.is_some_and(|it| it.ends_with(SPAWN) || it == "Agent")
}

/// Whether agents were waited for or closed: the answer may say how they ended.
fn is_of_agents(event: &Value) -> bool {
    let tool = text(event, "tool_name").unwrap_or_default();
    tool.ends_with("wait_agent") || tool.ends_with("close_agent")
}

/// What an event tells.
pub fn observe(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let Some(session) = text(event, "session_id") else { return Vec::new() };
    let blank = Sighting {
        harness: "codex".to_owned(),
        harness_session_id: session.to_owned(),
        tool_use_id: None,
        agent_id: None,
        parent_agent_id: None,
        at,
        evidence: Evidence::default(),
    };
    match text(event, "hook_event_name") {
        Some("PreToolUse") => vec![called(event, blank, keeper)],
        Some("PostToolUse") if is_spawn(event) => vec![answered(event, blank, keeper)],
        Some("PostToolUse") => ended(event, &blank, keeper),
        Some("SubagentStart") => vec![of_agent(event, blank)],
        Some("SubagentStop") => stopped(event, blank, keeper),
        Some("SessionEnd") => match text(event, "transcript_path") {
            Some(path) => {
                keeper.awaits(Path::new(path), &blank, None);
                rollout::at_the_end(Path::new(path), at, keeper)
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn called(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    let mut call = call(input, blank.at, text(event, "model"), keeper);
    if text(event, "hook_event_name") == Some("PreToolUse") {
        call.base_commit = keeper.head_commit();
    }
    Sighting {
        tool_use_id: owned(event, "tool_use_id"),
        // Of a call within an agent this is the agent that makes it.
        parent_agent_id: owned(event, "agent_id"),
        // Its caller always goes on.
        evidence: Evidence { call: Some(call), background: true, ..Evidence::default() },
        ..blank
    }
}

fn answered(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let mut it = called(event, blank, keeper);
    let answered = event.get("tool_response").and_then(spawned);
    it.agent_id = answered.or_else(|| {
        let callers = Path::new(text(event, "transcript_path")?);
        rollout::agent_of_call(callers, it.tool_use_id.as_deref()?)
    });
    it
}

/// How agents ended, where the answer says so: of those that failed nothing else is told.
fn ended(event: &Value, blank: &Sighting, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let Some(answer) = event.get("tool_response").and_then(parsed) else { return Vec::new() };
    let target = event.get("tool_input").and_then(|input| text(input, "target"));
    if let (Some(target), Some(before)) = (target, answer.get("previous_status")) {
        return outcome(target, before, true, blank, keeper).into_iter().collect();
    }
    let states = answer.get("status").and_then(Value::as_object).into_iter().flatten();
    states.filter_map(|(agent, state)| outcome(agent, state, false, blank, keeper)).collect()
}

/// What its caller got of an agent, by its state; one that was closed ends with that.
fn outcome(
    agent: &str,
    state: &Value,
    is_closed: bool,
    blank: &Sighting,
    keeper: &mut Keeper<'_>,
) -> Option<Sighting> {
    let mut it = Sighting { agent_id: Some(agent.to_owned()), ..blank.clone() };
    match (text(state, "completed"), text(state, "errored"), state.as_str()) {
        (Some(message), ..) => deliver(&mut it.evidence, message, blank.at, keeper),
        (_, Some(why), _) => fail(&mut it.evidence, why, blank.at, keeper),
        (.., Some("running" | "pending_init")) if is_closed => {
            fail(&mut it.evidence, "its caller closed it while it ran", blank.at, keeper);
        }
        _ => return None,
    }
    Some(it)
}

fn of_agent(event: &Value, blank: Sighting) -> Sighting {
    let evidence = Evidence {
        started_at: (text(event, "hook_event_name") == Some("SubagentStart")).then_some(blank.at),
        agent_type: owned(event, "agent_type"),
        model: owned(event, "model"),
        ..Evidence::default()
    };
    Sighting { agent_id: owned(event, "agent_id"), evidence, ..blank }
}

/// The end of a turn, with all that the agent's rollout says by now.
fn stopped(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let at = blank.at;
    let mut it = of_agent(event, blank);
    let message = event.get("last_assistant_message").and_then(Value::as_str).unwrap_or_default();
    let message = keeper.keep(message);
    it.evidence.turns.insert(message.hash, Turn { at, bytes: message.bytes });
    it.tool_use_id = text(event, "transcript_path")
        .zip(it.agent_id.as_deref())
        .and_then(|(callers, agent)| rollout::call_of_agent(Path::new(callers), agent));
    let own = text(event, "agent_transcript_path").map(Path::new);
    // One that is too long for a hook is read by whoever asks next.
    if let Some(path) = own {
        keeper.awaits(path, &it, it.agent_id.as_deref());
    }
    let mut all = own.map(|path| rollout::read_quickly(path, at, keeper)).unwrap_or_default();
    all.push(it);
    all
}

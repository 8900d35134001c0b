//! Events of hooks.

use super::notice::{OPENING, notices};
use super::sidecar::{Sidecar, transcript_of};
use super::{SPAWNING, is_compaction, response};
use crate::capture::fields::{flag, number, owned, text};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp, Turn};
use serde_json::Value;
use std::path::PathBuf;

/// Whether an event tells anything of a deployment; most do not, and cost nothing more.
pub fn is_told_something(event: &Value) -> bool {
    let is_spawn = || text(event, "tool_name").is_some_and(|tool| SPAWNING.contains(&tool));
    match text(event, "hook_event_name") {
        Some("PreToolUse" | "PostToolUse" | "PostToolUseFailure") => is_spawn(),
        Some("SubagentStart" | "SubagentStop") => agent_of(event).is_some(),
        Some("UserPromptSubmit") => text(event, "prompt").is_some_and(|it| it.contains(OPENING)),
        _ => false,
    }
}

/// The agent that an event is about. A compaction has none of a type.
fn agent_of(event: &Value) -> Option<&str> {
    let agent = text(event, "agent_id").filter(|id| !is_compaction(id))?;
    text(event, "agent_type").map(|_| agent)
}

/// What an event tells.
pub fn observe(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let Some(session) = text(event, "session_id") else { return Vec::new() };
    let blank = Sighting {
        harness: "claude-code".to_owned(),
        harness_session_id: session.to_owned(),
        tool_use_id: None,
        agent_id: None,
        parent_agent_id: None,
        at,
        evidence: Evidence::default(),
    };
    match text(event, "hook_event_name") {
        Some("PreToolUse") => {
            let mut it = called(event, blank, at, keeper);
            if let Some(call) = &mut it.evidence.call {
                call.base_commit = keeper.head_commit();
            }
            await_caller(event, &it, keeper);
            vec![it]
        }
        Some("PostToolUse") => vec![returned(event, blank, keeper)],
        Some("PostToolUseFailure") => vec![failed(event, blank, keeper)],
        Some("SubagentStart") => vec![started(event, blank, keeper)],
        Some("SubagentStop") => vec![stopped(event, blank, keeper)],
        Some("UserPromptSubmit") => notified(event, &blank, keeper),
        _ => Vec::new(),
    }
}

/// The call that spawns an agent: told before it runs, and again with what came back.
fn called(event: &Value, blank: Sighting, at: Timestamp, keeper: &mut Keeper<'_>) -> Sighting {
    let null = Value::Null;
    let input = event.get("tool_input").unwrap_or(&null);
    let mut call = keeper.call(at, text(input, "prompt"), text(input, "model"));
    call.description = text(input, "description").map(|it| keeper.clean(it));
    call.description = call.description.or_else(|| {
        text(input, "prompt").and_then(crate::capture::fields::title).map(|it| keeper.clean(&it))
    });
    call.agent_type = owned(input, "subagent_type");
    Sighting {
        tool_use_id: owned(event, "tool_use_id"),
        // Of a call within an agent this is the agent that makes it.
        parent_agent_id: owned(event, "agent_id"),
        evidence: Evidence {
            background: flag(input, "run_in_background"),
            call: Some(call),
            ..Evidence::default()
        },
        ..blank
    }
}

/// When a call that is back now was made.
fn began(event: &Value, now: Timestamp) -> Timestamp {
    let took = number(event, "duration_ms").and_then(|ms| i64::try_from(ms).ok());
    now.plus_millis(-took.unwrap_or(0))
}

fn returned(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let at = blank.at;
    let mut it = called(event, blank, began(event, at), keeper);
    let response = event.get("tool_response").unwrap_or(&Value::Null);
    it.agent_id = match response.as_str() {
        Some(message) => {
            let content = serde_json::json!({ "content": message });
            response::add(&mut it.evidence, &content, at, keeper)
        }
        None => response::add(&mut it.evidence, response, at, keeper),
    };
    if let (Some(agent), Some(session)) = (&it.agent_id, text(event, "transcript_path")) {
        keeper.awaits(&transcript_of(session.as_ref(), agent), &it, Some(agent));
    }
    it
}

/// Of a call that is refused nothing is told: it stands in the transcript of who made it.
fn await_caller(event: &Value, it: &Sighting, keeper: &mut Keeper<'_>) {
    let Some(session) = text(event, "transcript_path").map(PathBuf::from) else { return };
    match it.parent_agent_id.as_deref() {
        Some(agent) => keeper.awaits(&transcript_of(&session, agent), it, Some(agent)),
        None => keeper.awaits(&session, it, None),
    }
}

fn failed(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let at = blank.at;
    let mut it = called(event, blank, began(event, at), keeper);
    let why = text(event, "error").unwrap_or("the tool failed");
    response::add_failure(&mut it.evidence, why, at, keeper);
    it
}

/// An agent that is told of, with what stands beside its transcript.
fn of_agent(event: &Value, blank: Sighting) -> (Sighting, Option<PathBuf>) {
    let agent_id = agent_of(event).map(str::to_owned);
    let told = text(event, "agent_transcript_path").map(PathBuf::from);
    let derived = || {
        let session = text(event, "transcript_path")?;
        Some(transcript_of(session.as_ref(), agent_id.as_deref()?))
    };
    let transcript = told.or_else(derived);
    let beside = transcript.as_deref().map(Sidecar::beside).unwrap_or_default();
    let mut evidence = beside.evidence;
    evidence.agent_type = owned(event, "agent_type").or(evidence.agent_type);
    let it = Sighting {
        tool_use_id: beside.tool_use_id,
        parent_agent_id: beside.parent_agent_id,
        agent_id,
        evidence,
        ..blank
    };
    (it, transcript)
}

fn started(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let (mut it, transcript) = of_agent(event, blank);
    it.evidence.started_at = Some(it.at);
    // One that fails never stops, as far as events tell.
    if let Some(transcript) = transcript {
        keeper.awaits(&transcript, &it, it.agent_id.as_deref());
    }
    it
}

fn stopped(event: &Value, blank: Sighting, keeper: &mut Keeper<'_>) -> Sighting {
    let (mut it, transcript) = of_agent(event, blank);
    // The last lines of the transcript come later; what the event says holds until then.
    let message = event.get("last_assistant_message").and_then(Value::as_str).unwrap_or_default();
    let message = keeper.keep(message);
    it.evidence.turns.insert(message.hash, Turn { at: it.at, bytes: message.bytes });
    if let Some(transcript) = transcript {
        keeper.awaits(&transcript, &it, it.agent_id.as_deref());
    }
    it
}

fn notified(event: &Value, blank: &Sighting, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let prompt = text(event, "prompt").unwrap_or_default();
    let notices = notices(prompt, blank.at, keeper);
    let session = text(event, "transcript_path").map(PathBuf::from);
    let sighting = |notice: super::notice::Notice| {
        let mut it = Sighting {
            agent_id: Some(notice.agent_id),
            evidence: notice.evidence,
            ..blank.clone()
        };
        if let (Some(session), Some(agent)) = (&session, &it.agent_id) {
            let transcript = transcript_of(session, agent);
            let beside = Sidecar::beside(&transcript);
            it.tool_use_id = beside.tool_use_id;
            it.parent_agent_id = beside.parent_agent_id;
            it.evidence = it.evidence.merge(beside.evidence);
            keeper.awaits(&transcript, &it, it.agent_id.as_deref());
        }
        it
    };
    notices.into_iter().map(sighting).collect()
}

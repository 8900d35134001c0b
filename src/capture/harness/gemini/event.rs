//! Events of hooks.

use super::chats::{Chat, beneath, name, said};
use super::{SPAWNING, session};
use crate::capture::fields::{owned, text, time, title};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Call, Delivery, Evidence, Timestamp};
use serde_json::Value;
use std::path::Path;

/// How an agent that did its task says so.
const REACHED: &str = "GOAL";

/// Whether an event tells anything of a deployment.
pub fn is_told_something(event: &Value) -> bool {
    match text(event, "hook_event_name") {
        Some("BeforeTool" | "AfterTool") => {
            text(event, "tool_name").is_some_and(|tool| SPAWNING.contains(&tool))
                && event.get("tool_input").is_some_and(|input| prompt(input).is_some())
        }
        Some("SessionEnd") => text(event, "session_id").is_some(),
        _ => false,
    }
}

/// What an agent is told; former tools had other words for it.
pub fn prompt(input: &Value) -> Option<&str> {
    ["prompt", "objective", "query", "question", "request", "task"]
        .iter()
        .find_map(|key| text(input, key))
}

/// The call of a tool, as its caller made it.
pub fn call(tool: &str, input: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Call {
    let prompt = prompt(input);
    let mut call = keeper.call(at, prompt, None);
    let named = ["agent_name", "subagent_name", "agent"].iter().find_map(|key| owned(input, key));
    call.agent_type = named.or_else(|| Some(tool.to_owned()));
    call.description = prompt.and_then(title).map(|it| keeper.clean(&it));
    call
}

/// What an event tells.
pub fn observe(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    if text(event, "hook_event_name") == Some("SessionEnd") {
        let path = text(event, "transcript_path").map(Path::new);
        return path.map(|path| session::read_quickly(path, at, keeper)).unwrap_or_default();
    }
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    let told = (text(event, "session_id"), text(event, "tool_name"), prompt(input));
    let (Some(session), Some(tool), Some(prompt)) = told else { return Vec::new() };
    let chats = text(event, "transcript_path").map(|it| beneath(Path::new(it), session));
    // What came later is another call's, also if this is told long afterwards.
    let at = time(event, "timestamp").unwrap_or(at);
    let is_same = |chat: &Chat| chat.prompt == prompt && chat.began.is_none_or(|began| began <= at);
    let same: Vec<Chat> = chats.unwrap_or_default().into_iter().filter(is_same).collect();
    let mut evidence =
        Evidence { call: Some(call(tool, input, at, keeper)), ..Evidence::default() };
    let (mut before, mut agent_id) = (same.len(), None);
    if text(event, "hook_event_name") == Some("AfterTool") {
        let response = event.get("tool_response").unwrap_or(&Value::Null);
        let delivery = delivery(response, at, keeper);
        let named = agents_named(response);
        // Without a name it is the one that began last.
        let place = same.iter().position(|it| named.contains(&it.agent_id.as_str()));
        before = place.unwrap_or(same.len().saturating_sub(1));
        let chat = same.get(before);
        evidence.transcript = chat.and_then(|it| it.seen(keeper));
        agent_id = chat.map(|it| it.agent_id.clone());
        evidence.deliveries.insert(key(&delivery), delivery);
    } else if let Some(call) = &mut evidence.call {
        call.base_commit = keeper.head_commit();
    }
    vec![Sighting {
        harness: "gemini".to_owned(),
        harness_session_id: session.to_owned(),
        tool_use_id: Some(name(session, prompt, before)),
        agent_id,
        parent_agent_id: None,
        at,
        evidence,
    }]
}

/// What a delivery is known by.
pub fn key(delivery: &Delivery) -> String {
    match (&delivery.error, &delivery.text) {
        (Some(error), _) => format!("error: {error}"),
        (None, Some(text)) => text.hash.clone(),
        (None, None) => "nothing".to_owned(),
    }
}

/// Agents that what is shown of a call names: each of their tools is called after them.
fn agents_named(response: &Value) -> Vec<&str> {
    let shown = response.pointer("/returnDisplay/recentActivity").and_then(Value::as_array);
    let ids = shown.into_iter().flatten().filter_map(|it| text(it, "id")?.split_once('#'));
    ids.map(|(agent, _)| agent).collect()
}

fn delivery(response: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Delivery {
    let null = Value::Null;
    let shown = response.get("returnDisplay").unwrap_or(&null);
    let sent = response.get("llmContent").unwrap_or(response);
    delivered(shown, said(sent).unwrap_or_default(), response.get("error"), at, keeper)
}

/// What came back: `shown` says how it went, `sent` is what the caller got, with words of the harness's before it.
pub fn delivered(
    shown: &Value,
    sent: String,
    error: Option<&Value>,
    at: Timestamp,
    keeper: &mut Keeper<'_>,
) -> Delivery {
    const LONGEST: usize = 2_000;
    let result = shown.get("result").filter(|it| !it.is_null());
    let result = result.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
    let error = error.filter(|it| !it.is_null());
    let has_failed = error.is_some()
        || matches!(text(shown, "state"), Some("error" | "cancelled"))
        || text(shown, "terminateReason").is_some_and(|it| it != REACHED);
    let why = has_failed.then(|| {
        let told = error.and_then(|it| it.as_str().or_else(|| text(it, "message")));
        let why = told.unwrap_or(&sent).trim();
        let end = why.char_indices().nth(LONGEST).map_or(why.len(), |(end, _)| end);
        keeper.clean(&why[..end])
    });
    let message = result.unwrap_or(if has_failed { String::new() } else { sent });
    Delivery {
        at,
        success: !has_failed,
        text: (!message.is_empty()).then(|| keeper.keep(&message)),
        error: why,
        usage: None,
        reported_tokens: None,
        tool_uses: None,
        duration_ms: None,
    }
}

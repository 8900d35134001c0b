//! A call that spawns an agent, as a hook or a rollout tells it.

use super::{DEFAULT_ROLE, SPAWN};
use crate::capture::fields::{joined, owned, text, texts, title};
use crate::capture::keeper::Keeper;
use crate::model::{Call, Delivery, Evidence, Timestamp};
use serde_json::Value;

/// What has this many signs and no blank among them was not written by anybody.
const CIPHERTEXT: usize = 64;

/// The call with these arguments.
pub fn call(input: &Value, at: Timestamp, model: Option<&str>, keeper: &mut Keeper<'_>) -> Call {
    let parts = || Some(joined(&texts(input.get("items")))).filter(|it| !it.is_empty());
    let prompt = owned(input, "message").or_else(parts).filter(|it| is_readable(it));
    let mut call = keeper.call(at, prompt.as_deref(), text(input, "model").or(model));
    let first_line = prompt.as_deref().and_then(title);
    call.description = first_line.or_else(|| owned(input, "task_name"));
    call.description = call.description.map(|it| keeper.clean(&it));
    call.agent_type = owned(input, "agent_type").or_else(|| Some(DEFAULT_ROLE.to_owned()));
    call
}

/// Whether it is a text, and not one that only the model's provider can read.
pub fn is_readable(prompt: &str) -> bool {
    let is_of_cipher = |it: u8| it.is_ascii_alphanumeric() || b"+/=_-".contains(&it);
    prompt.len() < CIPHERTEXT || !prompt.bytes().all(is_of_cipher)
}

/// The agent that the answer to a call names.
pub fn spawned(answer: &Value) -> Option<String> {
    owned(&parsed(answer)?, "agent_id")
}

/// An answer that is JSON: as it is, or as a text.
pub fn parsed(answer: &Value) -> Option<Value> {
    match answer {
        Value::String(text) => serde_json::from_str(text).ok().filter(Value::is_object),
        Value::Object(_) => Some(answer.clone()),
        _ => None,
    }
}

/// A call and the agent that it spawned, where an item of a turn names both.
pub fn link(payload: &Value) -> Option<(String, String)> {
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

/// What its caller got.
pub fn deliver(evidence: &mut Evidence, message: &str, at: Timestamp, keeper: &mut Keeper<'_>) {
    let text = keeper.keep(message);
    let delivery = Delivery { success: true, text: Some(text.clone()), ..delivery(at) };
    evidence.deliveries.insert(text.hash, delivery);
}

/// That it did not go well, in the harness's words.
pub fn fail(evidence: &mut Evidence, why: &str, at: Timestamp, keeper: &Keeper<'_>) {
    const LONGEST: usize = 2_000;
    let end = why.char_indices().nth(LONGEST).map_or(why.len(), |(end, _)| end);
    let why = keeper.clean(why[..end].trim());
    let delivery = Delivery { error: Some(why.clone()), ..delivery(at) };
    evidence.deliveries.insert(format!("error: {why}"), delivery);
}

/// Something that came back, with nothing known of it yet.
fn delivery(at: Timestamp) -> Delivery {
    Delivery {
        at,
        success: false,
        text: None,
        error: None,
        usage: None,
        reported_tokens: None,
        tool_uses: None,
        duration_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_readable;

    #[test]
    fn ciphertext_is_no_prompt() {
        assert!(!is_readable(&format!("gAAAAABn{}==", "x1Y_-z".repeat(20))));
        assert!(is_readable(
            "Find the entry point of the program, and tell in which file it is, please."
        ));
        assert!(is_readable("review"));
        assert!(is_readable(&"漢字".repeat(40)));
    }
}

//! Fields of what a harness says. It may say more tomorrow, or otherwise: what is not there, or is something
//! else, is simply not told.

use crate::model::{Timestamp, Usage};
use serde_json::Value;

pub fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub fn owned(value: &Value, key: &str) -> Option<String> {
    text(value, key).map(str::to_owned)
}

pub fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

pub fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub fn time(value: &Value, key: &str) -> Option<Timestamp> {
    text(value, key).and_then(|text| text.parse().ok())
}

/// The texts of a message: it is one, or has blocks of which some are texts.
pub fn texts(content: Option<&Value>) -> Vec<&str> {
    match content {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(blocks)) => texts_of(blocks),
        _ => Vec::new(),
    }
}

/// The texts among the blocks of a message.
pub fn texts_of(blocks: &[Value]) -> Vec<&str> {
    let texts = blocks.iter().filter(|block| text(block, "type") == Some("text"));
    texts.filter_map(|block| block.get("text").and_then(Value::as_str)).collect()
}

/// The session that an event says was left. All harnesses have the same words for it.
pub fn ended_session(event: &Value) -> Option<&str> {
    match text(event, "hook_event_name") {
        Some("SessionEnd") => text(event, "session_id"),
        _ => None,
    }
}

/// Texts one after another, as paragraphs.
pub fn joined(texts: &[&str]) -> String {
    texts.join("\n\n")
}

/// Tokens as the API reports them. What is written for an hour is among what is written.
pub fn usage(value: &Value) -> Usage {
    let written = number(value, "cache_creation_input_tokens").unwrap_or(0);
    let by_age = value.get("cache_creation");
    let for_an_hour = by_age.and_then(|it| number(it, "ephemeral_1h_input_tokens")).unwrap_or(0);
    let for_an_hour = for_an_hour.min(written);
    Usage {
        input_tokens: number(value, "input_tokens").unwrap_or(0),
        output_tokens: number(value, "output_tokens").unwrap_or(0),
        cache_read_tokens: number(value, "cache_read_input_tokens").unwrap_or(0),
        cache_write_tokens: written - for_an_hour,
        cache_write_1h_tokens: for_an_hour,
    }
}

/// The first line that says something, short enough for a title.
pub fn title(text: &str) -> Option<String> {
    const LONGEST: usize = 120;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => Some(format!("{}…", line[..end].trim_end())),
        None => Some(line.to_owned()),
    }
}

//! What a caller got back from the tool that spawned an agent.

use crate::capture::fields::{flag, joined, number, text, texts, texts_of, usage};
use crate::capture::keeper::Keeper;
use crate::model::{Delivery, Evidence, Timestamp};
use serde_json::Value;

/// Adds a response to the evidence. Returns the agent that it names.
pub fn add(
    evidence: &mut Evidence,
    response: &Value,
    at: Timestamp,
    keeper: &mut Keeper<'_>,
) -> Option<String> {
    // The size of its window may stand behind its name.
    let model = text(response, "resolvedModel").and_then(|it| it.split('[').next());
    evidence.model = model.map(str::to_owned);
    let status = text(response, "status").unwrap_or("completed");
    if flag(response, "isAsync") || status.ends_with("_launched") {
        evidence.background = true;
    } else if response.get("content").is_some() {
        let message = joined(&said(response));
        deliver(
            evidence,
            Delivery {
                text: Some(keeper.keep(&message)),
                usage: response.get("usage").map(usage).filter(|it| !it.is_zero()),
                reported_tokens: number(response, "totalTokens"),
                tool_uses: number(response, "totalToolUseCount"),
                duration_ms: number(response, "totalDurationMs"),
                ..delivery(at, status == "completed", Some(status))
            },
        );
    }
    text(response, "agentId").map(str::to_owned)
}

/// What the agent said of a response: some begin and end with words of the harness's own.
fn said(response: &Value) -> Vec<&str> {
    let count = |key| number(response, key).map_or(0, |it| it as usize);
    let (before, behind) = (count("harnessNoteCount"), count("harnessTailCount"));
    match response.get("content").and_then(Value::as_array) {
        Some(blocks) if before + behind <= blocks.len() => {
            texts_of(&blocks[before..blocks.len() - behind])
        }
        _ => texts(response.get("content")),
    }
}

/// Adds that the tool failed, in the harness's words.
pub fn add_failure(evidence: &mut Evidence, why: &str, at: Timestamp, keeper: &Keeper<'_>) {
    const LONGEST: usize = 2_000;
    let end = why.char_indices().nth(LONGEST).map_or(why.len(), |(end, _)| end);
    let why = keeper.clean(why[..end].trim());
    deliver(evidence, Delivery { error: Some(why), ..delivery(at, false, None) });
}

/// Something that was delivered, with nothing known of it yet.
pub fn delivery(at: Timestamp, success: bool, status: Option<&str>) -> Delivery {
    Delivery {
        at,
        success,
        text: None,
        error: (!success).then(|| format!("the harness says: {}", status.unwrap_or("failed"))),
        usage: None,
        reported_tokens: None,
        tool_uses: None,
        duration_ms: None,
    }
}

/// Puts it under what it is known by.
pub fn deliver(evidence: &mut Evidence, delivery: Delivery) {
    let key = match (&delivery.text, &delivery.error) {
        (Some(text), _) => text.hash.clone(),
        (None, Some(error)) => format!("error: {error}"),
        (None, None) => "nothing".to_owned(),
    };
    evidence.deliveries.insert(key, delivery);
}

//! A record that is on record already: is the given one the same, an earlier or a later state of it,
//! or another?
//!
//! A history is exported while its sessions go on, and imported again a day later. What an open
//! record has become since is no contradiction: it is carried forward, as `git fetch` does. Only what
//! cannot come of the record by recording is a conflict.

use super::lines::{BundleLine, ExecutionLine, SessionLine};
use crate::history::fault::shown_apart;
use crate::model::ExecutionStatus;
use serde::Serialize;
use serde_json::{Map, Value};

/// How a given record stands to the one on record.
#[derive(Debug, PartialEq)]
pub enum Standing {
    Same,
    /// The record has gone on since.
    Earlier,
    /// The given one has gone on since.
    Later,
    Conflict(Vec<FieldDifference>),
}

/// A field that has another value on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    pub field: String,
    pub recorded: String,
    pub given: String,
}

const COMPLETION: [&str; 9] = [
    "completed_at",
    "status",
    "success",
    "error_message",
    "deliverables",
    "final_message_bytes",
    "final_message",
    "final_message_base64",
    "earlier_completions",
];

const CONTEXT: [&str; 7] = [
    "context_token_count",
    "context_tokens_upper",
    "context_tokens_exact",
    "context_budget",
    "bundle_id",
    "briefing_hash",
    "allocations",
];

/// What a harness told is added to what was told before, and contradicts nothing.
const TOLD: [&str; 2] = ["captures", "usage"];

const STATE: [&str; 4] = ["phase", "status", "ended_at", "error_message"];

fn fields(record: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("a line is an object with text keys"),
    }
}

/// What differs among the fields that are `wanted`; a place is no value.
fn differences(
    recorded: &impl Serialize,
    given: &impl Serialize,
    wanted: impl Fn(&str) -> bool,
) -> Vec<FieldDifference> {
    let (recorded, given) = (fields(recorded), fields(given));
    let more = given.keys().filter(|name| !recorded.contains_key(*name));
    let names = recorded.keys().chain(more).filter(|name| *name != "seq" && wanted(name));
    let differing = names.filter(|name| recorded.get(*name) != given.get(*name));
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "(none)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    differing
        .map(|name| {
            let (recorded, given) = shown_apart(&text(recorded.get(name)), &text(given.get(name)));
            FieldDifference { field: name.clone(), recorded, given }
        })
        .collect()
}

/// Values that must be alike; what is not listed in `but` never changes once recorded.
pub fn must_agree(recorded: &impl Serialize, given: &impl Serialize, but: &[&str]) -> Standing {
    let differing = differences(recorded, given, |name| !but.contains(&name));
    match differing.is_empty() {
        true => Standing::Same,
        false => Standing::Conflict(differing),
    }
}

/// A bundle is named after what is in it; it may be prepared again.
pub fn bundle(recorded: &BundleLine, given: &BundleLine) -> Standing {
    match must_agree(&recorded.manifest, &given.manifest, &["created_at"]) {
        Standing::Same => match given.prepared_at.cmp(&recorded.prepared_at) {
            std::cmp::Ordering::Less => Standing::Earlier,
            std::cmp::Ordering::Equal => Standing::Same,
            std::cmp::Ordering::Greater => Standing::Later,
        },
        other => other,
    }
}

/// A session goes through its phases and ends once.
pub fn session(recorded: &SessionLine, given: &SessionLine) -> Standing {
    if let Standing::Conflict(differing) = must_agree(recorded, given, &STATE) {
        return Standing::Conflict(differing);
    }
    let (old, new) = (&recorded.session, &given.session);
    match (old.status.is_ended(), new.status.is_ended()) {
        _ if old == new => Standing::Same,
        (true, true) => must_agree(recorded, given, &[]),
        (true, false) => Standing::Earlier,
        (false, true) => Standing::Later,
        (false, false) if (new.status, new.phase) > (old.status, old.phase) => Standing::Later,
        (false, false) => Standing::Earlier,
    }
}

/// What never changes of an execution.
pub fn deployment(recorded: &ExecutionLine, given: &ExecutionLine) -> Standing {
    must_agree(recorded, given, &[&COMPLETION[..], &CONTEXT[..], &TOLD[..]].concat())
}

/// What an execution was given: it may be said once after the deployment.
pub fn context(recorded: &ExecutionLine, given: &ExecutionLine) -> Standing {
    let differing = differences(recorded, given, |name| CONTEXT.contains(&name));
    let is_open =
        |it: &ExecutionLine| it.execution.bundle_id.is_none() && it.allocations.is_empty();
    match (is_open(recorded), is_open(given)) {
        _ if differing.is_empty() => Standing::Same,
        (true, false) => Standing::Later,
        (false, true) => Standing::Earlier,
        _ => Standing::Conflict(differing),
    }
}

/// How an execution ended: once, and again with each amendment.
pub fn completion(recorded: &ExecutionLine, given: &ExecutionLine) -> Standing {
    let differing = differences(recorded, given, |name| COMPLETION.contains(&name));
    let (old, new) = (endings(recorded), endings(given));
    match differing.is_empty() {
        true => Standing::Same,
        false if old.len() < new.len() && new.starts_with(&old) => Standing::Later,
        false if new.len() < old.len() && old.starts_with(&new) => Standing::Earlier,
        false => Standing::Conflict(differing),
    }
}

/// The completions of an execution, oldest first; the last is the one that counts.
fn endings(line: &ExecutionLine) -> Vec<Map<String, Value>> {
    let mut endings: Vec<_> = line.earlier_completions.iter().map(fields).collect();
    if line.execution.status != ExecutionStatus::Deployed {
        endings.push(fields(line));
    }
    for ending in &mut endings {
        ending.retain(|name, _| COMPLETION.contains(&name.as_str()));
        for name in ["earlier_completions", "success", "final_message_bytes"] {
            ending.remove(name);
        }
    }
    endings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SessionStatus;

    fn session_line(status: SessionStatus, phase: u8) -> SessionLine {
        let session = serde_json::json!({
            "seq": 1, "session_id": "s-1", "created_at": "2025-01-17T09:30:00.000Z", "scope": "s",
            "phase": phase, "status": status, "ended_at": null, "error_message": null,
            "metadata": {}
        });
        serde_json::from_value(session).unwrap()
    }

    #[test]
    fn a_session_goes_forward_and_ends_once() {
        use SessionStatus::{Completed, Executing, Failed, Planning};
        let standing = |old: (SessionStatus, u8), new: (SessionStatus, u8)| {
            session(&session_line(old.0, old.1), &session_line(new.0, new.1))
        };
        assert_eq!(standing((Planning, 1), (Planning, 1)), Standing::Same);
        assert_eq!(standing((Planning, 1), (Executing, 3)), Standing::Later);
        assert_eq!(standing((Executing, 3), (Planning, 2)), Standing::Earlier);
        assert_eq!(standing((Executing, 4), (Completed, 3)), Standing::Later);
        assert_eq!(standing((Completed, 3), (Executing, 5)), Standing::Earlier);
        assert!(matches!(standing((Completed, 3), (Failed, 3)), Standing::Conflict(_)));
    }
}

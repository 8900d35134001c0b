//! The transcript of a session: the calls that ran agents, and what came back.

use super::SPAWNING;
use super::chats::{QUICKLY_READ, beneath, name, records};
use super::event::{call, delivered, key, prompt};
use crate::capture::fields::{owned, text, time};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Evidence, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Whether a transcript is that of a session, by where it is.
pub fn is_session(path: &Path) -> bool {
    let named = |it: Option<&std::ffi::OsStr>| it.map(|it| it.to_string_lossy().into_owned());
    let is_named = named(path.file_name()).is_some_and(|it| it.starts_with("session-"));
    is_named && named(path.parent().and_then(Path::file_name)).as_deref() == Some("chats")
}

/// What the transcript at `path` tells, with those of its agents.
pub fn read(path: &Path, bytes: &[u8], now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut records = records(&bytes[..end]);
    let Some(session) = records.next().and_then(|it| owned(&it, "sessionId")) else {
        return Vec::new();
    };
    // A message is told again when there is more of it: the last time holds.
    let mut calls: BTreeMap<String, (Option<Timestamp>, Value)> = BTreeMap::new();
    for record in records {
        let said_at = time(&record, "timestamp");
        let of_record = record.get("toolCalls").and_then(Value::as_array);
        for call in of_record.into_iter().flatten() {
            let is_spawn = text(call, "name").is_some_and(|it| SPAWNING.contains(&it));
            if let Some(id) = owned(call, "id").filter(|_| is_spawn) {
                calls.insert(id, (said_at, call.clone()));
            }
        }
    }
    if calls.is_empty() {
        return Vec::new();
    }
    let chats = beneath(path, &session);
    let told = calls.into_iter().filter_map(|(id, (said_at, call))| {
        let chat = chats.iter().find(|it| text(&call, "agentId") == Some(&it.agent_id));
        let input = call.get("args")?;
        let prompt = prompt(input)?;
        let tool_use_id = match chat {
            Some(chat) => {
                let same = chats.iter().filter(|it| it.prompt == prompt);
                name(&session, prompt, same.take_while(|it| it.agent_id != chat.agent_id).count())
            }
            // No hook was told of it: it was refused before.
            None => name(&session, &id, 0),
        };
        let mut evidence = returned(&call, said_at.unwrap_or(now), keeper)?;
        evidence.transcript = chat.and_then(|it| it.seen(keeper));
        Some(Sighting {
            harness: "gemini".to_owned(),
            harness_session_id: session.clone(),
            tool_use_id: Some(tool_use_id),
            agent_id: chat.map(|it| it.agent_id.clone()),
            parent_agent_id: None,
            at: time(&call, "timestamp").or(said_at).unwrap_or(now),
            evidence,
        })
    });
    told.collect()
}

/// The same in a moment: when a session is left, calls are found that no hook was told of.
pub fn read_quickly(path: &Path, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    match path.metadata() {
        Ok(found) if found.is_file() && found.len() <= QUICKLY_READ => {
            std::fs::read(path).map_or_else(|_| Vec::new(), |it| read(path, &it, now, keeper))
        }
        _ => Vec::new(),
    }
}

/// The call, and what came back.
fn returned(it: &Value, said_at: Timestamp, keeper: &mut Keeper<'_>) -> Option<Evidence> {
    let null = Value::Null;
    let call = call(text(it, "name")?, it.get("args")?, said_at, keeper);
    let mut evidence = Evidence { call: Some(call), ..Evidence::default() };
    let answer = it.pointer("/result/0/functionResponse/response").unwrap_or(&null);
    let error = match text(it, "status") {
        Some("error" | "cancelled") => {
            Some(answer.get("error").cloned().unwrap_or_else(|| it["status"].clone()))
        }
        Some("success") => None,
        // It is not back yet.
        _ => return Some(evidence),
    };
    let at = time(it, "timestamp").unwrap_or(said_at);
    let sent = text(answer, "output").unwrap_or_default().to_owned();
    let shown = it.get("resultDisplay").unwrap_or(&null);
    let delivery = delivered(shown, sent, error.as_ref(), at, keeper);
    evidence.deliveries.insert(key(&delivery), delivery);
    Some(evidence)
}

//! Rollouts: what the harness writes of each thread, a session or an agent.
//!
//! `~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`. The first record says whose it is: `session_id` is the
//! session's, also for agents of agents. A thread that was forked begins with a copy of another one's records,
//! which are not its own.

use super::call::link;
use super::reading::Reading;
use crate::capture::fields::text;
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::Timestamp;
use memchr::memmem;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A rollout that is longer is left to an import: a hook has no time.
const QUICKLY_READ: u64 = 4 << 20;
/// What was written a moment ago stands in so much at the end.
const TAIL: u64 = 256 << 10;
/// What a record's type stands in, from its beginning.
const HEAD: usize = 160;
/// Types that tell nothing here, and may be long.
const SILENT: [&str; 5] = [
    "\"type\":\"world_state\"",
    "\"type\":\"compacted\"",
    "\"type\":\"reasoning\"",
    "\"type\":\"message\"",
    "\"type\":\"additional_tools\"",
];

/// What a rollout tells: of the agent whose it is, and of the calls in it that spawned others.
pub fn read(bytes: &[u8], now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut reading = Reading::default();
    for record in records(&bytes[..end]) {
        reading.take(&record, keeper);
        // The first record says whose it is.
        if !reading.has_begun() {
            return Vec::new();
        }
    }
    reading.sightings(end as u64, now, keeper)
}

/// The same of a file, in a moment.
pub fn read_quickly(path: &Path, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    match path.metadata() {
        Ok(found) if found.is_file() && found.len() <= QUICKLY_READ => {
            std::fs::read(path).map_or_else(|_| Vec::new(), |bytes| read(&bytes, now, keeper))
        }
        _ => Vec::new(),
    }
}

/// What no hook has told when a session is left: calls that spawned nothing, and agents that failed.
pub fn at_the_end(path: &Path, now: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let mut told = read_quickly(path, now, keeper);
    let agents: BTreeSet<String> = told.iter().filter_map(|it| it.agent_id.clone()).collect();
    let failed = agents.iter().filter_map(|agent| beside(path, agent)).filter(|it| has_failed(it));
    let failed: Vec<PathBuf> = failed.collect();
    told.extend(failed.iter().flat_map(|it| read_quickly(it, now, keeper)));
    told
}

/// The rollout of an agent, in the directory of its session's.
fn beside(session: &Path, agent: &str) -> Option<PathBuf> {
    let ending = format!("-{agent}.jsonl");
    let entries = std::fs::read_dir(session.parent()?).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|it| it.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending)))
}

/// Whether the last turn of a rollout was broken off.
fn has_failed(path: &Path) -> bool {
    let tail = tail(path).unwrap_or_default();
    let last = records(&tail).filter_map(|record| {
        let payload = record.get("payload")?;
        match text(payload, "type")? {
            "task_complete" => Some(payload.get("error").is_some_and(|it| !it.is_null())),
            "turn_aborted" => Some(true),
            _ => None,
        }
    });
    last.last().unwrap_or(false)
}

/// The agent that a call spawned, by its caller's rollout.
pub fn agent_of_call(callers: &Path, call: &str) -> Option<String> {
    links(callers).find(|(id, _)| id == call).map(|(_, agent)| agent)
}

/// The call that spawned an agent.
pub fn call_of_agent(callers: &Path, agent: &str) -> Option<String> {
    links(callers).find(|(_, id)| id == agent).map(|(call, _)| call)
}

/// Calls and their agents, among what was written last.
fn links(callers: &Path) -> impl Iterator<Item = (String, String)> {
    let tail = tail(callers).unwrap_or_default();
    let links: Vec<_> = records(&tail).filter_map(|record| link(record.get("payload")?)).collect();
    links.into_iter()
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The records that may tell something. A line that is not whole is none.
fn records(bytes: &[u8]) -> impl Iterator<Item = Value> {
    let is_silent = |line: &[u8]| {
        let head = &line[..line.len().min(HEAD)];
        SILENT.iter().any(|it| memmem::find(head, it.as_bytes()).is_some())
    };
    let lines =
        bytes.split(|byte| *byte == b'\n').filter(move |it| !it.is_empty() && !is_silent(it));
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

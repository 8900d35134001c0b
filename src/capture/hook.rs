//! One event of a harness: recorded in a moment, or kept for later, or marked as lost. It never fails, for a
//! recorder that fails would stop the agent that it records.

use super::again::look_quickly;
use super::harness::{claude_code, codex, gemini};
use super::spool::{self, Places};
use super::{Harness, fields, recall};
use crate::error::Result;
use crate::model::{BundleId, Timestamp};
use crate::workspace::{self, Options, Workspace};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long others may keep the history from an event. Then it waits in a file.
const PATIENCE: Duration = Duration::from_millis(120);

/// A transcript that is longer is left to the next command: a hook has no time.
const QUICKLY_READ: u64 = 4 << 20;

/// An event as it came.
#[derive(Debug)]
pub struct Event {
    pub harness: Harness,
    /// What stood on stdin, as far as it was read.
    pub bytes: Vec<u8>,
    /// Why that is not all, if it is not.
    pub cut: Option<String>,
    pub at: Timestamp,
    /// Until when it must be recorded.
    pub until: Instant,
    /// Where the harness says that the project is; an agent may have gone elsewhere.
    pub project: Option<PathBuf>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It tells nothing of a deployment.
    Nothing,
    Recorded,
    /// It waits in a file for the next command.
    Kept,
    /// It is gone, and that is marked.
    Lost,
}

/// Takes in an event. What is returned with it is to be given to the harness.
pub fn hear(event: Event, mut options: Options) -> (Heard, Option<String>) {
    let parsed: Option<Value> = match &event.cut {
        None => serde_json::from_slice(&event.bytes).ok(),
        Some(_) => None,
    };
    let told = parsed.as_ref().and_then(|it| fields::text(it, "cwd")).map(PathBuf::from);
    if let Some(cwd) = event.project.clone().or(told).filter(|cwd| cwd.is_dir()) {
        options.cwd = cwd;
    }
    let Some(parsed) = parsed else { return (no_event(&event, &options), None) };
    if !is_told_something(event.harness, &parsed) {
        return (Heard::Nothing, None);
    }
    options.now = Some(event.at);
    options.patience = Some(PATIENCE);
    let places = places(&options);
    match in_time(event.harness, parsed, event.at, event.until, options) {
        Some(Ok(reply)) => (Heard::Recorded, reply),
        Some(Err(_)) | None => match places.keep(event.harness, event.at, &event.bytes) {
            Ok(()) => (Heard::Kept, None),
            Err(error) => (lost(&event, &places, &error.to_string()), None),
        },
    }
}

fn is_told_something(harness: Harness, event: &Value) -> bool {
    match harness {
        Harness::ClaudeCode => {
            claude_code::is_told_something(event)
                || fields::ended_session(event).is_some()
                || is_after_compaction(event)
        }
        Harness::Codex => codex::is_told_something(event) || is_after_compaction(event),
        Harness::Gemini => gemini::is_told_something(event),
    }
}

fn is_after_compaction(event: &Value) -> bool {
    fields::text(event, "hook_event_name") == Some("SessionStart")
        && fields::text(event, "source") == Some("compact")
}

/// What is no event: nothing at all is none, a part of one is lost.
fn no_event(event: &Event, options: &Options) -> Heard {
    if event.bytes.iter().all(u8::is_ascii_whitespace) && event.cut.is_none() {
        return Heard::Nothing;
    }
    let why = event.cut.as_deref().unwrap_or("an event that is no JSON");
    let begins: String = String::from_utf8_lossy(&event.bytes).chars().take(80).collect();
    lost(event, &places(options), &format!("{why}; it begins {begins}"))
}

fn lost(event: &Event, places: &Places, why: &str) -> Heard {
    let _ = places.lose(event.harness, event.at, why);
    Heard::Lost
}

fn places(options: &Options) -> Places {
    let home = workspace::home(options).ok();
    Places::new(home.as_deref(), options.state.as_deref())
}

/// Records in a thread of its own: what takes too long is left to itself, and to the next command.
fn in_time(
    harness: Harness,
    event: Value,
    at: Timestamp,
    until: Instant,
    options: Options,
) -> Option<Result<Option<String>>> {
    let (done, doing) = mpsc::channel();
    let work = move || {
        let record = || {
            let workspace = Workspace::open(options)?;
            let briefing = wanted_briefing(&workspace, harness, &event)?;
            spool::record(&workspace, harness, &event, at, briefing.as_deref())?;
            if fields::ended_session(&event).is_some() {
                // What fails of it goes on waiting; the event is on record.
                let _ = look_quickly(&workspace, QUICKLY_READ);
            }
            let reply = reply(&workspace, harness, &event, briefing);
            Ok((reply, workspace))
        };
        match record() {
            Ok((reply, workspace)) => {
                let _ = done.send(Ok(reply));
                workspace.leave();
            }
            Err(error) => drop(done.send(Err(error))),
        }
    };
    let spawned = std::thread::Builder::new().spawn(work);
    spawned.ok()?;
    doing.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
}

/// What the harness is given back: a briefing in the place of a prompt, or the record after a compaction.
fn reply(
    workspace: &Workspace,
    harness: Harness,
    event: &Value,
    briefing: Option<String>,
) -> Option<String> {
    if is_after_compaction(event) {
        let session = fields::text(event, "session_id")?;
        let recalled = recall::after_compaction(workspace, harness, session)?;
        let output = json!({
            "hookEventName": "SessionStart",
            "additionalContext": recalled,
        });
        return Some(json!({ "hookSpecificOutput": output }).to_string());
    }
    let briefing = briefing?;
    let mut input = event.get("tool_input")?.clone();
    input[prompt_field(harness)] = Value::String(briefing);
    let mut output = json!({ "hookEventName": "PreToolUse", "updatedInput": input });
    if harness == Harness::Codex {
        // It takes another input only from who says so; to spawn an agent it asks nobody anyway.
        output["permissionDecision"] = "allow".into();
    }
    Some(json!({ "hookSpecificOutput": output }).to_string())
}

/// Where the prompt of a call stands.
fn prompt_field(harness: Harness) -> &'static str {
    match harness {
        Harness::Codex => "message",
        Harness::ClaudeCode | Harness::Gemini => "prompt",
    }
}

/// The briefing that is to stand in the place of a prompt, where the project wants that.
fn wanted_briefing(
    workspace: &Workspace,
    harness: Harness,
    event: &Value,
) -> Result<Option<String>> {
    let is_call = fields::text(event, "hook_event_name") == Some("PreToolUse");
    if !workspace.config().capture.inject || !is_call {
        return Ok(None);
    }
    let prompt = event.get("tool_input").and_then(|it| fields::text(it, prompt_field(harness)));
    let bundle = prompt.and_then(|it| super::markers::markers(it).bundle);
    let Some(bundle) = bundle.and_then(|id| BundleId::new(id).ok()) else { return Ok(None) };
    let store = workspace.store();
    let Some(bundle) = store.read(|r| r.bundle(&bundle))? else { return Ok(None) };
    let kept = workspace.context().briefing_of(&bundle)?;
    let text = store.read(|r| r.content(&kept.briefing_hash))?;
    Ok(text.and_then(|bytes| String::from_utf8(bytes).ok()))
}

//! What could not be recorded at once: events in files, which the next command takes in; and a mark where
//! even that failed, so that a loss is known.
//!
//! Both stand beside the history, or, where nothing can be written there, in the user's state directory.

use super::Harness;
use super::fields::ended_session;
use super::harness::{claude_code, codex, gemini};
use super::keeper::Keeper;
use crate::error::{Error, IoContext, Kind, Result};
use crate::model::Timestamp;
use crate::store::{content, file};
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Events that wait.
const SPOOL: &str = "spool";
/// Events that were lost: a line each.
const LOSSES: &str = "losses";
/// One that not even a line could be written of: an empty file of its name.
const LOST: &str = "lost-";
/// How long others may keep the history from what waited: who asks for something else is not to wait for it.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);
/// How long a command goes on with what waited, before it does its own work.
const AT_MOST: Duration = Duration::from_secs(2);

/// What stands before an event that waits.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    harness: String,
    at: Timestamp,
}

/// The places of a project's spool, the nearest first.
#[derive(Debug, Clone)]
pub struct Places(Vec<PathBuf>);

impl Places {
    /// Those of a project.
    pub fn of(workspace: &Workspace) -> Places {
        Places::new(Some(workspace.home()), workspace.state())
    }

    /// Beside the history in `home`, and in `state`, the user's directory for such.
    pub fn new(home: Option<&Path>, state: Option<&Path>) -> Places {
        let key = home.map_or_else(
            || "nowhere".to_owned(),
            |home| content::hash(home.as_os_str().as_encoded_bytes())[..16].to_owned(),
        );
        let beside = home.map(Path::to_path_buf);
        Places(beside.into_iter().chain(state.map(|dir| dir.join(key))).collect())
    }

    /// Keeps an event until it can be recorded.
    pub fn keep(&self, harness: Harness, at: Timestamp, event: &[u8]) -> Result<()> {
        let head = Head { harness: harness.name().to_owned(), at };
        let mut text = serde_json::to_vec(&head).expect("a head is text and a time");
        text.push(b'\n');
        text.extend_from_slice(event);
        self.first(|dir| {
            let spool = dir.join(SPOOL);
            make_dirs(dir, &spool)?;
            let id = std::process::id();
            let name = |n| spool.join(format!("{:015}-{id}-{n}.event", at.unix_millis()));
            let write = |out: &mut dyn Write| out.write_all(&text).or_cannot("write into", &spool);
            file::write_new((0..1000).map(name), write).map(drop)
        })
    }

    /// Marks that an event was lost.
    pub fn lose(&self, harness: Harness, at: Timestamp, what: &str) -> Result<()> {
        let what: String = what.chars().filter(|it| !it.is_control()).take(200).collect();
        let line = format!("{at} {} {what}\n", harness.name());
        self.first(|dir| {
            make_dirs(dir, dir)?;
            let path = dir.join(LOSSES);
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let append = || options.open(&path)?.write_all(line.as_bytes());
            append().or_cannot("write", &path)
        })
        .or_else(|_| {
            // A name alone needs no room on most file systems.
            self.first(|dir| {
                let path =
                    dir.join(format!("{LOST}{:015}-{}", at.unix_millis(), std::process::id()));
                std::fs::File::create_new(&path).map(drop).or_cannot("write", &path)
            })
        })
    }

    /// What was lost, in all places.
    pub fn losses(&self) -> Losses {
        let mut losses = Losses::default();
        for dir in &self.0 {
            let text = std::fs::read(dir.join(LOSSES)).unwrap_or_default();
            for line in String::from_utf8_lossy(&text).lines() {
                losses.events += 1;
                losses.last = Some(line.to_owned()).max(losses.last.take());
            }
            losses.events += names(dir, LOST).len() as u64;
            losses.waiting += names(&dir.join(SPOOL), "").len() as u64;
        }
        losses
    }

    fn first(&self, mut attempt: impl FnMut(&Path) -> Result<()>) -> Result<()> {
        let mut failed = None;
        for dir in &self.0 {
            match attempt(dir) {
                Ok(()) => return Ok(()),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| {
            let nowhere = std::io::Error::other("there is no directory for it");
            Err::<(), _>(nowhere).or_cannot("keep", "an event").expect_err("it is an error")
        }))
    }
}

fn make_dirs(dir: &Path, spool: &Path) -> Result<()> {
    if let Some(above) = dir.parent().filter(|above| !above.exists()) {
        file::make_dir(above).or_cannot("create", above)?;
    }
    file::make_own_dir(dir)?;
    match spool == dir {
        true => Ok(()),
        false => file::make_own_dir(spool),
    }
}

/// Names of files in a directory that begin so, in order; none, where there is no directory.
fn names(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        match prefix {
            "" => name.ends_with(".event"),
            _ => name.starts_with(prefix),
        }
    };
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_meant).collect();
    paths.sort_unstable();
    paths
}

/// Events that hooks could not record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Losses {
    /// Events that are gone.
    pub events: u64,
    /// The last one of which there is a line: when, of which harness, and why.
    pub last: Option<String>,
    /// Events that wait to be taken in.
    pub waiting: u64,
}

/// What became of events that waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Taken into the record now.
    pub recorded: u64,
}

/// Takes in events that hooks could not record. What cannot be recorded now goes on waiting.
pub fn catch_up(workspace: &Workspace) -> CaughtUp {
    let mut done = CaughtUp::default();
    let places = Places::of(workspace);
    let begun = Instant::now();
    let waiting: Vec<PathBuf> =
        places.0.iter().flat_map(|dir| names(&dir.join(SPOOL), "")).collect();
    if waiting.is_empty() {
        return done;
    }
    let Ok(workspace) = workspace.hurried(PATIENCE) else { return done };
    for path in waiting {
        match take_in(&workspace, &path) {
            Ok(()) => {
                done.recorded += 1;
                let _ = std::fs::remove_file(&path);
            }
            // No event can be made of it, ever.
            Err(error) if error.kind() == Kind::Usage => {
                let _ = std::fs::rename(&path, path.with_extension("unreadable"));
                let why = format!("an event that waited cannot be read: {}", path.display());
                let _ = places.lose(Harness::ClaudeCode, workspace.now(), &why);
            }
            Err(_) => break,
        }
        if begun.elapsed() > AT_MOST {
            break;
        }
    }
    done
}

/// A file of the spool that is none.
#[derive(Debug, thiserror::Error)]
#[error("{} is no event", path.display())]
struct NoEvent {
    path: PathBuf,
}

impl crate::error::Fault for NoEvent {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

fn take_in(workspace: &Workspace, path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).or_cannot("read", path)?;
    let none = || Error::from(NoEvent { path: path.to_path_buf() });
    let end = memchr::memchr(b'\n', &bytes).ok_or_else(none)?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| none())?;
    let harness: Harness = head.harness.parse().map_err(|_| none())?;
    let event: Value = serde_json::from_slice(&bytes[end + 1..]).map_err(|_| none())?;
    // The agent has gone with its own prompt by now.
    record(workspace, harness, &event, head.at, None)
}

/// Records what an event tells, and which briefing is put in the place of its prompt.
pub(super) fn record(
    workspace: &Workspace,
    harness: Harness,
    event: &Value,
    at: Timestamp,
    briefing: Option<&str>,
) -> Result<()> {
    let mut keeper = Keeper::new(workspace);
    let mut sightings = match harness {
        Harness::ClaudeCode => claude_code::observe(event, at, &mut keeper),
        Harness::Codex => codex::observe(event, at, &mut keeper),
        Harness::Gemini => gemini::observe(event, at, &mut keeper),
    };
    let injected = briefing.map(|text| keeper.keep(text));
    for it in &mut sightings {
        it.evidence.injected = injected.clone();
    }
    let awaited = std::mem::take(&mut keeper.awaited);
    if !sightings.is_empty() {
        workspace.history().observe(&keeper.observation(sightings))?;
    }
    awaited.iter().for_each(|it| it.note(workspace.home()));
    if let Some(session) = ended_session(event) {
        workspace.history().leave_harness_session(harness.name(), session, at)?;
    }
    Ok(())
}

//! Looking at transcripts again: a harness tells of an agent's end before it has written the last lines, and of a
//! refused call it tells nothing at all.
//!
//! Which ones is noted in files beside the history, one for each: hints that may be lost, for an import reads all.
//! Who asks for nothing of the history need not open it to know that there are none.

use super::import::Import;
use super::spool::PATIENCE;
use super::transcript::modified;
use crate::context::Unheard;
use crate::error::Result;
use crate::files::read_named;
use crate::model::Timestamp;
use crate::store::{Reader, content, file};
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the notes are, in the history's directory.
const DIR: &str = "awaited";
/// How long a note's name is.
const NAME: usize = 32;
/// A note is a path and some names.
const LARGEST: u64 = 64 << 10;
/// A transcript that is longer is left to an import.
const MOST_AT_ONCE: u64 = 64 << 20;
/// What was written longer ago than this was followed by nothing. A harness was seen to take some 50 ms.
const WRITTEN_AFTER_MS: i64 = 5_000;
/// A transcript that never comes, and a call that is never answered, are waited for no longer.
const DAYS: u32 = 1;

/// A transcript that may say more by now than was read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    pub path: PathBuf,
    pub harness: String,
    pub harness_session_id: String,
    /// Whose it is; none of the session's own.
    pub agent_id: Option<String>,
    /// When an event last named it.
    pub since: Timestamp,
}

impl Awaited {
    /// Notes it in the history's directory, if that can be written.
    pub fn note(&self, home: &Path) {
        let dir = home.join(DIR);
        let name = &content::hash(self.path.as_os_str().as_encoded_bytes())[..NAME];
        let text = serde_json::to_vec(self).expect("a note is texts and a time");
        let write = || {
            let mut note = tempfile::NamedTempFile::new_in(&dir)?;
            note.write_all(&text)?;
            note.persist(dir.join(name)).map_err(|error| error.error)
        };
        if file::make_own_dir(&dir).is_ok() {
            let _ = write();
        }
    }

    /// All that are noted, each with its note.
    fn noted(home: &Path) -> Vec<(PathBuf, Awaited)> {
        let Ok(entries) = std::fs::read_dir(home.join(DIR)) else { return Vec::new() };
        let read = |note: PathBuf| {
            // One that is being written has another name.
            note.file_name().filter(|name| name.len() == NAME)?;
            let text = read_named(&note, LARGEST).ok()?;
            match serde_json::from_slice(&text) {
                Ok(awaited) => Some((note, awaited)),
                // Cut short by a crash: it names nothing.
                Err(_) => {
                    let _ = std::fs::remove_file(&note);
                    None
                }
            }
        };
        let mut noted: Vec<_> = entries.flatten().filter_map(|entry| read(entry.path())).collect();
        noted.sort_by(|a, b| a.0.cmp(&b.0));
        noted
    }
}

/// What is to be done about one.
#[derive(PartialEq)]
enum Next {
    /// Its agent is still at work.
    Wait,
    /// It may have grown.
    Read,
    /// The same, and then nothing more can come.
    ReadLast,
    /// Nothing can come.
    Drop,
}

/// Takes in what awaited transcripts say by now. What cannot be taken in goes on waiting.
pub fn look_again(workspace: &Workspace) {
    let _ = look_quickly(workspace, MOST_AT_ONCE);
}

/// The same of those that have at most so many bytes.
pub(super) fn look_quickly(workspace: &Workspace, at_most: u64) -> Result<()> {
    let noted = Awaited::noted(workspace.home());
    if noted.is_empty() {
        return Ok(());
    }
    let workspace = &workspace.hurried(PATIENCE)?;
    let (now, mut paths, mut done) = (workspace.now(), Vec::new(), Vec::new());
    workspace.store().read(|r| {
        for (note, it) in noted {
            let next = next(r, &it, now, at_most)?;
            if matches!(next, Next::Read | Next::ReadLast) {
                paths.push(it.path);
            }
            if matches!(next, Next::ReadLast | Next::Drop) {
                done.push(note);
            }
        }
        Ok(())
    })?;
    if !paths.is_empty() {
        Import { paths, since: None }.run(workspace, &Unheard)?;
    }
    for note in done {
        let _ = std::fs::remove_file(note);
    }
    Ok(())
}

fn next(r: &Reader<'_>, it: &Awaited, now: Timestamp, at_most: u64) -> Result<Next> {
    let is_old = it.since < now.days_before(DAYS);
    let is_out = r.is_any_out(&it.harness, &it.harness_session_id, it.agent_id.as_deref())?;
    let Some(found) = std::fs::metadata(&it.path).ok().filter(std::fs::Metadata::is_file) else {
        return Ok(if is_old || !is_out { Next::Drop } else { Next::Wait });
    };
    let written_for = now.unix_millis() - modified(&found) / 1_000_000;
    let is_whole = written_for > WRITTEN_AFTER_MS;
    Ok(match (is_out, &it.agent_id) {
        _ if is_old => Next::ReadLast,
        _ if found.len() > at_most => Next::Wait,
        // An agent's transcript is read from its beginning each time: not while the agent adds to it.
        (true, Some(_)) if !is_whole => Next::Wait,
        (true, _) => Next::Read,
        (false, _) if is_whole => Next::ReadLast,
        (false, _) => Next::Read,
    })
}

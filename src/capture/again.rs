//! Looking at awaited transcripts again.

use super::awaited::Awaited;
use super::import::Import;
use super::spool::PATIENCE;
use super::transcript::modified;
use crate::context::Unheard;
use crate::error::Result;
use crate::model::Timestamp;
use crate::store::Reader;
use crate::workspace::Workspace;

/// A transcript that is longer is left to an import.
const MOST_AT_ONCE: u64 = 64 << 20;
/// What was written longer ago than this was followed by nothing. A harness was seen to take some 50 ms.
const WRITTEN_AFTER_MS: i64 = 5_000;
/// A transcript that never comes, and a call that is never answered, are waited for no longer.
const DAYS: u32 = 1;

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

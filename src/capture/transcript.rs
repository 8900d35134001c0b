//! Which files are transcripts, and of what, by their names.

use super::harness::{claude_code, gemini};
use crate::error::{IoContext, Result, plain};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What a transcript is of.
pub enum Kind {
    /// A session, among whose records its agents' calls are.
    Session,
    /// An agent.
    Agent(String),
    /// A session of Codex, or an agent of one.
    Rollout,
    /// A session of Gemini CLI, with those of its agents.
    Chat,
}

/// Transcripts that were found.
#[derive(Default)]
pub struct Found {
    files: Vec<PathBuf>,
    /// Directories that could not be looked into, and why.
    pub closed: Vec<(PathBuf, String)>,
}

impl Found {
    /// Each once: those of sessions first, for they name the calls that their agents belong to. Gemini's agents
    /// are read with their session.
    pub fn files(&mut self) -> Vec<PathBuf> {
        let mut files = std::mem::take(&mut self.files);
        files.retain(|path| !gemini::is_of_agent(path));
        files.sort_by_cached_key(|path| (!matches!(kind(path), Some(Kind::Session)), path.clone()));
        files.dedup();
        files
    }

    /// Adds all beneath a path, at any depth; of a file that is named, itself.
    pub fn add(&mut self, path: &Path) -> Result<()> {
        if path.metadata().or_cannot("read", path)?.is_file() {
            self.files.push(path.to_path_buf());
            return Ok(());
        }
        let mut dirs = vec![path.to_path_buf()];
        while let Some(dir) = dirs.pop() {
            let entries = match std::fs::read_dir(&dir) {
                Ok(entries) => entries,
                Err(error) => {
                    self.closed.push((dir, plain(&error)));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => dirs.push(path),
                    Ok(kind) if kind.is_file() && is_transcript(&path) => self.files.push(path),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// A workflow keeps a journal beside the transcripts of its agents.
fn is_transcript(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "jsonl")
        && path.file_stem().is_none_or(|name| name != "journal")
}

/// What a transcript is of; nothing, if it is of no deployment.
pub fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_stem()?.to_string_lossy().into_owned();
    match name.strip_prefix("agent-") {
        Some(agent) if claude_code::is_compaction(agent) => None,
        Some(agent) => Some(Kind::Agent(agent.to_owned())),
        None if name.starts_with("rollout-") => Some(Kind::Rollout),
        None if gemini::is_session(path) => Some(Kind::Chat),
        None => Some(Kind::Session),
    }
}

/// When a file was last written, in nanoseconds since 1970.
pub fn modified(found: &Metadata) -> i64 {
    let since = found.modified().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

//! Transcripts, read afterwards: what no hook told, and what hooks cannot know.

use super::harness::claude_code::{self, Sidecar};
use super::harness::{codex, gemini};
use super::keeper::Keeper;
use crate::config::Config;
use crate::context::{Progress, Task};
use crate::error::{IoContext, Result};
use crate::history::{Observation, Sighting};
use crate::model::{Evidence, ExecutionId, Timestamp};
use crate::store::ReadTo;
use crate::workspace::Workspace;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Transcripts that are read and recorded at once.
const AT_ONCE: usize = 64;

/// A line that is longer makes a transcript that is none.
const LONGEST_FILE: u64 = 1 << 30;

/// Which transcripts to take in.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Files, or directories that hold them at any depth.
    pub paths: Vec<PathBuf>,
    /// Only what was written then or later.
    pub since: Option<Timestamp>,
}

/// What became of transcripts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Imported {
    /// Transcripts that were looked at.
    pub transcripts: u64,
    /// Those of them that had something new, and were read.
    pub read: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Deployments that were not on record.
    pub new: u64,
    /// Deployments of which more is known now.
    pub merged: u64,
    /// Times that a deployment was told of which was pruned: it stays away.
    #[serde(skip_serializing_if = "is_none")]
    pub forgotten: u64,
    /// Transcripts that tell nothing here, and why.
    pub skipped: Vec<SkippedTranscript>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it so
fn is_none(amount: &u64) -> bool {
    *amount == 0
}

/// What became of the transcripts of every project.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportedAll {
    pub projects: Vec<ImportedProject>,
}

/// What became of those of one.
#[derive(Debug, Clone, Serialize)]
pub struct ImportedProject {
    /// Where its sessions ran.
    pub cwd: PathBuf,
    /// The project whose history has them now; none, where the directory is gone.
    pub root: Option<PathBuf>,
    #[serde(flatten)]
    pub imported: Imported,
}

impl ImportedAll {
    /// Adds a project, with its root and what became of its transcripts if it is still there.
    pub fn add(&mut self, cwd: PathBuf, done: Option<(PathBuf, Imported)>) {
        let (root, imported) = done.unzip();
        self.projects.push(ImportedProject { cwd, root, imported: imported.unwrap_or_default() });
    }
}

/// A transcript that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SkippedTranscript {
    pub path: PathBuf,
    pub why: String,
}

/// A transcript that has grown since it was read.
struct Grown {
    path: PathBuf,
    kind: Kind,
    from: u64,
    bytes: u64,
    modified: i64,
}

enum Kind {
    /// Of a session, among whose records its agents' calls are.
    Session,
    /// Of an agent.
    Agent(String),
    /// Of a session of Codex, or of an agent of one.
    Rollout,
    /// Of a session of Gemini CLI, with those of its agents.
    Chat,
}

impl Import {
    /// Takes in what is new. The same again changes nothing.
    pub fn run(&self, workspace: &Workspace, progress: &dyn Progress) -> Result<Imported> {
        let mut done = Imported::default();
        let mut files = Vec::new();
        for path in &self.paths {
            find(path, &mut files, &mut done.skipped)?;
        }
        // They are read with their session's.
        files.retain(|path| !gemini::is_of_agent(path));
        // Sessions first: they name the calls that their agents belong to.
        files.sort_unstable_by_key(|path| {
            (!matches!(kind(path), Some(Kind::Session)), path.clone())
        });
        files.dedup();
        done.transcripts = files.len() as u64;
        let grown = self.grown(workspace, files, &mut done)?;
        let bytes = grown.iter().map(|it| it.bytes - it.from).sum();
        progress.begin(Task::Read, grown.len() as u64, Some(bytes));
        let recorded = record(workspace, &grown, progress, &mut done);
        progress.end();
        recorded?;
        done.skipped.sort_unstable();
        Ok(done)
    }

    /// What all transcripts beneath some directories tell, each with its path. Records nothing.
    pub fn told(
        dirs: &[PathBuf],
        config: &Config,
        now: Timestamp,
    ) -> Result<Vec<(PathBuf, Vec<Sighting>)>> {
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        for dir in dirs {
            find(dir, &mut files, &mut skipped)?;
        }
        files.sort_unstable();
        files.dedup();
        let told = |path: PathBuf| {
            let found = path.metadata().ok()?;
            let kind = kind(&path)?;
            let it = Grown { kind, from: 0, bytes: found.len(), modified: 0, path };
            let told = it.read(config, now).ok()?;
            Some((it.path, told.sightings))
        };
        Ok(files.into_par_iter().filter_map(told).collect())
    }

    /// Those that were written since they were last read.
    fn grown(
        &self,
        workspace: &Workspace,
        files: Vec<PathBuf>,
        done: &mut Imported,
    ) -> Result<Vec<Grown>> {
        let mut grown = Vec::new();
        workspace.store().read(|r| {
            for path in files {
                let skip =
                    |why: &str| SkippedTranscript { path: path.clone(), why: why.to_owned() };
                let Some(kind) = kind(&path) else {
                    done.skipped.push(skip("a compaction: no agent that anybody deployed"));
                    continue;
                };
                let Ok(found) = path.metadata() else {
                    done.skipped.push(skip("it is gone"));
                    continue;
                };
                let modified = modified(&found);
                let since = self.since.map_or(i64::MIN, |it| it.unix_millis() * 1_000_000);
                if modified < since {
                    continue;
                }
                if found.len() > LONGEST_FILE {
                    done.skipped.push(skip("it has more than 1 GiB"));
                    continue;
                }
                let known = r.transcript(&path.to_string_lossy())?;
                let is_as_it_was = |it: &ReadTo| (it.bytes, it.modified) == (found.len(), modified);
                if known.as_ref().is_some_and(is_as_it_was) {
                    continue;
                }
                // Of an agent's own transcript the sum is wanted, which needs all of it.
                let from = match kind {
                    Kind::Session => known.map_or(0, |it| it.read_to),
                    Kind::Agent(_) | Kind::Rollout | Kind::Chat => 0,
                };
                let from = if from > found.len() { 0 } else { from };
                grown.push(Grown { path, kind, from, bytes: found.len(), modified });
            }
            Ok(())
        })?;
        Ok(grown)
    }
}

fn record(
    workspace: &Workspace,
    grown: &[Grown],
    progress: &dyn Progress,
    done: &mut Imported,
) -> Result<()> {
    let (config, now) = (workspace.config(), workspace.now());
    let (mut new, mut merged) = (BTreeSet::<ExecutionId>::new(), BTreeSet::new());
    for some in grown.chunks(AT_ONCE) {
        let told: Vec<Result<Observation>> = some
            .par_iter()
            .map(|it| {
                let told = it.read(config, now);
                progress.advance(it.bytes - it.from);
                told
            })
            .collect();
        let mut all = Observation::default();
        for (it, told) in some.iter().zip(told) {
            match told {
                Ok(told) => {
                    done.read += 1;
                    done.bytes += it.bytes - it.from;
                    all.sightings.extend(told.sightings);
                    all.texts.extend(told.texts);
                    all.read.extend(told.read);
                }
                Err(error) => {
                    let (path, why) = (it.path.clone(), error.to_string());
                    done.skipped.push(SkippedTranscript { path, why });
                }
            }
        }
        // Without a deployment there is nothing to record, and a history need not be made for it.
        if all.sightings.is_empty() && !workspace.store().exists() {
            continue;
        }
        let observed = workspace.history().observe(&all)?;
        done.forgotten += observed.forgotten;
        merged.extend(observed.changed);
        new.extend(observed.new);
    }
    // An agent that was known alone at first may have become its call's since.
    workspace.store().read(|r| {
        for list in [&mut new, &mut merged] {
            let mut kept = BTreeSet::new();
            for id in std::mem::take(list) {
                if r.has_id::<ExecutionId>(id.as_str())? {
                    kept.insert(id);
                }
            }
            *list = kept;
        }
        Ok(())
    })?;
    merged.retain(|id| !new.contains(id));
    (done.new, done.merged) = (new.len() as u64, merged.len() as u64);
    Ok(())
}

/// All transcripts beneath a path.
fn find(path: &Path, files: &mut Vec<PathBuf>, skipped: &mut Vec<SkippedTranscript>) -> Result<()> {
    let found = path.metadata().or_cannot("read", path)?;
    if found.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let mut dirs = vec![path.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) => {
                let why = crate::error::plain(&error);
                skipped.push(SkippedTranscript { path: dir, why });
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => dirs.push(path),
                Ok(kind) if kind.is_file() && is_transcript(&path) => {
                    files.push(path);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// A workflow keeps a journal beside the transcripts of its agents.
fn is_transcript(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "jsonl")
        && path.file_stem().is_none_or(|name| name != "journal")
}

/// What a transcript is of, by its name; nothing, if it is of no deployment.
fn kind(path: &Path) -> Option<Kind> {
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
pub(super) fn modified(found: &std::fs::Metadata) -> i64 {
    let since = found.modified().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

impl Grown {
    fn read(&self, config: &Config, now: Timestamp) -> Result<Observation> {
        let mut bytes = Vec::new();
        let mut read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.from))?;
            // What is written meanwhile is for the next time.
            file.take(self.bytes - self.from).read_to_end(&mut bytes)
        };
        read().or_cannot("read", &self.path)?;
        let mut keeper = Keeper::of_the_past(config);
        let (sightings, read_to) = match &self.kind {
            Kind::Session => {
                let read = claude_code::session::read(&bytes, self.from, now, &mut keeper);
                (read.sightings, read.read_to)
            }
            Kind::Agent(id) => (self.agent(&bytes, id, now, &mut keeper), self.bytes),
            Kind::Rollout => (codex::read_rollout(&bytes, now, &mut keeper), self.bytes),
            Kind::Chat => (gemini::read_session(&self.path, &bytes, now, &mut keeper), self.bytes),
        };
        let read_to = ReadTo { bytes: self.bytes, modified: self.modified, read_to, read_at: now };
        let path = self.path.to_string_lossy().into_owned();
        Ok(Observation { read: vec![(path, read_to)], ..keeper.observation(sightings) })
    }

    /// An agent, and the calls by which it spawned others.
    fn agent(
        &self,
        bytes: &[u8],
        id: &str,
        now: Timestamp,
        keeper: &mut Keeper<'_>,
    ) -> Vec<Sighting> {
        let Some(own) = self.own(bytes, id, keeper) else { return Vec::new() };
        let called_by = own.tool_use_id.clone();
        let mut sightings = claude_code::session::read(bytes, 0, now, keeper).sightings;
        // A fork begins with the call that made it.
        sightings.retain(|it| it.tool_use_id.is_none() || it.tool_use_id != called_by);
        sightings.insert(0, own);
        sightings
    }

    fn own(&self, bytes: &[u8], id: &str, keeper: &mut Keeper<'_>) -> Option<Sighting> {
        let session = claude_code::session_of(bytes)?;
        let transcript = claude_code::read_agent(bytes, keeper)?;
        let beside = Sidecar::beside(&self.path);
        let at = transcript.last_at?;
        let evidence = Evidence { transcript: Some(transcript), ..beside.evidence };
        Some(Sighting {
            harness: "claude-code".to_owned(),
            harness_session_id: session,
            tool_use_id: beside.tool_use_id,
            agent_id: Some(id.to_owned()),
            parent_agent_id: beside.parent_agent_id,
            at,
            evidence,
        })
    }
}

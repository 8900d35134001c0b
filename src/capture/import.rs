//! Transcripts, read afterwards: what no hook told, and what hooks cannot know.

use super::harness::claude_code::{self, Sidecar};
use super::harness::{codex, gemini};
use super::keeper::Keeper;
use super::transcript::{Found, Kind, kind, modified};
use crate::config::Config;
use crate::context::{Progress, Task};
use crate::error::{IoContext, Result};
use crate::history::{Observation, Sighting};
use crate::model::{Evidence, ExecutionId, Timestamp};
use crate::store::{ReadTo, Reader};
use crate::workspace::Workspace;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::mpsc;

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

impl Import {
    /// Takes in what is new. The same again changes nothing.
    pub fn run(&self, workspace: &Workspace, progress: &dyn Progress) -> Result<Imported> {
        let mut done = Imported::default();
        let mut found = Found::default();
        self.paths.iter().try_for_each(|path| found.add(path))?;
        let files = found.files();
        let closed = found.closed.into_iter();
        done.skipped.extend(closed.map(|(path, why)| SkippedTranscript { path, why }));
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
        let mut all = Found::default();
        dirs.iter().try_for_each(|dir| all.add(dir))?;
        let told = |path: PathBuf| {
            let found = path.metadata().ok()?;
            let kind = kind(&path)?;
            let it = Grown { kind, from: 0, bytes: found.len(), modified: 0, path };
            let told = it.read(config, now).ok()?;
            Some((it.path, told.sightings))
        };
        Ok(all.files().into_par_iter().filter_map(told).collect())
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

/// Reads some while the ones before are written: the one takes processors, the other the disk.
fn record(
    workspace: &Workspace,
    grown: &[Grown],
    progress: &dyn Progress,
    done: &mut Imported,
) -> Result<()> {
    let (config, now) = (workspace.config(), workspace.now());
    let read = |it: &Grown| {
        let told = it.read(config, now);
        progress.advance(it.bytes - it.from);
        told
    };
    let (mut new, mut merged) = (BTreeSet::<ExecutionId>::new(), BTreeSet::new());
    let (send, receive) = mpsc::sync_channel(1);
    let recorded: Result<()> = rayon::in_place_scope(|scope| {
        scope.spawn(move |_| {
            for some in grown.chunks(AT_ONCE) {
                let told: Vec<Result<Observation>> = some.par_iter().map(read).collect();
                // Nobody listens any more where something could not be written.
                if send.send((some, told)).is_err() {
                    return;
                }
            }
        });
        for (some, told) in receive {
            let all = together(some, told, done);
            // Without a deployment there is nothing to record, and a history need not be made for it.
            if all.sightings.is_empty() && !workspace.store().exists() {
                continue;
            }
            let observed = workspace.history().observe(&all)?;
            done.forgotten += observed.forgotten;
            merged.extend(observed.changed);
            new.extend(observed.new);
        }
        Ok(())
    });
    recorded?;
    // An agent that was known alone at first may have become its call's since.
    let (new, mut merged) =
        workspace.store().read(|r| Ok((on_record(r, new)?, on_record(r, merged)?)))?;
    merged.retain(|id| !new.contains(id));
    (done.new, done.merged) = (new.len() as u64, merged.len() as u64);
    Ok(())
}

/// What some transcripts told, in one; those that could not be read are skipped.
fn together(some: &[Grown], told: Vec<Result<Observation>>, done: &mut Imported) -> Observation {
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
    all
}

fn on_record(r: &Reader<'_>, ids: BTreeSet<ExecutionId>) -> Result<BTreeSet<ExecutionId>> {
    let mut kept = BTreeSet::new();
    for id in ids {
        if r.has_id::<ExecutionId>(id.as_str())? {
            kept.insert(id);
        }
    }
    Ok(kept)
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

//! What is recorded of a harness's agents, and what is missing.

use super::harness::{claude_code, codex, gemini};
use super::install::{Installed, Surroundings, installed};
use super::keeper::Keeper;
use super::spool::{Losses, Places};
use super::{Harness, HarnessHomes, Import};
use crate::error::Result;
use crate::history::Sighting;
use crate::model::{ExecutionId, Timestamp};
use crate::store::CapturedBy;
use crate::workspace::Workspace;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How capture stands in a project.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub harness: String,
    /// The program that sortie was seen to record, with its version; none where that was not tried.
    pub verified: Option<String>,
    /// The settings that have sortie called.
    pub installed: Vec<Installed>,
    /// When something was last told.
    pub last_event: Option<Timestamp>,
    /// Deployments that are on record because they were told of.
    pub recorded: u64,
    /// Events that could not be recorded.
    pub losses: Losses,
    /// Held against the transcripts, where there are any.
    pub coverage: Option<Coverage>,
}

/// Deployments in transcripts against those on record.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    /// Transcripts of sessions that were looked through.
    pub transcripts: u64,
    /// Calls in them that spawned an agent.
    pub deployments: u64,
    /// Those of them that are on record.
    pub recorded: u64,
    pub missing: Vec<MissingDeployment>,
}

/// A deployment that a transcript tells of and that is not on record.
#[derive(Debug, Clone, Serialize)]
pub struct MissingDeployment {
    pub tool_use_id: String,
    pub harness_session_id: String,
    pub deployed_at: Timestamp,
    pub scope: String,
    pub why: String,
    pub transcript: PathBuf,
}

impl Status {
    /// How capture of a harness stands; events that cannot stand beside the history are in `state`.
    pub fn of(
        workspace: &Workspace,
        harness: Harness,
        surroundings: &Surroundings,
        state: Option<&Path>,
    ) -> Result<Status> {
        let (last_event, recorded) = workspace.store().read(|r| r.capture_facts(harness.name()))?;
        let homes = HarnessHomes::of(surroundings).only(harness);
        let coverage = match &homes.transcripts_of(workspace.root())[..] {
            [] => None,
            transcripts => Some(coverage(workspace, harness, transcripts)?),
        };
        Ok(Status {
            harness: harness.name().to_owned(),
            verified: harness.verified().map(str::to_owned),
            installed: installed(harness, workspace.root(), surroundings),
            last_event,
            recorded,
            losses: Places::new(Some(workspace.home()), state).losses(),
            coverage,
        })
    }
}

fn coverage(workspace: &Workspace, harness: Harness, dirs: &[PathBuf]) -> Result<Coverage> {
    let files = Import::callers_beneath(dirs)?;
    let config = workspace.config();
    let now = workspace.now();
    let calls: Vec<(PathBuf, Vec<Sighting>)> = files
        .into_par_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let mut keeper = Keeper::of_the_past(config);
            let told = match harness {
                Harness::ClaudeCode => {
                    claude_code::session::read(&bytes, 0, now, &mut keeper).sightings
                }
                Harness::Codex => codex::read_rollout(&bytes, now, &mut keeper),
                Harness::Gemini => gemini::read_session(&path, &bytes, now, &mut keeper),
            };
            let calls = told.into_iter().filter(|it| it.evidence.call.is_some());
            (path, calls.collect())
        })
        .collect();
    let mut coverage =
        Coverage { transcripts: calls.len() as u64, deployments: 0, recorded: 0, missing: vec![] };
    let began = workspace.store().read(|r| r.first_captured_at(harness.name()))?;
    for (path, calls) in calls {
        let mut unique: BTreeMap<String, Sighting> = BTreeMap::new();
        for call in calls {
            unique.entry(call.tool_use_id.clone().unwrap_or_default()).or_insert(call);
        }
        for (id, call) in unique {
            coverage.deployments += 1;
            match recorded(workspace, &call, &id)? {
                Some(_) => coverage.recorded += 1,
                None => coverage.missing.push(missing(id, call, began, &path)),
            }
        }
    }
    coverage.missing.sort_by_key(|it| (it.deployed_at, it.tool_use_id.clone()));
    Ok(coverage)
}

fn recorded(workspace: &Workspace, call: &Sighting, id: &str) -> Result<Option<ExecutionId>> {
    workspace.store().read(|r| {
        let found = r.capture(&call.harness, &call.harness_session_id, CapturedBy::Call(id))?;
        Ok(found.and_then(|(_, it)| it.execution_id))
    })
}

fn missing(id: String, call: Sighting, began: Option<Timestamp>, path: &Path) -> MissingDeployment {
    let why = match began {
        None => "nothing was recorded here yet",
        Some(began) if call.at < began => "it was deployed before anything was recorded here",
        Some(_) => "no hook told of it, or what it told was lost",
    };
    MissingDeployment {
        tool_use_id: id,
        harness_session_id: call.harness_session_id,
        deployed_at: call.at,
        scope: call.evidence.call.and_then(|call| call.description).unwrap_or_default(),
        why: why.to_owned(),
        transcript: path.to_path_buf(),
    }
}

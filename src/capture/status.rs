//! What is recorded of a harness's agents, and what is missing.

use super::install::{Installed, Surroundings, installed};
use super::spool::{Losses, Places};
use super::{Harness, HarnessHomes, Import};
use crate::error::Result;
use crate::history::Sighting;
use crate::model::Timestamp;
use crate::store::CapturedBy;
use crate::workspace::Workspace;
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
#[derive(Debug, Clone, Default, Serialize)]
pub struct Coverage {
    /// Transcripts that were looked through, of sessions and of agents.
    pub transcripts: u64,
    /// Deployments that they tell of, nested ones and those of workflows among them.
    pub deployments: u64,
    /// Those of them that are on record.
    pub recorded: u64,
    pub missing: Vec<MissingDeployment>,
}

/// A deployment that a transcript tells of and that is not on record.
#[derive(Debug, Clone, Serialize)]
pub struct MissingDeployment {
    /// The call that spawned the agent; none of what a workflow ran.
    pub tool_use_id: Option<String>,
    pub agent_id: Option<String>,
    pub harness_session_id: String,
    pub deployed_at: Timestamp,
    pub scope: String,
    pub why: String,
    pub transcript: PathBuf,
}

impl Status {
    /// How capture of a harness stands.
    pub fn of(
        workspace: &Workspace,
        harness: Harness,
        surroundings: &Surroundings,
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
            losses: Places::of(workspace).losses(),
            coverage,
        })
    }
}

fn coverage(workspace: &Workspace, harness: Harness, dirs: &[PathBuf]) -> Result<Coverage> {
    let told = Import::told(dirs, workspace.config(), workspace.now())?;
    let mut coverage = Coverage { transcripts: told.len() as u64, ..Coverage::default() };
    let began = workspace.store().read(|r| r.first_captured_at(harness.name()))?;
    for (it, path) in deployments(&told) {
        coverage.deployments += 1;
        match is_recorded(workspace, it)? {
            true => coverage.recorded += 1,
            false => coverage.missing.push(missing(it, began, path)),
        }
    }
    coverage
        .missing
        .sort_by(|a, b| (a.deployed_at, &a.tool_use_id).cmp(&(b.deployed_at, &b.tool_use_id)));
    Ok(coverage)
}

/// Each deployment once: by its call, and where no call is told, as of a workflow's agents, by its agent.
fn deployments(told: &[(PathBuf, Vec<Sighting>)]) -> impl Iterator<Item = (&Sighting, &Path)> {
    let mut all: Vec<(&Sighting, &Path)> = Vec::new();
    for (path, list) in told {
        all.extend(list.iter().map(|it| (it, path.as_path())));
    }
    let agent = |it: &Sighting| Some((it.harness_session_id.clone(), it.agent_id.clone()?));
    let calls: BTreeMap<(String, String), &str> =
        all.iter().filter_map(|(it, _)| Some((agent(it)?, it.tool_use_id.as_deref()?))).collect();
    let mut unique = BTreeMap::new();
    for (it, path) in all {
        if it.evidence.call.is_none() && it.evidence.transcript.is_none() {
            continue;
        }
        let call = it.tool_use_id.as_deref();
        let call = call.or_else(|| calls.get(&agent(it)?).copied());
        let name = match call {
            Some(call) => (true, call.to_owned()),
            None => (false, it.agent_id.clone().unwrap_or_default()),
        };
        let key = (it.harness_session_id.as_str(), name);
        let was = unique.entry(key).or_insert((it, path));
        // What the caller says of it is what one knows it by.
        if was.0.evidence.call.is_none() && it.evidence.call.is_some() {
            *was = (it, path);
        }
    }
    unique.into_values()
}

fn is_recorded(workspace: &Workspace, it: &Sighting) -> Result<bool> {
    let call = it.tool_use_id.as_deref().map(CapturedBy::Call);
    let agent = it.agent_id.as_deref().map(CapturedBy::Agent);
    workspace.store().read(|r| {
        for by in [call, agent].into_iter().flatten() {
            let found = r.capture(&it.harness, &it.harness_session_id, by)?;
            if found.is_some_and(|(_, it)| it.execution_id.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

fn missing(it: &Sighting, began: Option<Timestamp>, path: &Path) -> MissingDeployment {
    let told = it.evidence.call.as_ref().and_then(|call| call.description.clone());
    let title = || it.evidence.transcript.as_ref().and_then(|it| it.title.clone());
    let deployed_at = match (&it.evidence.call, &it.evidence.transcript) {
        (None, Some(transcript)) => transcript.first_at.unwrap_or(it.at),
        _ => it.at,
    };
    let why = match began {
        None => "nothing was recorded here yet",
        Some(began) if deployed_at < began => "it was deployed before anything was recorded here",
        Some(_) => "no hook told of it, or what it told was lost",
    };
    MissingDeployment {
        tool_use_id: it.tool_use_id.clone(),
        agent_id: it.agent_id.clone(),
        harness_session_id: it.harness_session_id.clone(),
        deployed_at,
        scope: told.or_else(|| it.evidence.description.clone()).or_else(title).unwrap_or_default(),
        why: why.to_owned(),
        transcript: path.to_path_buf(),
    }
}

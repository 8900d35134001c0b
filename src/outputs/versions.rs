//! The versions of one deliverable over all executions.

use super::Outputs;
use super::gather::latest_gates;
use super::look::is_outside;
use crate::error::{Fault, Kind, Result, nearest};
use crate::model::{Deliverable, ExecutionId, Gate, GateResult, OutputType, SessionId, Timestamp};
use crate::store::{OutputFilter, Reader, SubjectState};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Among how many of the newest deliverables the nearest are looked for.
const NEAR: u32 = 1000;

/// One file through all executions that delivered it.
#[derive(Debug, Clone, Serialize)]
pub struct DeliverableHistory {
    /// From the project's root, as it is recorded.
    pub file_path: String,
    /// What is there now.
    pub on_disk: OnDisk,
    /// How many versions are on record.
    pub total: usize,
    /// Newest first, as many as were asked for.
    pub versions: Vec<DeliverableVersion>,
}

/// A file as it is now.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OnDisk {
    pub exists: bool,
    /// Whether it was not looked at, because it lies outside of the project.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// Bytes; none for what is no regular file, or outside of the project.
    pub size: Option<u64>,
    /// blake3 of the file.
    pub content_hash: Option<String>,
}

/// The file as one execution left it.
#[derive(Debug, Clone, Serialize)]
pub struct DeliverableVersion {
    pub execution_id: ExecutionId,
    pub session_id: SessionId,
    pub agent_type: String,
    /// When it was first seen so.
    pub created_at: Timestamp,
    pub exists: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// blake3 of the file.
    pub content_hash: Option<String>,
    /// Lines that are new since the deployment; `None` where git could not tell.
    pub lines_added: Option<u64>,
    pub lines_modified: Option<u64>,
    pub lines_removed: Option<u64>,
    /// Reported with it, or else the last of the execution.
    pub gates: BTreeMap<String, GateResult>,
    /// Whether it is another text than in the version before; true for the first.
    pub changed: bool,
    /// Whether this very text is what is on disk now.
    pub is_on_disk: bool,
}

/// A file that no execution delivered.
#[derive(Debug, thiserror::Error)]
#[error("no execution delivered '{}'", path.escape_debug())]
pub struct UnknownDeliverable {
    path: String,
    near: Vec<String>,
}

impl Fault for UnknownDeliverable {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }

    fn hint(&self) -> Option<String> {
        let list = "`sortie outputs query --output-type deliverable` lists what was delivered";
        Some(match self.near.as_slice() {
            [] => list.to_owned(),
            near => format!("did you mean {}? {list}", near.join(" or ")),
        })
    }
}

impl Outputs<'_> {
    /// The versions of the file at `path`, the newest first and at most `limit` of them; 0 is all.
    pub fn history_of(&self, path: &Path, limit: usize) -> Result<DeliverableHistory> {
        let (file_path, mut versions) = self.store.read(|r| {
            let (name, states) = self.named_states(r, path)?;
            Ok((name, versions(r, &states)?))
        })?;
        let on_disk = self.on_disk(&file_path)?;
        for version in &mut versions {
            let hash = &version.content_hash;
            version.is_on_disk = hash.is_some() && *hash == on_disk.content_hash;
        }
        versions.reverse();
        let total = versions.len();
        versions.truncate(if limit == 0 { usize::MAX } else { limit });
        Ok(DeliverableHistory { file_path, on_disk, total, versions })
    }

    /// What is recorded of the file that a user calls `path`: from where they are, else from the root.
    fn named_states(&self, r: &Reader<'_>, path: &Path) -> Result<(String, Vec<SubjectState>)> {
        let from_root = self.root.name(&self.root.absolute(&self.root.dir().join(path)));
        let names = [self.name(path), from_root];
        for name in &names {
            let states = r.states(OutputType::Deliverable, name)?;
            if !states.is_empty() {
                return Ok((name.clone(), states));
            }
        }
        let [path, _] = names;
        let recorded = r.latest_subjects(OutputType::Deliverable, NEAR)?;
        let near = near(&path, &recorded);
        Err(UnknownDeliverable { path, near }.into())
    }

    fn on_disk(&self, file_path: &str) -> Result<OnDisk> {
        let path = self.root.located(file_path);
        let found = match self.found(&path) {
            // It is on record all the same; what it is now is not asked.
            Err(error) if is_outside(&error) => {
                return Ok(OnDisk { exists: path.exists(), outside: true, ..OnDisk::default() });
            }
            found => found?,
        };
        Ok(OnDisk {
            exists: found.exists,
            outside: false,
            size: found.hashed.as_ref().map(|it| it.size),
            content_hash: found.hashed.map(|it| it.hash),
        })
    }
}

/// The recorded paths nearest to one that is not: those of the same file name first.
fn near(path: &str, recorded: &[String]) -> Vec<String> {
    fn base(path: &str) -> &str {
        path.rsplit('/').next().unwrap_or(path)
    }
    let same_base = recorded.iter().filter(|it| base(it) == base(path)).map(String::as_str);
    let near = nearest(path, recorded.iter().map(String::as_str));
    let mut found: Vec<String> = Vec::new();
    for candidate in same_base.chain(near) {
        if !found.iter().any(|it| it == candidate) && found.len() < 3 {
            found.push(candidate.to_owned());
        }
    }
    found
}

/// Oldest first. What one execution reported again of the same text is one version: its gates are the
/// last ones.
fn versions(r: &Reader<'_>, states: &[SubjectState]) -> Result<Vec<DeliverableVersion>> {
    let mut found: Vec<DeliverableVersion> = Vec::new();
    for (at, SubjectState { output, session_id }) in states.iter().enumerate() {
        let Some(it) = output.read::<Deliverable>() else { continue };
        let content = |last: &DeliverableVersion| {
            last.exists == it.exists && last.content_hash == it.content_hash
        };
        let changed = !found.last().is_some_and(content);
        let again = |last: &&mut DeliverableVersion| last.execution_id == output.execution_id;
        let last = found.last_mut().filter(again).filter(|_| !changed);
        let gates = match it.validation.is_empty() {
            true => {
                let mut later = states[at + 1..].iter().map(|it| &it.output);
                let next = later.find(|it| it.execution_id == output.execution_id);
                gates_of(r, &output.execution_id, next.map(|it| it.created_at))?
            }
            false => it.validation,
        };
        match last {
            Some(last) => last.gates = gates,
            None => found.push(DeliverableVersion {
                execution_id: output.execution_id.clone(),
                session_id: session_id.clone(),
                agent_type: output.metadata.agent_type.clone(),
                created_at: output.created_at,
                exists: it.exists,
                size: it.size,
                content_hash: it.content_hash,
                lines_added: it.lines_added,
                lines_modified: it.lines_modified,
                lines_removed: it.lines_removed,
                gates,
                changed,
                is_on_disk: false,
            }),
        }
    }
    Ok(found)
}

/// The last results of an execution's gates, before it left the file otherwise.
fn gates_of(
    r: &Reader<'_>,
    id: &ExecutionId,
    before: Option<Timestamp>,
) -> Result<BTreeMap<String, GateResult>> {
    let mut outputs = r.outputs(&OutputFilter {
        execution_id: Some(id.clone()),
        output_type: Some(OutputType::ValidationResult),
        ..OutputFilter::default()
    })?;
    outputs.retain(|it| before.is_none_or(|before| it.created_at < before));
    outputs.reverse();
    let gates = latest_gates(&outputs).into_iter();
    Ok(gates.map(|(_, Gate { name, result })| (name, result)).collect())
}

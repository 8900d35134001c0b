//! Are a session's deliverables still what was collected, and did its gates pass?

use super::Outputs;
use super::gather::{Gathered, latest_files, latest_gates};
use super::look::is_outside;
use crate::error::Result;
use crate::model::{Deliverable, ExecutionId, GateResult, SessionId};
use crate::store::Messages;
use schemars::JsonSchema;
use serde::Serialize;

/// What was found of a session's outputs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Verification {
    pub session_id: SessionId,
    /// Every deliverable there and unchanged, and no gate failed.
    pub valid: bool,
    /// Each file of each deployment, as last collected.
    pub deliverables: Vec<DeliverableState>,
    /// Gates whose last result is `fail`, as `execution: gate`.
    pub failed_gates: Vec<String>,
}

/// One deliverable then and now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeliverableState {
    pub execution_id: ExecutionId,
    pub file_path: String,
    /// Then against now.
    pub state: Verdict,
    /// blake3 when it was collected.
    pub recorded_hash: Option<String>,
    /// blake3 now.
    pub current_hash: Option<String>,
}

/// What became of a deliverable since it was last collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As collected.
    Unchanged,
    /// Another text since it was collected.
    Changed,
    /// Collected, and gone since.
    Gone,
    /// Not there when it was collected, and not now.
    Missing,
    /// Not there when it was collected, but now.
    Appeared,
    /// It lies outside of the project, and is looked at only if that is asked for.
    Outside,
}

impl Verdict {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Missing => "missing",
            Self::Appeared => "appeared",
            Self::Outside => "outside",
        }
    }
}

impl Outputs<'_> {
    /// Holds a session's deliverables, as last collected, against the disk.
    pub fn verify(&self, session: &SessionId) -> Result<Verification> {
        let gathered = Gathered::read(self.store, session, Messages::None)?;
        let files = latest_files(&gathered.outputs).into_iter();
        let states = files.map(|(id, deliverable)| self.state(id, deliverable));
        let deliverables = states.collect::<Result<Vec<DeliverableState>>>()?;
        let failed_gates: Vec<String> = latest_gates(&gathered.outputs)
            .into_iter()
            .filter(|(_, gate)| gate.result == GateResult::Fail)
            .map(|(id, gate)| format!("{id}: {}", gate.name))
            .collect();
        let sound = deliverables.iter().all(|it| it.state == Verdict::Unchanged);
        Ok(Verification {
            session_id: gathered.session.session_id,
            valid: sound && failed_gates.is_empty(),
            deliverables,
            failed_gates,
        })
    }

    fn state(&self, execution_id: ExecutionId, recorded: Deliverable) -> Result<DeliverableState> {
        // Paths are kept from the root, wherever this runs from.
        let found = match self.found(&self.root.located(&recorded.file_path)) {
            Err(error) if is_outside(&error) => None,
            found => Some(found?),
        };
        let exists = found.as_ref().map(|it| it.exists);
        let now = found.and_then(|it| it.hashed).map(|it| it.hash);
        let state = match (recorded.exists, exists.unwrap_or_default()) {
            _ if exists.is_none() => Verdict::Outside,
            // A directory has no hash and is unchanged while it is there.
            (true, true) if recorded.content_hash == now => Verdict::Unchanged,
            (true, true) => Verdict::Changed,
            (true, false) => Verdict::Gone,
            (false, false) => Verdict::Missing,
            (false, true) => Verdict::Appeared,
        };
        Ok(DeliverableState {
            execution_id,
            file_path: recorded.file_path,
            state,
            recorded_hash: recorded.content_hash,
            current_hash: now,
        })
    }
}

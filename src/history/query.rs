//! Questions to the record.

use super::History;
use super::captured::{CaptureDetail, CapturedTurn};
use super::fault::HistoryFault;
use super::usage::UsageSummary;
use crate::error::Result;
use crate::model::{
    Allocation, CompletionVersion, ExecutionId, ExecutionRecord, ExecutionStatus, Output,
    SessionId, SessionRecord,
};
use crate::store::{ExecutionFilter, Named, OutputFilter, Page, SessionFilter};
use schemars::JsonSchema;
use serde::Serialize;

/// Everything about one deployment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExecutionDetail {
    /// The deployment with its final message.
    pub execution: ExecutionRecord,
    /// What it was given, in the bundle's order; empty without a bundle.
    pub allocations: Vec<Allocation>,
    /// Oldest first.
    pub outputs: Vec<Output>,
    /// Completions that amendments replaced, oldest first.
    pub earlier_completions: Vec<CompletionVersion>,
    /// What its harness told of it; nothing where it was recorded by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<CaptureDetail>,
}

/// A session and its deployments.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionDetail {
    /// The session itself.
    pub session: SessionRecord,
    /// Oldest first.
    pub executions: Vec<ExecutionRecord>,
    /// What they used; nothing where no harness told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageSummary>,
}

impl ExecutionDetail {
    /// The final message on record, or that of an earlier completion.
    pub fn message(&self, earlier: Option<u32>) -> Result<Option<&[u8]>> {
        let Some(version) = earlier else { return Ok(self.execution.final_message.as_deref()) };
        let found = self.earlier_completions.iter().find(|it| it.version == version);
        match found {
            Some(completion) => Ok(completion.final_message.as_deref()),
            None => Err(HistoryFault::NoVersion {
                id: self.execution.execution_id.clone(),
                version,
                versions: self.earlier_completions.len(),
            }
            .into()),
        }
    }
}

impl ExecutionDetail {
    /// The turns that its harness told of, oldest first.
    fn turns(&self) -> &[CapturedTurn] {
        self.capture.as_ref().map_or(&[], |it| &it.turns)
    }

    fn turn(&self, turn: u32) -> Result<&CapturedTurn> {
        let found = self.turns().iter().find(|it| it.turn == turn);
        found.ok_or_else(|| {
            let id = self.execution.execution_id.clone();
            HistoryFault::NoTurn { id, turn, turns: self.turns().len() }.into()
        })
    }
}

impl SessionDetail {
    /// Deployments that have not come back.
    pub fn open(&self) -> Vec<&ExecutionRecord> {
        self.executions.iter().filter(|it| it.status == ExecutionStatus::Deployed).collect()
    }
}

impl History<'_> {
    /// The id that `text` names: an id, the beginning of one, or `latest`.
    pub fn find<T: Named>(&self, text: &str) -> Result<T> {
        self.store.read(|r| r.find(text))
    }

    /// Executions, newest first.
    pub fn executions(&self, filter: &ExecutionFilter) -> Result<Page<ExecutionRecord>> {
        Page::of(filter.limit, |limit| {
            self.store.read(|r| r.executions(&ExecutionFilter { limit, ..filter.clone() }))
        })
    }

    /// Sessions, newest first.
    pub fn sessions(&self, filter: &SessionFilter) -> Result<Page<SessionRecord>> {
        Page::of(filter.limit, |limit| {
            self.store.read(|r| r.sessions(&SessionFilter { limit, ..filter.clone() }))
        })
    }

    /// One execution with all that belongs to it.
    pub fn show(&self, id: &ExecutionId) -> Result<ExecutionDetail> {
        self.store.read(|r| {
            let id: ExecutionId = r.find(id.as_str())?;
            let of_this = OutputFilter {
                execution_id: Some(id.clone()),
                limit: u32::MAX,
                ..OutputFilter::default()
            };
            let mut outputs = r.outputs(&of_this)?;
            outputs.reverse();
            Ok(ExecutionDetail {
                execution: r.execution(&id)?.expect("just found"),
                allocations: r.allocations(&id)?,
                outputs,
                earlier_completions: r.completion_versions(&id)?,
                capture: CaptureDetail::of(r, &id, self.config)?,
            })
        })
    }

    /// One session with its deployments, without their messages.
    pub fn show_session(&self, id: &SessionId) -> Result<SessionDetail> {
        self.store.read(|r| {
            let id: SessionId = r.find(id.as_str())?;
            let filter = ExecutionFilter {
                session_id: Some(id.clone()),
                limit: u32::MAX,
                ..ExecutionFilter::default()
            };
            let mut executions = r.executions(&filter)?;
            executions.reverse();
            let usage = UsageSummary::of_session(r, &id, self.config)?;
            Ok(SessionDetail { session: r.session(&id)?.expect("just found"), executions, usage })
        })
    }

    /// What an agent said at the end of one of its turns, whole.
    pub fn turn_message(&self, detail: &ExecutionDetail, turn: u32) -> Result<Option<Vec<u8>>> {
        match &detail.turn(turn)?.message {
            Some(message) => self.store.read(|r| r.content(&message.hash)),
            None => Ok(None),
        }
    }

    /// What the caller of an agent got, whole, at the end of one of its turns or of the last of which that
    /// is known.
    pub fn delivered(&self, detail: &ExecutionDetail, turn: Option<u32>) -> Result<Vec<u8>> {
        let nothing =
            || HistoryFault::NotDelivered { id: detail.execution.execution_id.clone(), turn };
        let delivered = match turn {
            Some(turn) => detail.turn(turn)?.delivered.as_ref(),
            None => detail.turns().iter().rev().find_map(|it| it.delivered.as_ref()),
        };
        let kept = match delivered {
            Some(text) => self.store.read(|r| r.content(&text.hash))?,
            None => None,
        };
        kept.ok_or_else(|| nothing().into())
    }

    /// The very briefing that an execution was handed, byte for byte.
    pub fn briefing(&self, id: &ExecutionId) -> Result<Vec<u8>> {
        self.store.read(|r| {
            let id: ExecutionId = r.find(id.as_str())?;
            let execution = r.execution(&id)?.expect("just found");
            let kept = match &execution.briefing_hash {
                Some(hash) => r.content(hash)?,
                None => None,
            };
            let bundle = execution.bundle_id;
            kept.ok_or_else(|| HistoryFault::NoBriefing { id, bundle }.into())
        })
    }
}

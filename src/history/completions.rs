//! Completions: what came back. Recorded once; the same again changes nothing, another is refused
//! unless it amends, and then the earlier one is kept.

use super::History;
use super::fault::{Differences, HistoryFault};
use crate::error::Result;
use crate::model::{
    CompletionStatus, CompletionVersion, ExecutionId, ExecutionRecord, ExecutionStatus,
};
use crate::store::Writer;

/// How a deployment ended.
#[derive(Debug, Clone)]
pub struct Completion {
    /// How it ended.
    pub status: CompletionStatus,
    /// Any bytes, any length.
    pub final_message: Option<Vec<u8>>,
    /// What went wrong, in the words given.
    pub error_message: Option<String>,
    /// Paths, as the agent or its caller named them.
    pub deliverables: Vec<String>,
    /// Replace a different completion, keeping it as an earlier version.
    pub amend: bool,
}

/// What became of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is on record now.
    New,
    /// The very same was on record.
    Already,
    /// It replaced another, which is kept as this version.
    Amended { earlier: u32 },
}

impl History<'_> {
    /// Records how a deployment ended.
    pub fn complete(
        &self,
        id: &ExecutionId,
        completion: &Completion,
    ) -> Result<(ExecutionRecord, Recorded)> {
        self.store.write(|w| {
            let id: ExecutionId = w.find(id.as_str())?;
            let execution = w.execution(&id)?.expect("just found");
            if execution.status == ExecutionStatus::Deployed {
                return Ok((self.write(w, execution, completion)?, Recorded::New));
            }
            let differences = differences(&execution, completion);
            if differences.is_empty() {
                return Ok((execution, Recorded::Already));
            }
            if !completion.amend {
                let differences = differences.into_vec();
                return Err(HistoryFault::OtherCompletion { id, differences }.into());
            }
            let earlier = self.keep_earlier(w, &execution)?;
            Ok((self.write(w, execution, completion)?, Recorded::Amended { earlier }))
        })
    }

    fn write(
        &self,
        w: &Writer<'_>,
        mut execution: ExecutionRecord,
        completion: &Completion,
    ) -> Result<ExecutionRecord> {
        execution.completed_at = Some(self.now);
        execution.status = completion.status.into();
        execution.success = Some(completion.status == CompletionStatus::Completed);
        execution.error_message = completion.error_message.clone();
        execution.deliverables = completion.deliverables.clone();
        execution.final_message = completion.final_message.clone();
        execution.final_message_bytes =
            completion.final_message.as_ref().map(|message| message.len() as u64);
        w.update_completion(&execution)?;
        Ok(execution)
    }

    fn keep_earlier(&self, w: &Writer<'_>, execution: &ExecutionRecord) -> Result<u32> {
        let kept = w.completion_versions(&execution.execution_id)?;
        let version = kept.last().map_or(0, |last| last.version) + 1;
        w.insert_completion_version(
            &execution.execution_id,
            &CompletionVersion {
                version,
                replaced_at: self.now,
                completed_at: execution.completed_at.unwrap_or(self.now),
                status: execution.status,
                error_message: execution.error_message.clone(),
                deliverables: execution.deliverables.clone(),
                final_message: execution.final_message.clone(),
            },
        )?;
        Ok(version)
    }
}

fn differences(recorded: &ExecutionRecord, given: &Completion) -> Differences {
    let text = |message: &Option<Vec<u8>>| {
        message.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let bytes = |message: &Option<Vec<u8>>| message.as_ref().map(Vec::len);
    let differences = Differences::default()
        .compare("status", recorded.status.as_str(), given.status.as_str())
        .compare_opt("error_message", recorded.error_message.as_ref(), given.error_message.as_ref())
        .compare("deliverables", &recorded.deliverables.join(", "), &given.deliverables.join(", "));
    if recorded.final_message == given.final_message {
        return differences;
    }
    let (theirs, ours) = (&recorded.final_message, &given.final_message);
    differences.compare_opt("final_message", text(theirs), text(ours)).compare_opt(
        "final_message_bytes",
        bytes(theirs),
        bytes(ours),
    )
}

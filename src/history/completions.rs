//! Completions: what came back. Recorded once; the same again changes nothing, another is refused
//! unless it amends, and then the earlier one is kept.

use super::History;
use super::collected::{self, Again, Collected};
use super::fault::{Difference, Differences, HistoryFault};
use crate::error::Result;
use crate::model::{
    CompletionStatus, CompletionVersion, ExecutionId, ExecutionRecord, ExecutionStatus, Output,
};
use crate::secrets::Finding;
use crate::store::{Writer, content};

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

/// A completion on record.
#[derive(Debug, Clone)]
pub struct Completed {
    pub execution: ExecutionRecord,
    pub recorded: Recorded,
    /// The deliverables named with it, as they were found.
    pub collected: Collected,
    /// Secrets that were taken out of its messages before they were stored.
    pub redacted: Vec<Finding>,
}

impl Completion {
    /// An agent that came back with a message.
    pub fn completed(message: impl Into<Vec<u8>>) -> Completion {
        Completion {
            status: CompletionStatus::Completed,
            final_message: Some(message.into()),
            error_message: None,
            deliverables: Vec::new(),
            amend: false,
        }
    }

    /// An agent that failed.
    pub fn failed(error_message: impl Into<String>) -> Completion {
        Completion {
            status: CompletionStatus::Failed,
            final_message: None,
            error_message: Some(error_message.into()),
            deliverables: Vec::new(),
            amend: false,
        }
    }
}

impl History<'_> {
    /// Records how a deployment ended and what was found of its deliverables, both or neither.
    pub fn complete(
        &self,
        id: &ExecutionId,
        completion: &Completion,
        outputs: Vec<Output>,
    ) -> Result<Completed> {
        let (completion, redacted) = &self.as_stored(completion);
        self.store.write(|w| {
            let id: ExecutionId = w.find(id.as_str())?;
            let on_record = w.execution(&id)?.expect("just found");
            let (execution, recorded) = match on_record.status {
                ExecutionStatus::Deployed => (self.write(w, on_record, completion)?, Recorded::New),
                _ if is_same(&on_record, completion) => (on_record, Recorded::Already),
                _ if completion.amend => {
                    let earlier = self.keep_earlier(w, &on_record)?;
                    (self.write(w, on_record, completion)?, Recorded::Amended { earlier })
                }
                _ => {
                    let differences = differences(&on_record, completion);
                    return Err(HistoryFault::OtherCompletion { id, differences }.into());
                }
            };
            // A retry must not move what later checks compare with.
            let again = match recorded {
                Recorded::Already => Again::Never,
                Recorded::New | Recorded::Amended { .. } => Again::IfChanged,
            };
            let collected = collected::record(w, &id, outputs, again)?;
            Ok(Completed { execution, recorded, collected, redacted: redacted.clone() })
        })
    }

    /// A completion without the secrets in its messages, and what they were.
    fn as_stored(&self, completion: &Completion) -> (Completion, Vec<Finding>) {
        let mut redacted = Vec::new();
        let mut completion = completion.clone();
        if let Some(message) = &mut completion.final_message {
            (*message, redacted) = self.without_secrets(message);
        }
        if let Some(message) = &mut completion.error_message {
            *message = self.clean(message, &mut redacted);
        }
        (completion, redacted)
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

fn is_same(recorded: &ExecutionRecord, given: &Completion) -> bool {
    recorded.status == given.status.into()
        && recorded.error_message == given.error_message
        && recorded.deliverables == given.deliverables
        && recorded.final_message == given.final_message
}

/// What to show of two completions that are not the same.
fn differences(recorded: &ExecutionRecord, given: &Completion) -> Vec<Difference> {
    let text = |message: &Option<Vec<u8>>| {
        message.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let differences = Differences::default()
        .compare("status", recorded.status.as_str(), given.status.as_str())
        .compare_opt("error_message", recorded.error_message.as_ref(), given.error_message.as_ref())
        .compare("deliverables", &recorded.deliverables.join(", "), &given.deliverables.join(", "));
    let (theirs, ours) = (&recorded.final_message, &given.final_message);
    if theirs == ours {
        return differences.into_vec();
    }
    let described = |message: &Option<Vec<u8>>| {
        message
            .as_ref()
            .map(|bytes| format!("{} bytes, blake3 {}", bytes.len(), &content::hash(bytes)[..12]))
    };
    differences
        .compare_opt("final_message", text(theirs), text(ours))
        .compare_opt("the message's bytes", described(theirs), described(ours))
        .into_vec()
}

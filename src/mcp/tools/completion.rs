//! Recording what came back.

use crate::history::{Completion, Recorded, taken_out};
use crate::mcp::args::file_of_project;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::model::{CompletionStatus, ExecutionRecord};
use crate::session::Execution;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// Record how a deployment ended: its final message, whole and unchanged, and what it delivered. The same
/// completion twice is fine; another one is refused unless `amend`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCompletion {
    /// The deployment: its id, the beginning of one, or latest
    execution_id: String,
    /// How it ended; completed, if nothing is said
    status: Option<CompletionStatus>,
    /// The agent's final message, whole
    final_message: Option<String>,
    /// The file of the project that holds it, instead
    final_message_file: Option<PathBuf>,
    /// What went wrong, if it failed
    error_message: Option<String>,
    /// Files it was to produce, in the project; they are looked at now
    #[serde(default)]
    deliverables: Vec<String>,
    /// Replace a different completion; the earlier one is kept
    #[serde(default)]
    amend: bool,
}

fn message(
    workspace: &Workspace,
    text: Option<String>,
    file: Option<PathBuf>,
) -> Result<Option<Vec<u8>>, Refusal> {
    match (text, file) {
        (Some(_), Some(_)) => Err(Refusal::new(
            "there are two final messages",
            "give `final_message` or `final_message_file`, not both",
        )),
        (Some(text), None) => Ok(Some(text.into_bytes())),
        (None, Some(file)) => file_of_project(workspace, &file).map(Some),
        (None, None) => Ok(None),
    }
}

impl Tool for RecordCompletion {
    const NAME: &'static str = "record_completion";
    const TITLE: &'static str = "Record a completion";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = ExecutionRecord;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let execution = Execution::open(workspace, &self.execution_id)?;
        let done = execution.record_completion(&Completion {
            status: self.status.unwrap_or(CompletionStatus::Completed),
            final_message: message(workspace, self.final_message, self.final_message_file)?,
            error_message: self.error_message,
            deliverables: self.deliverables,
            amend: self.amend,
        })?;
        let recorded = match done.recorded {
            Recorded::New => None,
            Recorded::Already => Some("it was on record just so; nothing was changed".to_owned()),
            Recorded::Amended { earlier } => {
                Some(format!("the earlier completion is kept as version {earlier}"))
            }
        };
        let missing = (!done.collected.missing.is_empty())
            .then(|| format!("not there: {}", done.collected.missing.join(", ")));
        // The caller has the message; it need not read it again.
        let record = ExecutionRecord { final_message: None, ..done.execution };
        Ok(Reply::of(&record).notes(recorded).notes(taken_out(&done.redacted)).notes(missing))
    }
}

//! A session in a few words, for a lead agent that lost its memory.

use super::Outputs;
use super::gather::{latest_deliverables, latest_gates};
use crate::error::Result;
use crate::model::{
    ExecutionId, ExecutionRecord, ExecutionStatus, GateResult, Output, OutputType, SessionId,
    SessionRecord, Timestamp,
};
use crate::store::{ExecutionFilter, Messages, OutputFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// A session, what is open in it, and what came of the rest.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Recall {
    pub session: SessionRecord,
    /// When this was told; ages count from it.
    pub generated_at: Timestamp,
    /// Deployments, and how they stand.
    pub deployed: usize,
    pub completed: usize,
    pub failed: usize,
    /// Deployments that have not come back, newest first.
    pub open: Vec<RecalledRun>,
    /// Those that have, the last to come back first.
    pub results: Vec<RecalledRun>,
    /// Insights, newest first.
    pub insights: Vec<RecalledNote>,
    /// Errors that were collected, newest first.
    pub errors: Vec<RecalledNote>,
}

/// One deployment in a few words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecalledRun {
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub scope: String,
    pub status: ExecutionStatus,
    pub deployed_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// The first line of its final message that says something, or its error.
    pub result: Option<String>,
    /// Files it produced, as last collected.
    pub deliverables: Vec<String>,
    /// Files it was to produce, and did not.
    pub missing: Vec<String>,
    /// Gates whose last result is `fail`.
    pub failed_gates: Vec<String>,
}

/// Something learned, or something that went wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecalledNote {
    pub execution_id: ExecutionId,
    pub text: String,
}

impl Outputs<'_> {
    /// Brings a session back to mind.
    pub fn recall(&self, session: &SessionId) -> Result<Recall> {
        let (session, executions, mut outputs) = self.store.read(|r| {
            let id: SessionId = r.find(session.as_str())?;
            let executions = r.executions(&ExecutionFilter {
                session_id: Some(id.clone()),
                messages: Messages::Beginning,
                ..ExecutionFilter::default()
            })?;
            let outputs = r.outputs(&OutputFilter {
                session_id: Some(id.clone()),
                ..OutputFilter::default()
            })?;
            Ok((r.session(&id)?.expect("just found"), executions, outputs))
        })?;
        let note = |it: &Output| RecalledNote {
            execution_id: it.execution_id.clone(),
            text: it.subject().to_owned(),
        };
        let notes =
            |wanted| outputs.iter().filter(move |it| it.output_type == wanted).map(note).collect();
        let (insights, errors) = (notes(OutputType::Insight), notes(OutputType::Error));
        outputs.reverse();
        let mut runs = runs(&executions, &outputs);
        let with = |status| executions.iter().filter(|it| it.status == status).count();
        let (completed, failed) = (with(ExecutionStatus::Completed), with(ExecutionStatus::Failed));
        let open = runs.extract_if(.., |it| it.completed_at.is_none()).collect();
        runs.sort_by_key(|it| std::cmp::Reverse(it.completed_at));
        Ok(Recall {
            session,
            generated_at: self.now,
            deployed: executions.len(),
            completed,
            failed,
            open,
            results: runs,
            insights,
            errors,
        })
    }
}

/// Each execution with what is left of its outputs, which are oldest first.
fn runs(executions: &[ExecutionRecord], outputs: &[Output]) -> Vec<RecalledRun> {
    let places: HashMap<&ExecutionId, usize> =
        executions.iter().enumerate().map(|(at, it)| (&it.execution_id, at)).collect();
    let mut runs: Vec<RecalledRun> = executions.iter().map(RecalledRun::new).collect();
    for (id, it) in latest_deliverables(outputs) {
        let Some(at) = places.get(&id) else { continue };
        let list = if it.exists { &mut runs[*at].deliverables } else { &mut runs[*at].missing };
        list.push(it.file_path);
    }
    for (id, gate) in latest_gates(outputs) {
        if let (Some(at), GateResult::Fail) = (places.get(&id), gate.result) {
            runs[*at].failed_gates.push(gate.name);
        }
    }
    runs
}

impl RecalledRun {
    fn new(it: &ExecutionRecord) -> RecalledRun {
        let message = it.final_message_text();
        let told = message.as_deref().and_then(first_line);
        RecalledRun {
            execution_id: it.execution_id.clone(),
            agent_type: it.agent_type.clone(),
            scope: it.scope.clone(),
            status: it.status,
            deployed_at: it.deployed_at,
            completed_at: it.completed_at,
            result: it.error_message.clone().or(told),
            deliverables: Vec::new(),
            missing: Vec::new(),
            failed_gates: Vec::new(),
        }
    }
}

/// A heading of no more words says little.
const FEW: usize = 3;

/// The first line that says something, without its markup; with a heading of a few words before it; one
/// such as “Summary” says nothing.
fn first_line(message: &str) -> Option<String> {
    let mut heading = None;
    for line in message.lines() {
        let text = line.trim().trim_start_matches(['#', '>', '-', '*', '+', '=', '_', '`', ' ']);
        let text = text.trim_end_matches(['#', '*', '_', ' ']);
        let is_heading = line.trim_start().starts_with('#') || line.trim_end().ends_with("**");
        let is_fence = line.trim_start().starts_with("```");
        if is_fence || !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        match is_heading && text.split_whitespace().count() <= FEW {
            true => heading = heading.or_else(|| Some(text.to_owned())),
            false => {
                return Some(match heading.filter(|it| it.contains(' ')) {
                    Some(heading) => format!("{heading}: {text}"),
                    None => text.to_owned(),
                });
            }
        }
    }
    heading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_says_something() {
        let line = |text: &str| first_line(text).unwrap_or_default();
        assert_eq!(
            line("\n\n# Summary\n\n---\n- **Fixed** the parser.\nMore.\n"),
            "Fixed** the parser."
        );
        assert_eq!(line("## Recall is 0.97 at k=10 ##\nx"), "Recall is 0.97 at k=10");
        assert_eq!(line("**Report**\n```rust\n```\n"), "Report");
        assert_eq!(line("# Index done\n\nRecall 0.97.\n"), "Index done: Recall 0.97.");
        assert_eq!(line("Done."), "Done.");
        assert_eq!(first_line("\n---\n***\n"), None);
    }
}

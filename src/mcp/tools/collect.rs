//! Recording what an agent produced.

use crate::history::{Collected, taken_out};
use crate::mcp::args::GateText;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, SHORT};
use crate::mcp::tool::{Effect, Tool};
use crate::outputs::Collection;
use crate::session::Execution;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// Record what a deployment produced: files (hashed, with lines changed by git), gates, insights, errors. The
/// same again adds nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectOutputs {
    /// The deployment: its id, the beginning of one, or latest
    execution_id: String,
    /// Files it was to produce, in the project
    #[serde(default)]
    deliverables: Vec<PathBuf>,
    /// Gates: name:pass, name:fail, name:skip, or name:85 for a figure
    #[serde(default)]
    validation_results: Vec<GateText>,
    /// What was learned, a sentence each
    #[serde(default)]
    insights: Vec<String>,
    /// What went wrong, a sentence each
    #[serde(default)]
    errors: Vec<String>,
    /// Other files that these outputs touch on
    #[serde(default)]
    related_files: Vec<String>,
}

impl Tool for CollectOutputs {
    const NAME: &'static str = "collect_outputs";
    const TITLE: &'static str = "Collect outputs";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = Collected;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let execution = Execution::open(workspace, &self.execution_id)?;
        let collection = Collection {
            deliverables: self.deliverables,
            validation: self.validation_results.into_iter().map(|it| it.0).collect(),
            insights: self.insights,
            errors: self.errors,
            related_files: self.related_files,
        };
        if collection.is_empty() {
            return Err(Refusal::new(
                "nothing was named",
                "give `deliverables`, `validation_results`, `insights` or `errors`",
            ));
        }
        let collected = execution.collect(&collection)?;
        let already = (collected.added == 0).then(|| "all of it was on record already".to_owned());
        let missing = (!collected.missing.is_empty())
            .then(|| format!("not there: {}", collected.missing.join(", ")));
        let redacted = taken_out(&collected.redacted);
        Ok(Reply::of(&collected).notes(already).notes(redacted).notes(missing).within(SHORT))
    }
}

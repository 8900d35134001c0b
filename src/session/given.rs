//! What a deployment was given, and what became of it since: the record held against the disk.

use super::Execution;
use crate::context::BundleCheck;
use crate::error::Result;
use crate::model::{ExecutionRecord, SkipReason, Skipped};
use schemars::JsonSchema;
use serde::Serialize;

/// A deployment's context.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ContextGiven {
    /// The deployment without its final message.
    pub execution: ExecutionRecord,
    /// The bundle it was given, held against the disk; none where no bundle is on record.
    pub context: Option<BundleCheck>,
    /// What was left out of that bundle to fit its budget.
    pub trimmed: Vec<Skipped>,
}

impl Execution<'_> {
    /// What it was given, and whether each file has changed since.
    pub fn context(&self) -> Result<ContextGiven> {
        let context = self.workspace.context();
        let mut execution = self.workspace.outputs().execution(&self.id)?;
        execution.final_message = None;
        let name = execution.bundle_id.as_ref().map(|id| id.as_str().as_ref());
        let bundle = name.map(|name| context.kept(name)).transpose()?;
        let trimmed = bundle.iter().flat_map(|bundle| bundle.skipped.clone());
        Ok(ContextGiven {
            trimmed: trimmed.filter(|it| it.reason == SkipReason::Trimmed).collect(),
            context: bundle.map(|bundle| context.verify(&bundle)),
            execution,
        })
    }
}

//! What several bundles share, put first.

use crate::context::Sharing;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, SHORT};
use crate::mcp::tool::{Effect, Tool};
use crate::render::grouped;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// Put what several agents get first, alike to the byte for all, so that a provider's prompt cache pays for it
/// once. Says what that saves; with `write`, keeps the rewritten bundles under new ids.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deduplicate {
    /// Two or more bundles: ids, or beginnings of ids
    bundles: Vec<PathBuf>,
    /// Keep the rewritten bundles, to deploy them instead: `rewritten` names them
    #[serde(default)]
    write: bool,
}

impl Tool for Deduplicate {
    const NAME: &'static str = "deduplicate";
    const TITLE: &'static str = "Deduplicate bundles";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = Sharing;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let context = workspace.context();
        let bundles = self.bundles.iter().map(|name| context.kept(name));
        let bundles = bundles.collect::<crate::Result<Vec<_>>>()?;
        let sharing = context.deduplicate(&bundles, self.write)?;
        let over =
            sharing.bundles.iter().filter(|it| it.total_tokens_upper > it.budget).map(|it| {
                let by = grouped(it.total_tokens_upper - it.budget);
                format!(
                    "with the shared part first, {}'s is over its budget by {by}",
                    it.agent_type
                )
            });
        let kept = match self.write {
            true => "kept: deploy the rewritten bundles instead",
            false => "the bundles are as they were; `write` keeps the rewritten ones",
        };
        Ok(Reply::of(&sharing).notes(over).note(kept).within(SHORT))
    }
}

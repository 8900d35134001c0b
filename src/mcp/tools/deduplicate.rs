//! What several bundles share, put first.

use crate::context::{Sharing, SharingRow};
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, SHORT, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::model::BundleId;
use crate::render::{grouped, to_json};
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// What it saves, and the bundles it makes.
#[derive(Serialize, JsonSchema)]
pub struct Shared {
    /// What all of them begin with, as a bundle of its own.
    shared_bundle: BundleId,
    agents: Vec<SharingRow>,
    tokens_before: u64,
    tokens_after: u64,
    percent_saved: f64,
    /// Tokens that all briefings begin with alike.
    prefix_tokens: u64,
    /// What `tokens_after` cost with a prompt cache, in tokens at the full price.
    tokens_billed: u64,
    percent_billed_saved: f64,
    exact: bool,
}

impl From<Sharing> for Shared {
    fn from(sharing: Sharing) -> Shared {
        Shared {
            shared_bundle: sharing.shared.bundle_id,
            agents: sharing.agents,
            tokens_before: sharing.tokens_before,
            tokens_after: sharing.tokens_after,
            percent_saved: sharing.percent_saved,
            prefix_tokens: sharing.prefix_tokens,
            tokens_billed: sharing.tokens_billed,
            percent_billed_saved: sharing.percent_billed_saved,
            exact: sharing.exact,
        }
    }
}

impl Tool for Deduplicate {
    const NAME: &'static str = "deduplicate";
    const TITLE: &'static str = "Deduplicate bundles";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = Shared;

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
        let over: Vec<String> = over.collect();
        let text = markdown(&sharing);
        let shared = to_json(&Shared::from(sharing));
        Ok(Reply::new(shared, text).notes(over).note(kept).within(SHORT))
    }
}

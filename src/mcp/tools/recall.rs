//! A session brought back to mind.

use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, SHORT};
use crate::mcp::tool::{Effect, Tool};
use crate::outputs;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a lead agent that lost its memory needs to go on with a session, in at most 10,000 characters: what is
/// open, what came of the rest, what was learned. Call it after a compaction.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// The session: its id, the beginning of one, or latest; latest, if nothing is said
    session_id: Option<String>,
}

impl Tool for Recall {
    const NAME: &'static str = "recall";
    const TITLE: &'static str = "Recall a session";
    const EFFECT: Effect = Effect::Reads;
    type Result = outputs::Recall;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let name = self.session_id.as_deref().unwrap_or(crate::model::LATEST);
        let session = workspace.history().find(name)?;
        Ok(Reply::of(&workspace.outputs().recall(&session)?).foreign().within(SHORT))
    }
}

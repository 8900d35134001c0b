//! A session brought back to mind.

use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, SHORT, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::outputs;
use crate::render::to_json;
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
        let recall = workspace.outputs().recall(&session)?;
        let text = text(&recall);
        Ok(Reply::new(to_json(&recall), text).foreign().within(SHORT))
    }
}

/// A recall's last section names commands; here there are tools.
pub fn text(recall: &outputs::Recall) -> String {
    let text = markdown(recall);
    match text.rsplit_once(MORE) {
        Some((before, _)) => format!("{before}{MORE}{TOOLS}"),
        None => text,
    }
}

const MORE: &str = "\n## Where to read more\n";

const TOOLS: &str = "
- a whole message: `show` with `execution_id`, `part` message
- what one was given: `show` with `execution_id`, `part` context or briefing
- all of one deployment, its outputs too: `show` with `execution_id`
- a report: `synthesize` with `session_id`
";

//! A bundle's briefing: the very text that an agent is handed.

use crate::context::Briefing;
use crate::mcp::args::template;
use crate::mcp::fit::Piece;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::render::{grouped, to_json};
use crate::store::file;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Render a bundle's briefing from the contents that were kept: the whole prompt of its agent. The same bundle
/// gives the same bytes, whatever became of the files. Prefer `to_file`, so that it does not fill your own
/// context.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateBriefing {
    /// The bundle's id, the beginning of one, or latest
    bundle: PathBuf,
    /// The name of another template than the bundle's
    template: Option<String>,
    /// Write it to a file that the agent can be told to read, and return only where that is
    #[serde(default)]
    to_file: bool,
    /// Where to go on in a long text, in characters
    #[serde(default)]
    from: usize,
}

/// A briefing, with its text or where that is.
#[derive(Serialize, JsonSchema)]
pub struct Rendered {
    #[serde(flatten)]
    briefing: Briefing,
    /// The file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    #[serde(flatten)]
    text: Option<Piece>,
}

impl Tool for GenerateBriefing {
    const NAME: &'static str = "generate_briefing";
    const TITLE: &'static str = "Render a briefing";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = Rendered;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let context = workspace.context();
        let bundle = context.kept(&self.bundle)?;
        let briefing = context.brief(&bundle, template(self.template)?.as_deref())?;
        let over = (briefing.tokens_upper > bundle.budget).then(|| {
            let (tokens, budget) = (grouped(briefing.tokens_upper), grouped(bundle.budget));
            format!("this rendering may have {tokens} tokens, over the bundle's budget of {budget}")
        });
        if self.to_file {
            let path = write(workspace, &briefing)?;
            let text = format!("{}\n- **file:** {}\n", markdown(&briefing), path.display());
            let rendered = Rendered { briefing, path: Some(path), text: None };
            return Ok(Reply::new(to_json(&rendered), text).notes(over));
        }
        let piece = Piece::of(&briefing.text, self.from);
        let (text, more) = (piece.text.clone(), piece.more());
        let rendered = Rendered { briefing, path: None, text: Some(piece) };
        Ok(Reply::new(to_json(&rendered), text).notes(over).notes(more).whole())
    }
}

/// Into sortie's own directory, which no bundle takes files from.
fn write(workspace: &Workspace, briefing: &Briefing) -> crate::Result<PathBuf> {
    let dir = workspace.home().join("briefings");
    file::make_own_dir(workspace.home())?;
    file::make_own_dir(&dir)?;
    let name = format!("{}-{}.md", briefing.bundle_id, &briefing.briefing_hash[..8]);
    let path = dir.join(name);
    file::write(&path, briefing.text.as_bytes())?;
    Ok(path)
}

//! Whether something fits, and what is spoken for already.

use crate::context::{Asked, Bounds, BudgetRequest, Request, Usage, UsageRequest, WalkRules};
use crate::mcp::args::find;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::model::Phase;
use crate::render::View;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Would these files fit an agent's budget, and how much of a session's budget is used? Counts `files` as one
/// briefing, or adds up what a session deployed and bundles that are planned, or both. Writes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBudget {
    /// Count these: files, directories, globs, path#Heading, path:10-80, in the project
    #[serde(default)]
    files: Vec<PathBuf>,
    /// Globs to leave out of directories, besides what ignore files say
    #[serde(default)]
    ignore: Vec<String>,
    /// Add up what this session deployed: its id, the beginning of one, or latest
    session_id: Option<String>,
    /// Add these bundles to it: ids, beginnings of ids, or latest
    #[serde(default)]
    bundles: Vec<PathBuf>,
    /// The phase it is for, 1 to 5
    phase: Option<Phase>,
    /// The model to count for; the default is configured, else sonnet
    model: Option<String>,
    /// Tokens; the default is configured, else what the model's window leaves
    budget: Option<u64>,
}

/// What was asked for.
#[derive(Serialize, JsonSchema)]
pub struct Checked {
    /// The files against the budget of one briefing.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Bounds>,
    /// The session and the bundles against the budget of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

impl CheckBudget {
    fn bounds(&self, workspace: &Workspace) -> Result<Bounds, Refusal> {
        let rules = WalkRules { ignore: self.ignore.clone(), ..WalkRules::default() };
        let asked = Asked { files: self.files.clone(), rules, ..Asked::default() };
        let request = Request {
            selectors: asked.into(),
            model: self.model.clone(),
            budget: BudgetRequest { budget: self.budget, ..BudgetRequest::default() },
            ..Request::default()
        };
        Ok(workspace.context().check_bounds(&request, self.phase, Vec::new())?)
    }

    fn usage(&self, workspace: &Workspace) -> Result<Usage, Refusal> {
        let request = UsageRequest {
            session_id: find(workspace, &self.session_id)?,
            phase: self.phase,
            budget: self.budget,
            warn: None,
        };
        let context = workspace.context();
        let bundles = self.bundles.iter().map(|name| context.kept(name));
        Ok(context.usage(&request, &bundles.collect::<crate::Result<Vec<_>>>()?)?)
    }
}

impl Tool for CheckBudget {
    const NAME: &'static str = "check_budget";
    const TITLE: &'static str = "Check a budget";
    const EFFECT: Effect = Effect::Reads;
    type Result = Checked;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let of_files = !self.files.is_empty();
        let of_session = self.session_id.is_some() || !self.bundles.is_empty();
        if !of_files && !of_session {
            let hint = "give `files`, or `session_id` or `bundles`";
            return Err(Refusal::new("there is nothing to check", hint));
        }
        let checked = Checked {
            files: of_files.then(|| self.bounds(workspace)).transpose()?,
            usage: of_session.then(|| self.usage(workspace)).transpose()?,
        };
        let bounds = checked.files.iter().map(|it| it as &dyn View);
        let views = bounds.chain(checked.usage.iter().map(|it| it as &dyn View));
        let text: Vec<String> = views.map(markdown).collect();
        Ok(Reply::new(crate::render::to_json(&checked), text.join("\n")))
    }
}

//! Preparing a bundle, and looking at one.

use crate::context::{
    Asked, BudgetRequest, BudgetStatus, OnOverBudget, Preparation, Prepared, Request, WalkRules,
};
use crate::mcp::args::{Said, template};
use crate::mcp::refusal::{Refusal, for_tools};
use crate::mcp::reply::{Reply, SHORT, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::model::{AgentType, Bundle, BundleId, ContextItem, DedupMode, Priority, Skipped};
use crate::render::to_json;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Prepare one agent's context before it is deployed: files are selected, counted in tokens, deduplicated,
/// held against the budget, and kept as a bundle. Over budget, or with a secret in it, nothing is kept, and
/// the error says what to drop or narrow.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepareBundle {
    /// The kind of agent that gets it, such as reviewer
    agent_type: AgentType,
    /// What it is to do
    scope: Said,
    /// What it works on: files, directories, globs, path#Heading, path:10-80, in the project
    #[serde(default)]
    files: Vec<PathBuf>,
    /// What it may consult; dropped before `files` when trimming
    #[serde(default)]
    references: Vec<PathBuf>,
    /// What would be nice to have; dropped first
    #[serde(default)]
    optional: Vec<PathBuf>,
    /// Items of the above that must stay
    #[serde(default)]
    required: Vec<String>,
    /// Items of the above that may be dropped after the optional ones
    #[serde(default)]
    recommended: Vec<String>,
    /// Globs to leave out of directories, besides what ignore files say
    #[serde(default)]
    ignore: Vec<String>,
    /// Take hidden files of directories too
    #[serde(default)]
    hidden: bool,
    /// Take ignored files of directories too
    #[serde(default)]
    no_ignore: bool,
    /// Who the agent is to be
    role: Option<String>,
    /// Rules it must keep, each a sentence
    #[serde(default)]
    constraints: Vec<String>,
    /// What its final message is to hold
    expected_output: Option<String>,
    /// The model to count for; the default is configured, else sonnet
    model: Option<String>,
    /// Tokens the briefing may have; the default is configured, else the model's window less 20 %
    budget: Option<u64>,
    /// What to do if it does not fit
    #[serde(default)]
    on_over_budget: OnOverBudget,
    /// What is kept once; the default is configured, else blocks
    dedup: Option<DedupMode>,
    /// Take secrets out of what is sent, instead of refusing it
    #[serde(default)]
    redact: bool,
    /// The name of the briefing's template
    template: Option<String>,
}

impl PrepareBundle {
    fn request(self) -> Result<Request, Refusal> {
        let rules =
            WalkRules { ignore: self.ignore, hidden: self.hidden, no_ignore: self.no_ignore };
        let asked = Asked {
            files: self.files,
            references: self.references,
            optional: self.optional,
            required: self.required,
            recommended: self.recommended,
            rules,
            paranoid: false,
        };
        Ok(Request {
            agent_type: self.agent_type,
            scope: self.scope.0,
            role: self.role,
            constraints: self.constraints,
            expected_output: self.expected_output,
            selectors: asked.into(),
            model: self.model,
            budget: BudgetRequest { budget: self.budget, ..BudgetRequest::default() },
            template: template(self.template)?,
            max_file_size: None,
            dedup: self.dedup,
            on_over_budget: self.on_over_budget,
            redact: self.redact,
        })
    }
}

impl Tool for PrepareBundle {
    const NAME: &'static str = "prepare_bundle";
    const TITLE: &'static str = "Prepare a bundle";
    const EFFECT: Effect = Effect::AddsOnce;
    type Result = Digest;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let request = self.request()?;
        match workspace.context().prepare(&request)? {
            Preparation::Ready(prepared) => Ok(reply(&prepared)),
            Preparation::OverBudget(over) => {
                let trimmed = request.on_over_budget == OnOverBudget::Trim;
                let remedy = for_tools(over.remedy(trimmed));
                Err(Refusal::new(over.told(), remedy).showing(markdown(&over)))
            }
        }
    }
}

/// A bundle in few words.
#[derive(Serialize, JsonSchema)]
pub struct Digest {
    bundle_id: BundleId,
    model: String,
    total_tokens: u64,
    total_tokens_upper: u64,
    exact: bool,
    budget: u64,
    budget_remaining: i64,
    status: BudgetStatus,
    /// The largest first.
    items: Vec<Held>,
    skipped: Vec<Skipped>,
}

/// An item of it.
#[derive(Serialize, JsonSchema)]
struct Held {
    item: String,
    tokens: u64,
    priority: Priority,
}

impl Digest {
    fn of(prepared: &Prepared) -> Digest {
        let bundle = &prepared.bundle;
        let held = |it: &ContextItem| Held {
            item: it.label(),
            tokens: it.token_count,
            priority: it.priority,
        };
        let mut items: Vec<Held> = bundle.context_items.iter().map(held).collect();
        items.sort_by_key(|it| std::cmp::Reverse(it.tokens));
        Digest {
            bundle_id: bundle.bundle_id.clone(),
            model: bundle.model.clone(),
            total_tokens: bundle.total_tokens,
            total_tokens_upper: bundle.total_tokens_upper,
            exact: bundle.exact,
            budget: bundle.budget,
            budget_remaining: bundle.budget_remaining,
            status: prepared.status,
            items,
            skipped: bundle.skipped.clone(),
        }
    }
}

fn reply(prepared: &Prepared) -> Reply {
    let told = prepared.warnings().into_iter().chain(prepared.suspicion());
    Reply::new(to_json(&Digest::of(prepared)), markdown(prepared))
        .notes(told.map(|told| for_tools(&told)))
        .note("kept; generate_briefing renders it")
        .within(SHORT)
}

/// Look at a bundle that was prepared: what is in it, what each item costs, what was left out and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetBundle {
    /// Its id, the beginning of one, or latest
    bundle: PathBuf,
}

impl Tool for GetBundle {
    const NAME: &'static str = "get_bundle";
    const TITLE: &'static str = "Look at a bundle";
    const EFFECT: Effect = Effect::Reads;
    type Result = Bundle;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        Ok(Reply::of(&workspace.context().kept(&self.bundle)?))
    }
}

//! Listing deployments.

use crate::history::{ExecutionFilter, ExecutionList, Messages, UsageList, UsedExecution};
use crate::mcp::args::{find, moment};
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::model::{ExecutionId, ExecutionStatus};
use crate::render::{Paged, View};
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;

/// List deployments, newest first: who was given what, and how it ended. `status: deployed` are those that have
/// not come back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Of this session: an id, the beginning of one, or latest
    session_id: Option<String>,
    /// Of this kind of agent
    agent_type: Option<String>,
    /// On this model
    model: Option<String>,
    /// In this state
    status: Option<ExecutionStatus>,
    /// Deployed then or later: a time, a day, or an age such as 3d
    since: Option<String>,
    /// Deployed before: a time, a day, or an age such as 2h
    until: Option<String>,
    /// At most so many; 20, if nothing is said
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// Go on behind this one: the `next` of the page before
    after: Option<String>,
    /// Tell what each used in tokens, and what that cost
    #[serde(default)]
    usage: bool,
}

/// A page of them.
#[derive(JsonSchema)]
#[allow(dead_code)] // Only its schema is used.
pub struct Executions {
    executions: Vec<UsedExecution>,
    next: Option<ExecutionId>,
}

impl Tool for Query {
    const NAME: &'static str = "query";
    const TITLE: &'static str = "List deployments";
    const EFFECT: Effect = Effect::Reads;
    type Result = Executions;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let page = workspace.history().executions(&ExecutionFilter {
            session_id: find(workspace, &self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            status: self.status,
            since: moment(workspace, &self.since)?,
            until: moment(workspace, &self.until)?,
            messages: Messages::None,
            limit: self.limit.unwrap_or(20).clamp(1, 200),
            after: find(workspace, &self.after)?,
        })?;
        let next = page.next.map(|id| id.to_string());
        let more =
            next.iter().map(|id| format!("there are more: `after` {id}")).collect::<Vec<_>>();
        let list: Box<dyn View> = match self.usage {
            true => Box::new(UsageList(workspace.history().with_usage(page.rows)?)),
            false => Box::new(ExecutionList(page.rows)),
        };
        Ok(Reply::of(&Paged { list: &*list, next }).notes(more).foreign())
    }
}

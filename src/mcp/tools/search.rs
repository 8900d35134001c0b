//! Full text over the record.

use crate::history::{self, Matched, SearchFilter};
use crate::mcp::args::{Said, find, moment};
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::model::ExecutionStatus;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;

/// Search scopes, final messages, errors, insights, deliverables and gates of all deployments. All words must
/// be there, in any order; words of three letters and more match all that begin so; "quoted words" stand together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What to look for
    query: Said,
    /// In this session: an id, the beginning of one, or latest
    session_id: Option<String>,
    /// Of this kind of agent
    agent_type: Option<String>,
    /// On this model
    model: Option<String>,
    /// Of deployments in this state
    status: Option<ExecutionStatus>,
    /// Recorded then or later: a time, a day, or an age such as 3d
    since: Option<String>,
    /// Recorded before: a time, a day, or an age such as 2h
    until: Option<String>,
    /// At most so many; 10, if nothing is said
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
}

impl Tool for Search {
    const NAME: &'static str = "search";
    const TITLE: &'static str = "Search the record";
    const EFFECT: Effect = Effect::Reads;
    type Result = history::Search;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let filter = SearchFilter {
            session_id: find(workspace, &self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            status: self.status,
            since: moment(workspace, &self.since)?,
            until: moment(workspace, &self.until)?,
            limit: self.limit.unwrap_or(10).clamp(1, 100),
        };
        let search = workspace.history().search(&self.query.0, &filter)?;
        let some = (search.matched == Matched::Any && !search.hits.is_empty())
            .then(|| "nothing has all of these words; this has some of them".to_owned());
        let more =
            search.more.then(|| format!("there are more than {}: raise `limit`", filter.limit));
        Ok(Reply::of(&search).notes(some).notes(more).foreign())
    }
}

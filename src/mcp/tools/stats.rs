//! Figures over deployments.

use crate::history::{Group, StatsBy, StatsFilter};
use crate::mcp::args::{find, moment};
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::render::counted;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How deployments went, what they took and what they cost, with success rates, durations, tokens and US dollars:
/// by kind of agent, model, session, source (what stood in their context), template or day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    /// What to tell deployments apart by; agent-type, if nothing is said
    #[serde(default)]
    by: StatsBy,
    /// In this session: an id, the beginning of one, or latest
    session_id: Option<String>,
    /// Of this kind of agent
    agent_type: Option<String>,
    /// On this model
    model: Option<String>,
    /// Deployed then or later: a time, a day, or an age such as 30d
    since: Option<String>,
    /// Deployed before: a time, a day, or an age such as 2h
    until: Option<String>,
    /// At most so many lines; 20, if nothing is said
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// Groups of deployments and all of them, or sources with and without which they ran.
#[derive(Serialize, JsonSchema)]
#[allow(dead_code)] // Only its schema is used.
pub struct Figures {
    by: String,
    /// How many lines the limit left out.
    omitted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<Map<String, Value>>>,
}

impl Tool for Stats {
    const NAME: &'static str = "stats";
    const TITLE: &'static str = "Figures of deployments";
    const EFFECT: Effect = Effect::Reads;
    type Result = Figures;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let filter = StatsFilter {
            session_id: find(workspace, &self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            since: moment(workspace, &self.since)?,
            until: moment(workspace, &self.until)?,
        };
        let limit = self.limit.unwrap_or(20).clamp(1, 200);
        let stats = workspace.history().stats(self.by, &filter, limit)?;
        let omitted = stats.omitted();
        let more = (omitted > 0).then(|| {
            let more = counted(omitted, "more line", "more lines");
            format!("{more}: raise `limit`")
        });
        Ok(Reply::of(&stats).notes(more))
    }
}

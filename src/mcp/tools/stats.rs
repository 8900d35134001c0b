//! Figures over deployments.

use crate::history::{Property, StatsFilter};
use crate::mcp::args::{find, moment};
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::render::counted;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How deployments went and what they took, with success rates, durations and tokens: by kind of agent, model,
/// session, source (what stood in their context), template or day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    /// What to tell deployments apart by; agent-type, if nothing is said
    #[serde(default)]
    by: By,
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

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum By {
    #[default]
    AgentType,
    Model,
    Session,
    Source,
    Template,
    Day,
}

impl By {
    /// What the record has one of for each deployment; it has many sources.
    fn property(self) -> Option<Property> {
        match self {
            Self::AgentType => Some(Property::AgentType),
            Self::Model => Some(Property::Model),
            Self::Session => Some(Property::Session),
            Self::Template => Some(Property::Template),
            Self::Day => Some(Property::Day),
            Self::Source => None,
        }
    }
}

/// Groups of deployments, or sources with and without which they ran.
#[derive(JsonSchema)]
#[allow(dead_code)] // Only its schema is used.
pub struct Figures {
    by: String,
    /// How many lines the limit left out.
    omitted: usize,
    #[serde(flatten)]
    figures: Map<String, Value>,
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
        let history = workspace.history();
        let (reply, omitted) = match self.by.property() {
            Some(property) => {
                let stats = history.stats(property, &filter, limit)?;
                (Reply::of(&stats), stats.omitted)
            }
            None => {
                let stats = history.stats_by_source(&filter, limit)?;
                (Reply::of(&stats), stats.omitted)
            }
        };
        let more = (omitted > 0).then(|| {
            let more = counted(omitted, "more line", "more lines");
            format!("{more}: raise `limit`")
        });
        Ok(reply.notes(more))
    }
}

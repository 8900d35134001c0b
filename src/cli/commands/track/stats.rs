use crate::cli::commands::Verb;
use crate::cli::commands::arguments::moment;
use clap::{Args, ValueEnum};
use sortie::Result;
use sortie::history::{Property, StatsFilter};
use sortie::render::counted;
use std::process::ExitCode;

/// How deployments went, and what they took: by agent, model, session, source, template or day
#[derive(Args)]
#[command(
    after_help = "Success is what completed of what came back; CI is Wilson's interval, within which \
the true rate is likely to be. Durations are by nearest rank: the median, and the 95th percentile. A source is compared over the runs whose context is on record: those that had \
it against those that had not.\n\n\
Example:\n  sortie track stats --by agent-type --since 30d\n  sortie track stats --by source"
)]
pub struct Stats {
    /// What to tell deployments apart by; source is what stood in their context
    #[arg(long, value_enum, default_value = "agent-type")]
    by: By,
    /// In this session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Of this kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: Option<String>,
    /// On this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Deployed then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Deployed before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// At most so many lines; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
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

impl Stats {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let now = verb.workspace.now();
        let filter = StatsFilter {
            session_id: verb.find(&self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            since: moment(&self.since, now)?,
            until: moment(&self.until, now)?,
        };
        let omitted = match self.by.property() {
            Some(property) => {
                let stats = history.stats(property, &filter, self.limit)?;
                verb.show(&stats)?;
                stats.omitted
            }
            None => {
                let stats = history.stats_by_source(&filter, self.limit)?;
                verb.show(&stats)?;
                stats.omitted
            }
        };
        if omitted > 0 {
            let more = counted(omitted, "more line", "more lines");
            verb.ui.note(&format!("{more}: raise --limit"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

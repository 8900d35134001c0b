use crate::cli::commands::Verb;
use crate::cli::commands::arguments::moment;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use sortie::Result;
use sortie::history::{StatsBy, StatsFilter};
use sortie::render::counted;
use std::process::ExitCode;

/// How deployments went, what they took and what they cost: by agent, model, session, source, template or day
#[derive(Args)]
#[command(
    after_help = "Success is what completed of what came back; CI is Wilson's interval, within which \
the true rate is likely to be. Durations are by nearest rank: the median, and the 95th percentile. A source is compared over the runs whose context is on record: those that had \
it against those that had not.\n\n\
What agents used is known where a harness told it (`sortie install`, `sortie import`): all requests together, \
cache reads and writes apart. Harnesses mostly report the last request alone; OFF BY says how many times as \
much it was, over the runs of which both is known. Dollars are by the price table that ships with sortie, whose \
day is told, or by prices in sortie.toml: [models.NAME] price = { input = 3, output = 15 }.\n\n\
Example:\n  sortie track stats --by agent-type --since 30d\n  sortie track stats --by day --format csv\n  \
sortie track stats --by source"
)]
pub struct Stats {
    /// What to tell deployments apart by; source is what stood in their context
    #[arg(long, value_parser = by(), default_value = "agent-type")]
    by: StatsBy,
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

/// One of them by its name.
fn by() -> impl TypedValueParser<Value = StatsBy> {
    PossibleValuesParser::new(StatsBy::ALL.map(StatsBy::name)).map(|name| {
        let named = StatsBy::ALL.into_iter().find(|by| by.name() == name);
        named.expect("it is one of these names")
    })
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
        let stats = history.stats(self.by, &filter, self.limit)?;
        verb.show(&stats)?;
        let omitted = stats.omitted();
        if omitted > 0 {
            let more = counted(omitted, "more line", "more lines");
            verb.ui.note(&format!("{more}: raise --limit"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! How deployments went: by agent, model, session, template or day, and by what stood in their
//! context.

use super::History;
use super::proportion::{FEW, Proportion, percentile};
use super::usage::UsageSummary;
use crate::config::Prices;
use crate::error::Result;
use crate::store::{ContextTally, Property, SourceTally, StatsFilter, Tally};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of deployments, told apart by a property.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Stats {
    /// Such as `agent-type`.
    pub by: &'static str,
    /// Days newest first, all else by runs.
    pub groups: Vec<Group>,
    /// How many groups the limit left out.
    pub omitted: usize,
    /// All groups together, those left out too.
    pub total: Group,
}

/// Figures of the deployments of one agent, one model and so on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Group {
    /// Which; none where the record does not say.
    pub name: Option<String>,
    pub runs: u64,
    pub completed: u64,
    pub failed: u64,
    /// Deployed, and not back.
    pub open: u64,
    /// Completed of those that came back, 0 to 1; none if none did.
    pub success_rate: Option<f64>,
    /// Between which rates the true one is likely to be: Wilson's interval at 95 %.
    pub success_low: Option<f64>,
    pub success_high: Option<f64>,
    /// Whether fewer than ten came back, so that the rate says little.
    pub few_runs: bool,
    /// Of the context, over the deployments for which it is known; none if for none.
    pub tokens_mean: Option<u64>,
    pub tokens_total: u64,
    /// Whether no count in these is an estimate.
    pub tokens_exact: bool,
    /// Milliseconds from deployment to completion that half of those that came back did not exceed: by
    /// nearest rank, one of the durations themselves.
    pub duration_p50_ms: Option<i64>,
    /// The same for 95 of a hundred.
    pub duration_p95_ms: Option<i64>,
    /// What they used, where the tokens above are what they were given; none where no harness told.
    pub usage: Option<UsageSummary>,
}

/// Which sources went with success, and which with failure. That they went together does not say
/// that one made the other.
#[derive(Debug, Clone)]
pub struct SourceStats {
    /// Always `source`.
    pub by: &'static str,
    /// Deployments that came back and whose context is on record: what is compared.
    pub finished: u64,
    pub completed: u64,
    /// The most telling first.
    pub sources: Vec<SourceGroup>,
    /// How many sources the limit left out.
    pub omitted: usize,
}

/// How it went with one source in the context, and how without it.
#[derive(Debug, Clone)]
pub struct SourceGroup {
    pub source: String,
    pub with: Share,
    pub without: Share,
    /// The rate with it less the rate without it, -1 to 1; none if it was always or never there.
    pub difference: Option<f64>,
    /// Whether it went better or worse with it: only where the intervals of the two rates do not
    /// overlap, which is a stricter measure than most.
    pub telling: Option<Telling>,
    /// How far the intervals are apart; negative where they overlap.
    pub apart: Option<f64>,
}

/// Some deployments that came back, and how many completed.
#[derive(Debug, Clone)]
pub struct Share {
    pub finished: u64,
    pub completed: u64,
    /// 0 to 1; none if there are none.
    pub rate: Option<f64>,
    /// Wilson's interval at 95 %.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// In which way a difference tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    Better,
    Worse,
}

/// What deployments are told apart by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StatsBy {
    #[default]
    AgentType,
    Model,
    Session,
    /// What stood in their context, of which each has many.
    Source,
    Template,
    Day,
}

/// Figures of deployments, by whatever was asked for.
// There is one value of it in a question.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum Figures {
    Groups(Stats),
    Sources(SourceStats),
}

impl StatsBy {
    pub const ALL: [StatsBy; 6] =
        [Self::AgentType, Self::Model, Self::Session, Self::Source, Self::Template, Self::Day];

    /// Such as `agent-type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgentType => "agent-type",
            Self::Model => "model",
            Self::Session => "session",
            Self::Source => "source",
            Self::Template => "template",
            Self::Day => "day",
        }
    }
}

impl Figures {
    /// How many lines the limit left out.
    pub fn omitted(&self) -> usize {
        match self {
            Self::Groups(it) => it.omitted,
            Self::Sources(it) => it.omitted,
        }
    }
}

impl History<'_> {
    /// The deployments of `filter`, told apart; at most `limit` lines, 0 is all.
    pub fn stats(&self, by: StatsBy, filter: &StatsFilter, limit: u32) -> Result<Figures> {
        let property = match by {
            StatsBy::AgentType => Property::AgentType,
            StatsBy::Model => Property::Model,
            StatsBy::Session => Property::Session,
            StatsBy::Template => Property::Template,
            StatsBy::Day => Property::Day,
            StatsBy::Source => return self.stats_by_source(filter, limit).map(Figures::Sources),
        };
        let tallies = self.store.read(|r| r.tallies(property, filter))?;
        let prices = Prices::new(self.config);
        let total = tallies.values().fold(Tally::default(), |sum, it| sum.and(it));
        let groups = tallies.into_iter().map(|(name, tally)| Group::new(name, tally, &prices));
        let mut groups: Vec<Group> = groups.collect();
        groups.sort_by(|a, b| {
            let by_runs = b.runs.cmp(&a.runs).then_with(|| a.name.cmp(&b.name));
            if by == StatsBy::Day { b.name.cmp(&a.name) } else { by_runs }
        });
        let omitted = cut(&mut groups, limit);
        let total = Group::new(None, total, &prices);
        Ok(Figures::Groups(Stats { by: by.name(), groups, omitted, total }))
    }

    /// How the deployments of `filter` went with and without each source in their context.
    fn stats_by_source(&self, filter: &StatsFilter, limit: u32) -> Result<SourceStats> {
        let (all, sources) = self.store.read(|r| Ok((r.contexts(filter)?, r.sources(filter)?)))?;
        let mut sources: Vec<SourceGroup> =
            sources.into_iter().map(|source| SourceGroup::new(source, all)).collect();
        // What cannot be compared comes last.
        let apart = |it: &SourceGroup| it.apart.unwrap_or(f64::NEG_INFINITY);
        sources.sort_by(|a, b| {
            let by_size = b.with.finished.cmp(&a.with.finished);
            apart(b).total_cmp(&apart(a)).then(by_size).then_with(|| a.source.cmp(&b.source))
        });
        let omitted = cut(&mut sources, limit);
        let ContextTally { finished, completed } = all;
        let by = StatsBy::Source.name();
        Ok(SourceStats { by, finished, completed, sources, omitted })
    }
}

/// Shortens a list to `limit`, and says by how much.
fn cut<T>(rows: &mut Vec<T>, limit: u32) -> usize {
    let kept = if limit == 0 { rows.len() } else { rows.len().min(limit as usize) };
    let omitted = rows.len() - kept;
    rows.truncate(kept);
    omitted
}

/// To four digits: more would only pretend.
fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

impl Group {
    fn new(name: Option<String>, mut tally: Tally, prices: &Prices<'_>) -> Group {
        tally.durations.sort_unstable();
        let Tally { completed, failed, open, .. } = tally;
        let success = Share::new(Proportion { finished: completed + failed, completed });
        Group {
            name,
            runs: completed + failed + open,
            completed,
            failed,
            open,
            success_rate: success.rate,
            success_low: success.low,
            success_high: success.high,
            few_runs: success.finished < FEW,
            tokens_mean: (tally.tokens + tally.counted / 2).checked_div(tally.counted),
            tokens_total: tally.tokens,
            tokens_exact: !tally.estimated,
            duration_p50_ms: percentile(&tally.durations, 50),
            duration_p95_ms: percentile(&tally.durations, 95),
            usage: UsageSummary::new(&tally.used, prices),
        }
    }
}

impl Share {
    fn new(of: Proportion) -> Share {
        let bound = |at: usize| of.interval().map(|interval| rounded(interval[at]));
        Share {
            finished: of.finished,
            completed: of.completed,
            rate: of.rate().map(rounded),
            low: bound(0),
            high: bound(1),
        }
    }
}

impl SourceGroup {
    fn new(source: SourceTally, all: ContextTally) -> SourceGroup {
        let with = Proportion { finished: source.finished, completed: source.completed };
        let without = Proportion {
            finished: all.finished - source.finished,
            completed: all.completed - source.completed,
        };
        let difference = with.rate().zip(without.rate()).map(|(with, without)| with - without);
        let apart = with.apart(without);
        let telling = difference.filter(|_| apart.is_some_and(|gap| gap > 0.0));
        SourceGroup {
            source: source.source,
            with: Share::new(with),
            without: Share::new(without),
            difference: difference.map(rounded),
            telling: telling.map(|by| if by > 0.0 { Telling::Better } else { Telling::Worse }),
            apart,
        }
    }
}

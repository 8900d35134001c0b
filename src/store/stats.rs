//! Figures over many executions: by some property of them, and by what stood in their context.

use super::filter::Filter;
use super::open::Reader;
use crate::error::Result;
use crate::model::{ExecutionStatus, SessionId, Timestamp, Usage};
use rusqlite::Row;
use rusqlite::types::ToSql;
use std::collections::HashMap;

/// Which executions to count.
#[derive(Debug, Clone, Default)]
pub struct StatsFilter {
    pub session_id: Option<SessionId>,
    pub agent_type: Option<String>,
    pub model: Option<String>,
    /// Deployed then or later.
    pub since: Option<Timestamp>,
    /// Deployed before.
    pub until: Option<Timestamp>,
}

/// What executions can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    AgentType,
    Model,
    Session,
    /// The template of the briefing that was handed over.
    Template,
    /// Of deployment, UTC.
    Day,
}

/// The executions that have one property.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub completed: u64,
    pub failed: u64,
    pub open: u64,
    /// Executions whose context was counted.
    pub counted: u64,
    /// The sum of those counts.
    pub tokens: u64,
    /// Whether any of them is an estimate.
    pub estimated: bool,
    /// Milliseconds from deployment to completion, in no order.
    pub durations: Vec<i64>,
    /// What they used, a model once; nothing of those of which no harness told.
    pub used: Vec<ModelUsage>,
}

/// What executions on one model used, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelUsage {
    pub model: Option<String>,
    /// Executions whose usage is known.
    pub known: u64,
    /// Requests to the model.
    pub requests: u64,
    pub tokens: Usage,
    /// Executions of which nothing is known but what their harness reported.
    pub reported_only: u64,
    /// What harnesses reported of those of which both is known.
    pub reported: u64,
    /// What those used.
    pub used_of_reported: u64,
}

/// How it went where a source stood in the context.
#[derive(Debug, Clone)]
pub struct SourceTally {
    pub source: String,
    /// Finished executions that had it.
    pub finished: u64,
    /// How many of them completed.
    pub completed: u64,
}

/// Finished executions whose context is on record.
#[derive(Debug, Clone, Copy)]
pub struct ContextTally {
    pub finished: u64,
    pub completed: u64,
}

impl Property {
    /// What is asked of all executions to tell them apart so, with what they used or without.
    #[doc(hidden)]
    pub fn statement(self, usage: bool) -> String {
        let (column, join) = self.column();
        let (used, usages) = if usage { USED } else { ("", "") };
        format!(
            "SELECT {column}, e.status, e.context_token_count, e.context_tokens_exact,
                    e.deployed_at, e.completed_at {used}
             FROM agent_executions e {join} {usages}"
        )
    }

    /// The column, and what has to be joined for it.
    fn column(self) -> (&'static str, &'static str) {
        match self {
            Self::AgentType => ("e.agent_type", ""),
            Self::Model => ("e.model", ""),
            Self::Session => ("e.session_id", ""),
            Self::Day => ("substr(e.deployed_at, 1, 10)", ""),
            Self::Template => (
                "b.template",
                "LEFT JOIN briefings b
                 ON b.bundle_id = e.bundle_id AND b.briefing_hash = e.briefing_hash",
            ),
        }
    }
}

/// What executions used, and what has to be joined for it.
const USED: (&str, &str) = (
    ", coalesce(u.model, e.model), u.requests, u.input_tokens, u.output_tokens, u.cache_read_tokens,
       u.cache_write_tokens, u.cache_write_1h_tokens, u.reported_tokens",
    "LEFT JOIN usages u ON u.execution_id = e.execution_id",
);

/// The state of what did not come back yet.
const OPEN: Option<ExecutionStatus> = Some(ExecutionStatus::Deployed);

/// The conditions on the executions `e`.
fn conditions(filter: &StatsFilter) -> Filter<'_> {
    Filter::default()
        .and("e.session_id = ?", &filter.session_id)
        .and("e.agent_type = ?", &filter.agent_type)
        .and("e.model = ?", &filter.model)
        .and("e.deployed_at >= ?", &filter.since)
        .and("e.deployed_at < ?", &filter.until)
}

impl Reader<'_> {
    /// The executions of `filter`, told apart by `property`; those without it stand under `None`.
    ///
    /// One pass over the rows: percentiles need every duration, and the sums then cost nothing. A `GROUP BY`
    /// of what was used takes 1.3 times as long as both in one pass: it looks each execution up again.
    pub fn tallies(
        &self,
        property: Property,
        filter: &StatsFilter,
    ) -> Result<HashMap<Option<String>, Tally>> {
        let usage = self.has_usages()?;
        let (condition, values) = conditions(filter).condition();
        let sql = format!("{} {condition}", property.statement(usage));
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(&*values as &[&dyn ToSql])?;
        let mut tallies: HashMap<Option<String>, Tally> = HashMap::new();
        while let Some(row) = rows.next()? {
            let tally = tallies.entry(row.get(0)?).or_default();
            tally.add(row)?;
            if usage {
                tally.add_usage(row)?;
            }
        }
        Ok(tallies)
    }

    /// Whether it is known of any execution what it used. A history without capture pays for nothing else.
    fn has_usages(&self) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM usages)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The finished executions of `filter` that have a context on record.
    pub fn contexts(&self, filter: &StatsFilter) -> Result<ContextTally> {
        let (condition, values) = conditions(filter).and("e.status <> ?", &OPEN).condition();
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(e.success), 0) FROM agent_executions e {condition}
             AND EXISTS (SELECT 1 FROM context_allocations a WHERE a.execution_id = e.execution_id)"
        ))?;
        Ok(statement.query_row(&*values as &[&dyn ToSql], |row| {
            Ok(ContextTally { finished: row.get(0)?, completed: row.get(1)? })
        })?)
    }

    /// How it went with each source that stood in the context of those; a source that stands in one
    /// context twice counts once.
    pub fn sources(&self, filter: &StatsFilter) -> Result<Vec<SourceTally>> {
        let (condition, values) = conditions(filter).and("e.status <> ?", &OPEN).condition();
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT source, count(*), sum(success) FROM (
               SELECT a.context_source AS source, e.success
               FROM agent_executions e CROSS JOIN context_allocations a
                 ON a.execution_id = e.execution_id AND a.included_in_deployment = 1
                AND a.context_type <> 'briefing'
               {condition}
               GROUP BY e.seq, a.context_source)
             GROUP BY source"
        ))?;
        let rows = statement.query_map(&*values as &[&dyn ToSql], |row| {
            Ok(SourceTally { source: row.get(0)?, finished: row.get(1)?, completed: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tally {
    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        match row.get(1)? {
            ExecutionStatus::Completed => self.completed += 1,
            ExecutionStatus::Failed => self.failed += 1,
            ExecutionStatus::Deployed => self.open += 1,
        }
        let tokens: u64 = row.get(2)?;
        if tokens > 0 {
            self.counted += 1;
            self.tokens += tokens;
            self.estimated |= !row.get::<_, bool>(3)?;
        }
        if let Some(end) = row.get::<_, Option<Timestamp>>(5)? {
            self.durations.push(end.millis_since(row.get(4)?));
        }
        Ok(())
    }

    fn add_usage(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let Some(requests) = row.get::<_, Option<u64>>(7)? else { return Ok(()) };
        let tokens = Usage {
            input_tokens: row.get(8)?,
            output_tokens: row.get(9)?,
            cache_read_tokens: row.get(10)?,
            cache_write_tokens: row.get(11)?,
            cache_write_1h_tokens: row.get(12)?,
        };
        let total = tokens.total();
        let reported = row.get::<_, Option<u64>>(13)?.filter(|it| *it > 0 && total > 0);
        self.add_used(ModelUsage {
            model: row.get(6)?,
            known: u64::from(total > 0),
            requests,
            tokens,
            reported_only: u64::from(total == 0),
            reported: reported.unwrap_or(0),
            used_of_reported: reported.map_or(0, |_| total),
        });
        Ok(())
    }

    /// Adds what others on one model used.
    fn add_used(&mut self, it: ModelUsage) {
        // A group has few models.
        let Some(sum) = self.used.iter_mut().find(|sum| sum.model == it.model) else {
            return self.used.push(it);
        };
        sum.known += it.known;
        sum.requests = sum.requests.saturating_add(it.requests);
        sum.tokens = sum.tokens.plus(&it.tokens);
        sum.reported_only += it.reported_only;
        sum.reported = sum.reported.saturating_add(it.reported);
        sum.used_of_reported = sum.used_of_reported.saturating_add(it.used_of_reported);
    }

    /// Both together.
    pub fn and(mut self, other: &Tally) -> Tally {
        self.completed += other.completed;
        self.failed += other.failed;
        self.open += other.open;
        self.counted += other.counted;
        self.tokens += other.tokens;
        self.estimated |= other.estimated;
        self.durations.extend(&other.durations);
        other.used.iter().for_each(|it| self.add_used(it.clone()));
        self
    }
}

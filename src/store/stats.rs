//! Figures over many executions: by some property of them, and by what stood in their context.

use super::filter::Filter;
use super::open::Reader;
use crate::error::Result;
use crate::model::{ExecutionStatus, SessionId, Timestamp};
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
    /// What is asked of all executions to tell them apart so.
    #[doc(hidden)]
    pub fn statement(self) -> String {
        let (column, join) = self.column();
        format!(
            "SELECT {column}, e.status, e.context_token_count, e.context_tokens_exact,
                    e.deployed_at, e.completed_at
             FROM agent_executions e {join}"
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
    /// One pass over the rows: percentiles need every duration, and the sums then cost nothing.
    pub fn tallies(
        &self,
        property: Property,
        filter: &StatsFilter,
    ) -> Result<HashMap<Option<String>, Tally>> {
        let (condition, values) = conditions(filter).condition();
        let sql = format!("{} {condition}", property.statement());
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(&*values as &[&dyn ToSql])?;
        let mut tallies: HashMap<Option<String>, Tally> = HashMap::new();
        while let Some(row) = rows.next()? {
            let tally = tallies.entry(row.get(0)?).or_default();
            match row.get(1)? {
                ExecutionStatus::Completed => tally.completed += 1,
                ExecutionStatus::Failed => tally.failed += 1,
                ExecutionStatus::Deployed => tally.open += 1,
            }
            let tokens: u64 = row.get(2)?;
            if tokens > 0 {
                tally.counted += 1;
                tally.tokens += tokens;
                tally.estimated |= !row.get::<_, bool>(3)?;
            }
            if let Some(end) = row.get::<_, Option<Timestamp>>(5)? {
                tally.durations.push(end.millis_since(row.get(4)?));
            }
        }
        Ok(tallies)
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

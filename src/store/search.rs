//! Full text: which sessions, executions and outputs have some words, the best first.

use super::filter::Filter;
use super::open::Reader;
use crate::error::Result;
use crate::model::{
    Excerpt, ExecutionId, ExecutionStatus, OutputId, OutputType, SessionId, Timestamp,
};
use rusqlite::Row;
use rusqlite::types::{FromSqlResult, ToSql, ValueRef};
use serde::Serialize;
use serde_json::Value;

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct SearchFilter {
    pub session_id: Option<SessionId>,
    /// Of deployments of this agent, and of what they put out; no sessions then.
    pub agent_type: Option<String>,
    /// The same for a model.
    pub model: Option<String>,
    /// The same for the state of a deployment.
    pub status: Option<ExecutionStatus>,
    /// Begun, deployed, ended or collected then or later.
    pub since: Option<Timestamp>,
    /// The same, before.
    pub until: Option<Timestamp>,
    /// At most so many; 0 is all.
    pub limit: u32,
}

/// What kind of text something was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    SessionScope,
    /// Why a session failed.
    SessionError,
    Scope,
    FinalMessage,
    Error,
    Insight,
    Deliverable,
    Gate,
}

/// One text in which something was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    pub place: Place,
    pub session_id: SessionId,
    /// None in what was said of a session.
    pub execution_id: Option<ExecutionId>,
    /// Only of insights, errors, deliverables and gates that were collected.
    pub output_id: Option<OutputId>,
    /// When it was said: the session began, the deployment was made or ended, the output was collected.
    pub at: Timestamp,
    /// None in what was said of a session.
    pub agent_type: Option<String>,
    /// Of the deployment, or of the session.
    pub status: String,
    /// What was found, with some words around it.
    #[serde(flatten)]
    pub excerpt: Excerpt,
    /// The smaller, the better.
    #[serde(skip)]
    pub rank: f64,
}

/// Words of an excerpt.
const WORDS: usize = 14;

/// What `snippet` is called with behind its column.
fn marks() -> String {
    format!("'{}', '{}', '…', {WORDS}", Excerpt::OPEN, Excerpt::CLOSE)
}

impl Reader<'_> {
    /// Whatever `expression`, in the language of FTS5, matches; the best first, of each kind of row
    /// at most one more than the limit.
    pub fn search(&self, expression: &str, filter: &SearchFilter) -> Result<Vec<Hit>> {
        let expression = Some(expression);
        let mut hits = self.in_executions(&expression, filter)?;
        hits.extend(self.in_outputs(&expression, filter)?);
        if filter.agent_type.is_none() && filter.model.is_none() && filter.status.is_none() {
            hits.extend(self.in_sessions(&expression, filter)?);
        }
        hits.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(b.at.cmp(&a.at)));
        Ok(hits)
    }

    fn in_sessions(&self, words: &Option<&str>, filter: &SearchFilter) -> Result<Vec<Hit>> {
        let marks = marks();
        let select = format!(
            "SELECT s.session_id, s.created_at, s.status, sessions_fts.rank,
                    snippet(sessions_fts, 0, {marks}), snippet(sessions_fts, 1, {marks})
             FROM sessions_fts CROSS JOIN sessions s ON s.seq = sessions_fts.rowid"
        );
        let conditions = Filter::default()
            .and("sessions_fts MATCH ?", words)
            .and("s.session_id = ?", &filter.session_id)
            .and("s.created_at >= ?", &filter.since)
            .and("s.created_at < ?", &filter.until);
        self.best(&select, conditions, "sessions_fts", filter, |row| {
            let (place, excerpt) =
                best_column(row, 4, &[Place::SessionScope, Place::SessionError])?;
            Ok(Hit {
                place,
                session_id: row.get(0)?,
                execution_id: None,
                output_id: None,
                at: row.get(1)?,
                agent_type: None,
                status: row.get(2)?,
                rank: row.get(3)?,
                excerpt,
            })
        })
    }

    fn in_executions(&self, words: &Option<&str>, filter: &SearchFilter) -> Result<Vec<Hit>> {
        let marks = marks();
        let select = format!(
            "SELECT e.session_id, e.execution_id, e.deployed_at, e.agent_type, e.status,
                    e.completed_at, executions_fts.rank, snippet(executions_fts, 0, {marks}),
                    snippet(executions_fts, 1, {marks}), snippet(executions_fts, 2, {marks})
             FROM executions_fts CROSS JOIN agent_executions e ON e.seq = executions_fts.rowid"
        );
        let conditions = of_execution(
            Filter::default()
                .and("executions_fts MATCH ?", words)
                // What it was about and what went wrong say more than what was said at length.
                .and("executions_fts.rank MATCH ?", &Some("bm25(8.0, 8.0, 1.0)"))
                // A message is as old as its completion.
                .and("coalesce(e.completed_at, e.deployed_at) >= ?", &filter.since)
                .and("e.deployed_at < ?", &filter.until),
            filter,
        );
        self.best(&select, conditions, "executions_fts", filter, |row| {
            let (place, excerpt) =
                best_column(row, 7, &[Place::Scope, Place::Error, Place::FinalMessage])?;
            let completed: Option<Timestamp> = row.get(5)?;
            let said = completed.filter(|_| place != Place::Scope);
            Ok(Hit {
                place,
                session_id: row.get(0)?,
                execution_id: row.get(1)?,
                output_id: None,
                at: said.map_or_else(|| row.get(2), Ok)?,
                agent_type: row.get(3)?,
                status: row.get(4)?,
                rank: row.get(6)?,
                excerpt,
            })
        })
    }

    fn in_outputs(&self, words: &Option<&str>, filter: &SearchFilter) -> Result<Vec<Hit>> {
        // Of a thing that was collected several times, the last state; the plus keeps SQLite to the
        // few outputs of the execution, where a gate of one name may stand in every one of them.
        let select = format!(
            "SELECT e.session_id, o.execution_id, o.output_id, o.created_at, e.agent_type, e.status,
                    outputs_fts.rank, o.output_type, o.content, snippet(outputs_fts, 0, {})
             FROM outputs_fts CROSS JOIN outputs o ON o.seq = outputs_fts.rowid
                              CROSS JOIN agent_executions e ON e.execution_id = o.execution_id
                              AND NOT EXISTS (
                                SELECT 1 FROM outputs later
                                WHERE later.execution_id = o.execution_id AND later.seq > o.seq
                                  AND +later.output_type = o.output_type
                                  AND +later.subject = o.subject)",
            marks()
        );
        let conditions = of_execution(
            Filter::default()
                .and("outputs_fts MATCH ?", words)
                .and("o.created_at >= ?", &filter.since)
                .and("o.created_at < ?", &filter.until),
            filter,
        );
        self.best(&select, conditions, "outputs_fts", filter, |row| {
            let (place, weight) = place_of(row.get(7)?);
            let mut excerpt = excerpt(row.get_ref(9)?)?;
            excerpt.text += &result_of(place, row.get_ref(8)?);
            Ok(Hit {
                place,
                session_id: row.get(0)?,
                execution_id: row.get(1)?,
                output_id: row.get(2)?,
                at: row.get(3)?,
                agent_type: row.get(4)?,
                status: row.get(5)?,
                rank: row.get::<_, f64>(6)? * weight,
                excerpt,
            })
        })
    }

    /// The rows of one index that match best.
    fn best(
        &self,
        select: &str,
        conditions: Filter<'_>,
        index: &str,
        filter: &SearchFilter,
        hit: impl FnMut(&Row<'_>) -> rusqlite::Result<Hit>,
    ) -> Result<Vec<Hit>> {
        let (condition, mut values) = conditions.condition();
        // FTS5 sorts its own rows by rank, and makes excerpts of those alone that are taken.
        let mut sql = format!("{select} {condition} ORDER BY {index}.rank");
        let limit = filter.limit.saturating_add(1);
        if filter.limit > 0 {
            values.push(&limit);
            sql += &format!(" LIMIT ?{}", values.len());
        }
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values as &[&dyn ToSql], hit)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The conditions on the execution that a hit is of.
fn of_execution<'a>(conditions: Filter<'a>, filter: &'a SearchFilter) -> Filter<'a> {
    conditions
        .and("e.session_id = ?", &filter.session_id)
        .and("e.agent_type = ?", &filter.agent_type)
        .and("e.model = ?", &filter.model)
        .and("e.status = ?", &filter.status)
}

/// Which of scope, error and message has most of what was looked for, from the column `first` on.
fn best_column(
    row: &Row<'_>,
    first: usize,
    places: &[Place],
) -> rusqlite::Result<(Place, Excerpt)> {
    let mut best = (places[0], excerpt(row.get_ref(first)?)?);
    for (at, place) in places.iter().enumerate().skip(1) {
        let other = excerpt(row.get_ref(first + at)?)?;
        if other.found() > best.1.found() {
            best = (*place, other);
        }
    }
    Ok(best)
}

/// Bytes that nobody promised to be UTF-8.
fn excerpt(value: ValueRef<'_>) -> FromSqlResult<Excerpt> {
    let bytes = value.as_bytes_or_null()?.unwrap_or_default();
    Ok(Excerpt::parse(&String::from_utf8_lossy(bytes)))
}

/// What an output is, and how much a match in it says: names of files and gates come again and again.
fn place_of(output_type: OutputType) -> (Place, f64) {
    match output_type {
        OutputType::Insight => (Place::Insight, 1.0),
        OutputType::Error => (Place::Error, 1.0),
        OutputType::Deliverable => (Place::Deliverable, 0.6),
        OutputType::ValidationResult => (Place::Gate, 0.3),
    }
}

/// How a gate came out, to stand behind its name.
fn result_of(place: Place, content: ValueRef<'_>) -> String {
    let content = content.as_bytes().unwrap_or_default();
    match serde_json::from_slice::<Value>(content).ok().filter(|_| place == Place::Gate) {
        Some(gate) => format!(": {}", gate["result"].to_string().replace('"', "")),
        None => String::new(),
    }
}

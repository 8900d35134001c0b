//! Collected outputs.

use super::columns::Json;
use super::filter::Filter;
use super::open::{Reader, Writer};
use crate::error::Result;
use crate::model::{ExecutionId, Output, OutputId, OutputType, SessionId, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

/// Which outputs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct OutputFilter {
    pub session_id: Option<SessionId>,
    pub execution_id: Option<ExecutionId>,
    pub agent_type: Option<String>,
    pub output_type: Option<OutputType>,
    /// Collected then or later.
    pub since: Option<Timestamp>,
    /// At most so many; 0 is all.
    pub limit: u32,
    /// Only what stands behind this one in the list.
    pub after: Option<OutputId>,
}

pub(super) fn output(row: &Row<'_>) -> rusqlite::Result<Output> {
    Ok(Output {
        output_id: row.get(0)?,
        execution_id: row.get(1)?,
        output_type: row.get(2)?,
        content: row.get::<_, Json<_>>(3)?.0,
        created_at: row.get(4)?,
        metadata: row.get::<_, Json<_>>(5)?.0,
    })
}

impl Reader<'_> {
    /// Outputs, newest first.
    pub fn outputs(&self, filter: &OutputFilter) -> Result<Vec<Output>> {
        // An execution, a session or a rare agent has few outputs, which are sorted. All else is read
        // from its end: the plus keeps SQLite from beginning with all executions of an agent.
        let one = filter.session_id.is_some() || filter.execution_id.is_some();
        let rare = !one && filter.agent_type.as_deref().map_or(Ok(false), |it| self.is_rare(it))?;
        let of_agent = if rare { "e.agent_type = ?" } else { "+e.agent_type = ?" };
        let of_type =
            if one || rare { "+outputs.output_type = ?" } else { "outputs.output_type = ?" };
        let conditions = Filter::default()
            .and("e.session_id = ?", &filter.session_id)
            .and("outputs.execution_id = ?", &filter.execution_id)
            .and(of_agent, &filter.agent_type)
            .and(of_type, &filter.output_type)
            .and("outputs.created_at >= ?", &filter.since);
        let (sql, values) = conditions.list(
            "SELECT output_id, outputs.execution_id, output_type, content, created_at, metadata
             FROM outputs JOIN agent_executions e ON e.execution_id = outputs.execution_id",
            &filter.after,
            &filter.limit,
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, output)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether an agent was deployed less than a thousand times.
    fn is_rare(&self, agent_type: &str) -> Result<bool> {
        let mut statement = self.0.prepare_cached(
            "SELECT 1 FROM agent_executions WHERE agent_type = ?1 LIMIT 1 OFFSET 999",
        )?;
        Ok(statement.query_row([agent_type], |_| Ok(())).optional()?.is_none())
    }
}

impl Writer<'_> {
    pub fn insert_output(&self, output: &Output) -> Result<()> {
        self.insert_output_at(output, None)
    }

    /// The same, at a place among the others; without one it comes last.
    pub fn insert_output_at(&self, output: &Output, seq: Option<i64>) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO outputs (seq, output_id, execution_id, output_type, content,
                                  created_at, metadata, subject, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, row_seal(?2, ?3, ?4, ?5, ?6, ?7, ?8))",
            )?
            .execute(params![
                seq,
                output.output_id,
                output.execution_id,
                output.output_type,
                Json(&output.content),
                output.created_at,
                Json(&output.metadata),
                output.subject(),
            ])?;
        self.tally.add(|it| it.outputs += 1);
        Ok(())
    }
}

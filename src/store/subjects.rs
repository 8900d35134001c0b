//! Outputs by what they are a state of.

use super::open::Reader;
use super::outputs::output;
use crate::error::Result;
use crate::model::{Output, OutputType, SessionId};

/// One state of a file or a gate, and the session it was collected in.
#[derive(Debug, Clone)]
pub struct SubjectState {
    pub output: Output,
    pub session_id: SessionId,
}

impl Reader<'_> {
    /// Every state of one subject over all executions, oldest first.
    pub fn states(&self, output_type: OutputType, subject: &str) -> Result<Vec<SubjectState>> {
        let mut statement = self.0.prepare_cached(
            "SELECT o.output_id, o.execution_id, o.output_type, o.content, o.created_at, o.metadata,
                    e.session_id
             FROM outputs o INDEXED BY outputs_by_subject
             CROSS JOIN agent_executions e ON e.execution_id = o.execution_id
             WHERE o.output_type = ?1 AND o.subject = ?2 ORDER BY o.created_at, o.seq",
        )?;
        let rows = statement.query_map((output_type, subject), |row| {
            Ok(SubjectState { output: output(row)?, session_id: row.get(6)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The subjects of the newest outputs of a type, at most `among` of those, in order.
    pub fn latest_subjects(&self, output_type: OutputType, among: u32) -> Result<Vec<String>> {
        let mut statement = self.0.prepare_cached(
            "SELECT DISTINCT subject FROM (
               SELECT subject FROM outputs WHERE output_type = ?1
               ORDER BY created_at DESC, seq DESC LIMIT ?2)
             ORDER BY subject",
        )?;
        let rows = statement.query_map((output_type, among), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

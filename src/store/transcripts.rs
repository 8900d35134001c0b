//! Transcripts: how far each was read.

use super::open::{Reader, Writer};
use crate::error::Result;
use crate::model::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

/// How far a transcript was read, and what it was like then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadTo {
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: i64,
    /// To the end of the last line that has told all it has to.
    pub read_to: u64,
    pub read_at: Timestamp,
}

impl Reader<'_> {
    /// How far a transcript was read.
    pub fn transcript(&self, path: &str) -> Result<Option<ReadTo>> {
        let sql = "SELECT bytes, modified, read_to, read_at FROM transcripts WHERE path = ?1";
        let read_to = |row: &Row<'_>| {
            Ok(ReadTo {
                bytes: row.get(0)?,
                modified: row.get(1)?,
                read_to: row.get(2)?,
                read_at: row.get(3)?,
            })
        };
        Ok(self.0.prepare_cached(sql)?.query_row([path], read_to).optional()?)
    }

    /// Whether a deployment of a harness's session is not back: of the agent, or of any.
    pub fn is_any_out(&self, harness: &str, session: &str, agent: Option<&str>) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM captures
                     WHERE harness = ?1 AND harness_session_id = ?2 AND settled IS NULL
                       AND execution_id IS NOT NULL AND (?3 IS NULL OR agent_id = ?3))";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row(params![harness, session, agent], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Writes how far a transcript was read.
    pub fn put_transcript(&self, path: &str, it: &ReadTo) -> Result<()> {
        let sql = "INSERT INTO transcripts (path, bytes, modified, read_to, read_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes,
                     modified = excluded.modified, read_to = excluded.read_to,
                     read_at = excluded.read_at";
        let values = params![path, it.bytes, it.modified, it.read_to, it.read_at];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

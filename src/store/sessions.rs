//! Sessions.

use super::columns::Json;
use super::filter::Filter;
use super::open::{Reader, Writer};
use crate::error::Result;
use crate::model::{SessionId, SessionRecord, SessionStatus, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

/// Which sessions to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    pub status: Option<SessionStatus>,
    /// Begun then or later.
    pub since: Option<Timestamp>,
    /// Begun before.
    pub until: Option<Timestamp>,
    /// At most so many; 0 is all.
    pub limit: u32,
    /// Only what stands behind this one in the list.
    pub after: Option<SessionId>,
}

pub(super) const COLUMNS: &str =
    "session_id, created_at, scope, phase, status, ended_at, error_message, metadata";

pub(super) fn session(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        session_id: row.get(0)?,
        created_at: row.get(1)?,
        scope: row.get(2)?,
        phase: row.get(3)?,
        status: row.get(4)?,
        ended_at: row.get(5)?,
        error_message: row.get(6)?,
        metadata: row.get::<_, Json<_>>(7)?.0,
    })
}

impl Reader<'_> {
    /// The session of that very id.
    pub fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM sessions WHERE session_id = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([id], session).optional()?)
    }

    /// Sessions, newest first.
    pub fn sessions(&self, filter: &SessionFilter) -> Result<Vec<SessionRecord>> {
        let conditions = Filter::default()
            .and("status = ?", &filter.status)
            .and("created_at >= ?", &filter.since)
            .and("created_at < ?", &filter.until);
        let select = format!("SELECT {COLUMNS} FROM sessions");
        let (sql, values) = conditions.list(&select, &filter.after, &filter.limit);
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last session of the same scope that began before `session`, an ended one if there is one;
    /// looked for among the last `among` whose scope has its words. A scope without words is like none.
    pub fn session_before(
        &self,
        session: &SessionRecord,
        among: u32,
    ) -> Result<Option<SessionRecord>> {
        // Sessions that are many are gone through by the words of the scope alone.
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions
             WHERE seq IN (SELECT rowid FROM sessions_fts WHERE sessions_fts MATCH ?1
                           AND rowid <> (SELECT seq FROM sessions WHERE session_id = ?2)
                           ORDER BY rowid DESC LIMIT ?3)
               AND (created_at, seq) < (SELECT created_at, seq FROM sessions WHERE session_id = ?2)
             ORDER BY created_at DESC, seq DESC"
        );
        let words = session.scope.replace(|it: char| it == '"' || it.is_control(), " ");
        let phrase = format!("scope : \"{words}\"");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = params![phrase, session.session_id, among];
        let mut open = None;
        for earlier in statement.query_map(rows, self::session)? {
            let earlier = earlier?;
            match earlier.has_scope_of(session) {
                true if earlier.status.is_ended() => return Ok(Some(earlier)),
                true => open = open.or(Some(earlier)),
                false => {}
            }
        }
        Ok(open)
    }
}

impl Writer<'_> {
    /// Adds a session; its id must be free.
    pub fn insert_session(&self, session: &SessionRecord) -> Result<()> {
        self.insert_session_at(session, None)
    }

    /// The same, at a place among the others; without one it comes last.
    pub fn insert_session_at(&self, session: &SessionRecord, seq: Option<i64>) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO sessions (seq, session_id, created_at, scope, phase, status, ended_at,
                                   error_message, metadata, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                     row_seal(?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))",
            )?
            .execute(params![
                seq,
                session.session_id,
                session.created_at,
                session.scope,
                session.phase,
                session.status,
                session.ended_at,
                session.error_message,
                Json(&session.metadata),
            ])?;
        self.tally.add(|it| it.sessions += 1);
        Ok(())
    }

    /// Writes what may change of a session: phase, status and how it ended.
    pub fn update_session(&self, session: &SessionRecord) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE sessions SET phase = ?2, status = ?3, ended_at = ?4, error_message = ?5,
                seal = row_seal(session_id, created_at, scope, ?2, ?3, ?4, ?5, metadata)
             WHERE session_id = ?1",
            )?
            .execute(params![
                session.session_id,
                session.phase,
                session.status,
                session.ended_at,
                session.error_message,
            ])?;
        Ok(())
    }
}

//! What pruning asks and deletes. The plan stands in the temporary tables of the choice, with a mark
//! of what each thing was like; what is not like that any more when its turn comes is left alone.

use super::open::{Reader, Store, Writer};
use crate::error::Result;
use crate::model::{SessionId, SessionStatus, Timestamp};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

/// What decides about a session.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    pub session_id: SessionId,
    pub created_at: Timestamp,
    pub status: SessionStatus,
    pub ended_at: Option<Timestamp>,
    pub scope: String,
    pub executions: u64,
    /// Executions that have not come back.
    pub open: u64,
}

/// How many of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    pub sessions: u64,
    pub executions: u64,
    pub outputs: u64,
    pub reports: u64,
    pub bundles: u64,
    pub briefings: u64,
    pub contents: u64,
}

/// How large the database is, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    pub whole: u64,
    /// Of it, free for what is recorded next.
    pub free: u64,
}

/// Anything that is recorded of a session after its end changes one of these.
const SESSION_MARK: &str = "s.status || ' ' || coalesce(s.ended_at, '') || ' ' ||
    (SELECT count(*) || ' ' || total(e.status = 'deployed') FROM agent_executions e
     WHERE e.session_id = s.session_id) || ' ' ||
    (SELECT count(*) FROM completion_versions v JOIN agent_executions e
     ON e.execution_id = v.execution_id WHERE e.session_id = s.session_id) || ' ' ||
    (SELECT count(*) FROM context_allocations a JOIN agent_executions e
     ON e.execution_id = a.execution_id WHERE e.session_id = s.session_id) || ' ' ||
    (SELECT count(*) FROM outputs o JOIN agent_executions e
     ON e.execution_id = o.execution_id WHERE e.session_id = s.session_id) || ' ' ||
    (SELECT count(*) FROM reports r WHERE r.session_id = s.session_id)";

/// Preparing a bundle again or rendering it changes one of these.
const BUNDLE_MARK: &str = "b.created_at || ' ' || b.seq || ' ' ||
    (SELECT count(*) || ' ' || total(f.seq) FROM briefings f WHERE f.bundle_id = b.bundle_id)";

/// The bundles that go: old ones that no execution needs but those that go, and with `?2` also such as
/// none ever needed.
const BUNDLES: &str = "
    WITH given (bundle_id) AS (
      SELECT bundle_id FROM agent_executions WHERE bundle_id IS NOT NULL
      AND session_id IN (SELECT session_id FROM chosen_sessions))
    INSERT OR REPLACE INTO chosen_bundles (bundle_id, mark, goes)
    SELECT b.bundle_id, {mark}, 1 FROM bundles b
    WHERE b.created_at < ?1
      AND b.bundle_id NOT IN (
        SELECT bundle_id FROM agent_executions WHERE bundle_id IS NOT NULL
        AND session_id NOT IN (SELECT session_id FROM chosen_sessions))
      AND (?2 OR b.bundle_id IN given OR b.bundle_id IN (
        SELECT shared_bundle_id FROM manifests WHERE bundle_id IN given))";

/// What bundles that stay begin with, stays with them.
const SHARED_STAY: &str = "DELETE FROM chosen_bundles WHERE goes AND bundle_id IN (
    SELECT shared_bundle_id FROM manifests
    WHERE shared_bundle_id IS NOT NULL AND bundle_id NOT IN (SELECT bundle_id FROM chosen_bundles WHERE goes))";

/// The contents that go: those that only what goes needs, and those that nothing needs. Of the latter
/// a recent one may be about to be needed: a briefing is kept before its deployment is. So only such
/// go as were kept before some content of what goes.
const CONTENTS: &str = "
    WITH leaving (content_hash) AS (
      SELECT content_hash FROM bundle_contents
        WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles WHERE goes)
      UNION SELECT briefing_hash FROM briefings
        WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles WHERE goes)
      UNION SELECT briefing_hash FROM agent_executions
        WHERE briefing_hash IS NOT NULL AND session_id IN (SELECT session_id FROM chosen_sessions)
      UNION SELECT content_hash FROM capture_contents JOIN captures c ON c.seq = capture
        JOIN agent_executions e USING (execution_id)
        WHERE e.session_id IN (SELECT session_id FROM chosen_sessions)),
    staying (content_hash) AS (
      SELECT content_hash FROM bundle_contents
        WHERE bundle_id NOT IN (SELECT bundle_id FROM chosen_bundles WHERE goes)
      UNION SELECT briefing_hash FROM briefings
        WHERE bundle_id NOT IN (SELECT bundle_id FROM chosen_bundles WHERE goes)
      UNION SELECT briefing_hash FROM agent_executions
        WHERE briefing_hash IS NOT NULL AND session_id NOT IN (SELECT session_id FROM chosen_sessions)
      UNION SELECT content_hash FROM capture_contents JOIN captures c ON c.seq = capture
        LEFT JOIN agent_executions e USING (execution_id)
        WHERE e.session_id IS NULL OR e.session_id NOT IN (SELECT session_id FROM chosen_sessions)
      UNION SELECT content_hash FROM reports
        WHERE report_id NOT IN (SELECT report_id FROM chosen_reports))
    INSERT OR REPLACE INTO chosen_contents (content_hash, goes)
    SELECT content_hash, 1 FROM contents
    WHERE content_hash NOT IN (SELECT content_hash FROM staying)
      AND (content_hash IN (SELECT content_hash FROM leaving)
        OR content_hash IN (SELECT content_hash FROM reports)
        OR rowid < (SELECT max(c.rowid) FROM contents c JOIN leaving USING (content_hash)))";

/// What is to go, counted, and the bytes of it.
const PLANNED: &str = "SELECT
    (SELECT count(*) FROM chosen_sessions),
    (SELECT count(*) FROM agent_executions
      WHERE session_id IN (SELECT session_id FROM chosen_sessions)),
    (SELECT count(*) FROM outputs o JOIN agent_executions e ON e.execution_id = o.execution_id
      WHERE e.session_id IN (SELECT session_id FROM chosen_sessions)),
    (SELECT count(*) FROM chosen_reports),
    (SELECT count(*) FROM chosen_bundles WHERE goes),
    (SELECT count(*) FROM briefings
      WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles WHERE goes)),
    (SELECT count(*) FROM chosen_contents WHERE goes),
    (SELECT coalesce(sum(length(data)), 0) FROM contents
      WHERE content_hash IN (SELECT content_hash FROM chosen_contents WHERE goes))
    + (SELECT coalesce(sum(length(manifest)), 0) FROM manifests
      WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles WHERE goes))
    + (SELECT coalesce(sum(coalesce(final_message_bytes, 0)), 0) FROM agent_executions
      WHERE session_id IN (SELECT session_id FROM chosen_sessions))";

fn amounts(row: &Row<'_>) -> rusqlite::Result<(Amounts, u64)> {
    let amounts = Amounts {
        sessions: row.get(0)?,
        executions: row.get(1)?,
        outputs: row.get(2)?,
        reports: row.get(3)?,
        bundles: row.get(4)?,
        briefings: row.get(5)?,
        contents: row.get(6)?,
    };
    Ok((amounts, row.get(7)?))
}

impl Reader<'_> {
    /// How much of each kind there is. A database of an earlier schema is counted, too.
    pub fn amounts(&self) -> Result<Amounts> {
        let sql = "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM agent_executions),
                     (SELECT count(*) FROM outputs), (SELECT count(*) FROM reports),
                     (SELECT count(*) FROM bundles), (SELECT count(*) FROM briefings),
                     (SELECT count(*) FROM contents), 0";
        Ok(self.0.query_row(sql, [], amounts)?.0)
    }

    /// What decides about each session, newest first.
    pub fn session_facts(&self, sink: &mut dyn FnMut(SessionFacts) -> Result<()>) -> Result<()> {
        let sql = "SELECT session_id, created_at, status, ended_at, scope,
                     (SELECT count(*) FROM agent_executions e WHERE e.session_id = s.session_id),
                     (SELECT count(*) FROM agent_executions e
                      WHERE e.session_id = s.session_id AND e.status = 'deployed')
                   FROM sessions s ORDER BY created_at DESC, seq DESC";
        let facts = |row: &Row<'_>| {
            Ok(SessionFacts {
                session_id: row.get(0)?,
                created_at: row.get(1)?,
                status: row.get(2)?,
                ended_at: row.get(3)?,
                scope: row.get(4)?,
                executions: row.get(5)?,
                open: row.get(6)?,
            })
        };
        self.each(sql, facts, sink)
    }

    /// Begins a plan without anything in it.
    pub fn plan_nothing(&self) -> Result<()> {
        self.choose_nothing()
    }

    /// Plans to delete a session.
    pub fn plan_session(&self, id: &SessionId) -> Result<()> {
        let sql = format!(
            "INSERT INTO chosen_sessions (session_id, mark)
             SELECT s.session_id, {SESSION_MARK} FROM sessions s WHERE s.session_id = ?1"
        );
        self.0.prepare_cached(&sql)?.execute([id])?;
        Ok(())
    }

    /// Plans to delete what nothing needs without the planned sessions: bundles last prepared before
    /// `cutoff`, with `never_deployed` also such as were given to nobody, and contents. Counts all that
    /// is to go, and its bytes.
    pub fn plan_unneeded(&self, cutoff: Timestamp, never_deployed: bool) -> Result<(Amounts, u64)> {
        let bundles = BUNDLES.replace("{mark}", BUNDLE_MARK);
        self.0.prepare_cached(&bundles)?.execute(params![cutoff, never_deployed])?;
        self.0.prepare_cached(SHARED_STAY)?.execute([])?;
        // What is archived must stand on its own; what others need too is archived, and stays.
        self.choose_needed()?;
        self.0.prepare_cached(CONTENTS)?.execute([])?;
        Ok(self.0.prepare_cached(PLANNED)?.query_row([], amounts)?)
    }
}

/// How many of a kind one transaction deletes: others wait meanwhile.
const AT_ONCE: u32 = 100;

impl Writer<'_> {
    /// Deletes a few planned sessions. Returns how many went and how many were spared because
    /// something was recorded of them meanwhile; nothing of both is the end.
    pub fn prune_sessions(&self, gone: &mut Amounts, at: Timestamp) -> Result<(u64, u64)> {
        let mut next = self.0.prepare_cached(&format!(
            "SELECT c.session_id, c.mark IS ({SESSION_MARK}) FROM chosen_sessions c
             LEFT JOIN sessions s ON s.session_id = c.session_id LIMIT 10"
        ))?;
        let rows = next.query_map([], |row| Ok((row.get::<_, SessionId>(0)?, row.get(1)?)))?;
        let rows: Vec<(SessionId, bool)> = rows.collect::<Result<_, _>>()?;
        let (mut went, mut spared) = (0, 0);
        for (id, unchanged) in rows {
            match unchanged {
                true => self.delete_session(&id, gone, at)?,
                false => spared += 1,
            }
            went += u64::from(unchanged);
            let taken = "DELETE FROM chosen_sessions WHERE session_id = ?1";
            self.0.prepare_cached(taken)?.execute([&id])?;
        }
        Ok((went, spared))
    }

    fn delete_session(&self, id: &SessionId, gone: &mut Amounts, at: Timestamp) -> Result<()> {
        // Transcripts outlast a prune: what they tell of it is not to come back.
        let forget = "INSERT INTO forgotten_sessions (harness, harness_session_id, forgotten_at)
             SELECT DISTINCT c.harness, c.harness_session_id, ?2 FROM captures c
               JOIN agent_executions e USING (execution_id) WHERE e.session_id = ?1
             ON CONFLICT (harness, harness_session_id)
             DO UPDATE SET forgotten_at = max(forgotten_at, excluded.forgotten_at)";
        self.0.prepare_cached(forget)?.execute(params![id, at])?;
        let delete =
            |sql| -> Result<u64> { Ok(self.0.prepare_cached(sql)?.execute(params![id])? as u64) };
        gone.outputs += delete(
            "DELETE FROM outputs WHERE execution_id IN
               (SELECT execution_id FROM agent_executions WHERE session_id = ?1)",
        )?;
        // Versions and allocations go with their execution.
        gone.executions += delete("DELETE FROM agent_executions WHERE session_id = ?1")?;
        gone.reports += delete("DELETE FROM reports WHERE session_id = ?1")?;
        gone.sessions += delete("DELETE FROM sessions WHERE session_id = ?1")?;
        Ok(())
    }

    /// Deletes a few planned bundles that nothing has come to need. Says whether there may be more.
    pub fn prune_bundles(&self, gone: &mut Amounts) -> Result<bool> {
        let ids = self.take("chosen_bundles", "bundle_id")?;
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM chosen_bundles c JOIN bundles b USING (bundle_id)
               WHERE c.bundle_id = ?1 AND c.mark IS ({BUNDLE_MARK}))
             AND NOT EXISTS (SELECT 1 FROM agent_executions WHERE bundle_id = ?1)"
        );
        for id in &ids {
            if self.0.prepare_cached(&sql)?.query_row([id], |row| row.get(0))? {
                let briefings = "DELETE FROM briefings WHERE bundle_id = ?1";
                gone.briefings += self.0.prepare_cached(briefings)?.execute([id])? as u64;
                let bundle = "DELETE FROM bundles WHERE bundle_id = ?1";
                gone.bundles += self.0.prepare_cached(bundle)?.execute([id])? as u64;
            }
            let taken = "UPDATE chosen_bundles SET goes = 0 WHERE bundle_id = ?1";
            self.0.prepare_cached(taken)?.execute([id])?;
        }
        Ok(!ids.is_empty())
    }

    /// Deletes a few planned contents that nothing has come to need. Says whether there may be more.
    pub fn prune_contents(&self, gone: &mut Amounts) -> Result<bool> {
        let hashes = self.take("chosen_contents", "content_hash")?;
        self.0.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS pruned (content_hash TEXT PRIMARY KEY) WITHOUT ROWID;
             DELETE FROM pruned;",
        )?;
        for hash in &hashes {
            let add = "INSERT INTO pruned (content_hash) VALUES (?1)";
            self.0.prepare_cached(add)?.execute([hash])?;
            let taken = "UPDATE chosen_contents SET goes = 0 WHERE content_hash = ?1";
            self.0.prepare_cached(taken)?.execute([hash])?;
        }
        let unneeded = "DELETE FROM contents WHERE content_hash IN (
              SELECT content_hash FROM pruned
              EXCEPT SELECT content_hash FROM bundle_contents
              EXCEPT SELECT briefing_hash FROM briefings
              EXCEPT SELECT briefing_hash FROM agent_executions
              EXCEPT SELECT content_hash FROM capture_contents
              EXCEPT SELECT content_hash FROM reports)";
        gone.contents += self.0.prepare_cached(unneeded)?.execute([])? as u64;
        Ok(!hashes.is_empty())
    }

    fn take(&self, table: &str, id: &str) -> Result<Vec<String>> {
        let sql = format!("SELECT {id} FROM {table} WHERE goes LIMIT {AT_ONCE}");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Brings the search index together again after much was deleted from it.
    pub fn tidy_search(&self) -> Result<()> {
        for index in ["sessions_fts", "executions_fts", "outputs_fts"] {
            let sql = format!("INSERT INTO {index} ({index}) VALUES ('optimize')");
            self.0.execute_batch(&sql)?;
        }
        Ok(())
    }
}

impl Store {
    /// How large the database is.
    pub fn space(&self) -> Result<Space> {
        self.read(|r| {
            let (page, count, free): (u64, u64, u64) = r.0.query_row(
                "SELECT page_size, page_count, freelist_count
                 FROM pragma_page_size, pragma_page_count, pragma_freelist_count",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            Ok(Space { whole: page * count, free: page * free })
        })
    }
}

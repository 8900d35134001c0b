//! Captures: what harnesses told of their deployments, their sessions, and what executions used.

use super::columns::Json;
use super::open::{Reader, Writer};
use crate::error::Result;
use crate::model::{
    BundleId, Capture, ExecutionId, ExecutionRecord, ExecutionUsage, SessionId, Timestamp, Usage,
};
use rusqlite::{OptionalExtension, Row, params};

/// A capture with its place.
pub type Placed = (i64, Capture);

const COLUMNS: &str = "seq, harness, harness_session_id, tool_use_id, agent_id, parent_agent_id,
    execution_id, settled, seen_at, evidence";

fn capture(row: &Row<'_>) -> rusqlite::Result<Placed> {
    Ok((
        row.get(0)?,
        Capture {
            harness: row.get(1)?,
            harness_session_id: row.get(2)?,
            tool_use_id: row.get(3)?,
            agent_id: row.get(4)?,
            parent_agent_id: row.get(5)?,
            execution_id: row.get(6)?,
            settled: row.get(7)?,
            seen_at: row.get(8)?,
            evidence: row.get::<_, Json<_>>(9)?.0,
        },
    ))
}

/// Which captures to look for.
#[derive(Debug, Clone, Copy)]
pub enum CapturedBy<'a> {
    /// The call that spawned the agent.
    Call(&'a str),
    /// The agent.
    Agent(&'a str),
}

impl Reader<'_> {
    /// When the first deployment that a harness told of was deployed.
    pub fn first_captured_at(&self, harness: &str) -> Result<Option<Timestamp>> {
        let sql =
            "SELECT min(e.deployed_at) FROM captures c JOIN agent_executions e USING (execution_id)
                   WHERE c.harness = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([harness], |row| row.get(0))?)
    }

    /// When a harness last told something, and how many deployments are known from it.
    pub fn capture_facts(&self, harness: &str) -> Result<(Option<Timestamp>, u64)> {
        let sql =
            "SELECT max(seen_at), count(DISTINCT execution_id) FROM captures WHERE harness = ?1";
        let facts = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.0.prepare_cached(sql)?.query_row([harness], facts)?)
    }

    /// What is known of a deployment under one of its names.
    pub fn capture(
        &self,
        harness: &str,
        session: &str,
        by: CapturedBy<'_>,
    ) -> Result<Option<Placed>> {
        let (column, name) = match by {
            CapturedBy::Call(name) => ("tool_use_id", name),
            CapturedBy::Agent(name) => ("agent_id", name),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM captures
             WHERE harness = ?1 AND harness_session_id = ?2 AND {column} = ?3"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_row([harness, session, name], capture).optional()?)
    }

    /// Those of a session that are known by one name only, in the order in which they came.
    pub fn half_known_captures(&self, harness: &str, session: &str) -> Result<Vec<Placed>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM captures
             WHERE harness = ?1 AND harness_session_id = ?2 AND (tool_use_id IS NULL OR agent_id IS NULL)
             ORDER BY seq"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([harness, session], capture)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All captures of a harness's session.
    pub fn captures_of_session(&self, harness: &str, session: &str) -> Result<Vec<Capture>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM captures WHERE harness = ?1 AND harness_session_id = ?2 ORDER BY seq"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([harness, session], |row| Ok(capture(row)?.1))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What harnesses told of an execution; nothing where it was recorded by hand.
    pub fn captures_of(&self, execution: &ExecutionId) -> Result<Vec<Capture>> {
        let sql = format!("SELECT {COLUMNS} FROM captures WHERE execution_id = ?1 ORDER BY seq");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([execution], |row| Ok(capture(row)?.1))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The same with the contents that each names.
    pub fn captures_with_contents(
        &self,
        execution: &ExecutionId,
    ) -> Result<Vec<(Capture, Vec<String>)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT content_hash FROM capture_contents
             WHERE capture = (SELECT seq FROM captures WHERE harness = ?1 AND harness_session_id = ?2
                              AND tool_use_id IS ?3 AND agent_id IS ?4)
             ORDER BY content_hash",
        )?;
        let mut all = Vec::new();
        for it in self.captures_of(execution)? {
            let names = params![it.harness, it.harness_session_id, it.tool_use_id, it.agent_id];
            let rows = statement.query_map(names, |row| row.get(0))?;
            let contents = rows.collect::<Result<_, _>>()?;
            all.push((it, contents));
        }
        Ok(all)
    }

    /// The execution of the agent that spawned this one.
    pub fn parent_execution(&self, execution: &ExecutionId) -> Result<Option<ExecutionId>> {
        let sql = "SELECT p.execution_id FROM captures c
             JOIN captures p ON p.harness = c.harness
               AND p.harness_session_id = c.harness_session_id AND p.agent_id = c.parent_agent_id
             WHERE c.execution_id = ?1 AND p.execution_id IS NOT NULL ORDER BY p.seq LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row([execution], |row| row.get(0)).optional()?)
    }

    /// The session here that a harness's session is, and when that was last left.
    pub fn harness_session(
        &self,
        harness: &str,
        session: &str,
    ) -> Result<(Option<SessionId>, Option<Timestamp>)> {
        let sql = "SELECT session_id, ended_at FROM harness_sessions
                   WHERE harness = ?1 AND harness_session_id = ?2";
        let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = self.0.prepare_cached(sql)?.query_row([harness, session], both).optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Until when deployments of a harness's session were pruned.
    pub fn forgotten(&self, harness: &str, session: &str) -> Result<Option<Timestamp>> {
        let sql = "SELECT forgotten_at FROM forgotten_sessions
                   WHERE harness = ?1 AND harness_session_id = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([harness, session], |row| row.get(0)).optional()?)
    }

    /// When something was first and last deployed in a session.
    pub fn deployed_between(&self, session: &SessionId) -> Result<Option<(Timestamp, Timestamp)>> {
        let sql = "SELECT min(deployed_at), max(deployed_at) FROM agent_executions
                   WHERE session_id = ?1 HAVING count(*) > 0";
        let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.0.prepare_cached(sql)?.query_row([session], both).optional()?)
    }

    /// The sessions that people opened and that were going on at a time: begun before it, after `since`,
    /// and not ended. Two are enough to know that there is not one.
    pub fn open_sessions(&self, since: Timestamp, at: Timestamp) -> Result<Vec<SessionId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT session_id FROM sessions s
             WHERE status IN ('planning', 'executing') AND created_at <= ?2 AND created_at >= ?1
               AND NOT EXISTS (SELECT 1 FROM harness_sessions h WHERE h.session_id = s.session_id)
             ORDER BY created_at DESC, seq DESC LIMIT 2",
        )?;
        let rows = statement.query_map([since, at], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The oldest deployment of a bundle that was recorded by hand before `at`, and is not back.
    pub fn open_deployment_of(
        &self,
        bundle: &BundleId,
        at: Timestamp,
    ) -> Result<Option<ExecutionId>> {
        let sql = "SELECT execution_id FROM agent_executions e
             WHERE bundle_id = ?1 AND status = 'deployed' AND deployed_at <= ?2
               AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.execution_id = e.execution_id)
             ORDER BY deployed_at, seq LIMIT 1";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row(params![bundle, at], |row| row.get(0)).optional()?)
    }

    /// The bundle of which a text is the briefing: the newest, if several have the same.
    pub fn bundle_of_briefing(&self, hash: &str) -> Result<Option<BundleId>> {
        let sql =
            "SELECT bundle_id FROM briefings WHERE briefing_hash = ?1 ORDER BY seq DESC LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row([hash], |row| row.get(0)).optional()?)
    }

    /// What an execution used, where its harness told.
    pub fn usage(&self, execution: &ExecutionId) -> Result<Option<ExecutionUsage>> {
        let sql =
            "SELECT requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
                cache_write_1h_tokens, reported_tokens, tool_uses, duration_ms, model
             FROM usages WHERE execution_id = ?1";
        let usage = |row: &Row<'_>| {
            Ok(ExecutionUsage {
                requests: row.get(0)?,
                tokens: Usage {
                    input_tokens: row.get(1)?,
                    output_tokens: row.get(2)?,
                    cache_read_tokens: row.get(3)?,
                    cache_write_tokens: row.get(4)?,
                    cache_write_1h_tokens: row.get(5)?,
                },
                reported_tokens: row.get(6)?,
                tool_uses: row.get(7)?,
                duration_ms: row.get(8)?,
                model: row.get(9)?,
            })
        };
        Ok(self.0.prepare_cached(sql)?.query_row([execution], usage).optional()?)
    }
}

impl Writer<'_> {
    /// Writes what is known of a deployment: a new row, or the one at its place. Returns the place.
    pub fn put_capture(&self, seq: Option<i64>, it: &Capture) -> Result<i64> {
        let sql = "INSERT INTO captures (seq, harness, harness_session_id, tool_use_id, agent_id,
                parent_agent_id, execution_id, settled, seen_at, evidence, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                     row_seal(?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))
             ON CONFLICT (seq) DO UPDATE SET tool_use_id = excluded.tool_use_id,
               agent_id = excluded.agent_id, parent_agent_id = excluded.parent_agent_id,
               execution_id = excluded.execution_id, settled = excluded.settled,
               seen_at = excluded.seen_at, evidence = excluded.evidence, seal = excluded.seal";
        self.0.prepare_cached(sql)?.execute(params![
            seq,
            it.harness,
            it.harness_session_id,
            it.tool_use_id,
            it.agent_id,
            it.parent_agent_id,
            it.execution_id,
            it.settled,
            it.seen_at,
            Json(&it.evidence),
        ])?;
        Ok(seq.unwrap_or_else(|| self.0.last_insert_rowid()))
    }

    /// Two rows were one deployment: what the other had is this one's.
    pub fn join_captures(&self, into: i64, other: i64) -> Result<()> {
        let texts = "INSERT OR IGNORE INTO capture_contents (capture, content_hash)
                     SELECT ?1, content_hash FROM capture_contents WHERE capture = ?2";
        self.0.prepare_cached(texts)?.execute([into, other])?;
        self.0.prepare_cached("DELETE FROM captures WHERE seq = ?1")?.execute([other])?;
        Ok(())
    }

    /// Keeps the content that a capture names.
    pub fn link_content(&self, capture: i64, hash: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO capture_contents (capture, content_hash) VALUES (?1, ?2)";
        self.0.prepare_cached(sql)?.execute(params![capture, hash])?;
        Ok(())
    }

    /// Says which session here a harness's session is.
    pub fn name_harness_session(&self, harness: &str, session: &str, is: &SessionId) -> Result<()> {
        let sql = "INSERT INTO harness_sessions (harness, harness_session_id, session_id)
                   VALUES (?1, ?2, ?3)
                   ON CONFLICT (harness, harness_session_id) DO UPDATE SET session_id = ?3";
        self.0.prepare_cached(sql)?.execute(params![harness, session, is])?;
        Ok(())
    }

    /// A harness's session was left.
    pub fn left_harness_session(&self, harness: &str, session: &str, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO harness_sessions (harness, harness_session_id, ended_at)
                   VALUES (?1, ?2, ?3)
                   ON CONFLICT (harness, harness_session_id)
                   DO UPDATE SET ended_at = max(coalesce(ended_at, ?3), ?3)";
        self.0.prepare_cached(sql)?.execute(params![harness, session, at])?;
        Ok(())
    }

    /// A session began at another time than was known.
    pub fn session_began(&self, id: &SessionId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET created_at = ?2,
                seal = row_seal(session_id, ?2, scope, phase, status, ended_at, error_message, metadata)
             WHERE session_id = ?1 AND created_at <> ?2";
        self.0.prepare_cached(sql)?.execute(params![id, at])?;
        Ok(())
    }

    /// Writes all that is known of an execution's deployment anew, where more of it has become known.
    pub fn update_deployment(&self, execution: &ExecutionRecord) -> Result<()> {
        // The message is set, too, though it stays: the search index follows when it is.
        let sql = "UPDATE agent_executions SET agent_type = ?2, deployed_at = ?3, scope = ?4,
                context_token_count = ?5, context_tokens_upper = ?6, context_tokens_exact = ?7,
                context_budget = ?8, model = ?9, bundle_id = ?10, briefing_hash = ?11,
                base_commit = ?12, final_message = final_message,
                seal = row_seal(execution_id, session_id, ?2, ?3, completed_at, status, ?4, phase,
                    ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, success, error_message, deliverables,
                    final_message_bytes, final_message)
             WHERE execution_id = ?1";
        self.0.prepare_cached(sql)?.execute(params![
            execution.execution_id,
            execution.agent_type,
            execution.deployed_at,
            execution.scope,
            execution.context_token_count,
            execution.context_tokens_upper,
            execution.context_tokens_exact,
            execution.context_budget,
            execution.model,
            execution.bundle_id,
            execution.briefing_hash,
            execution.base_commit,
        ])?;
        Ok(())
    }

    /// An execution turned out to be another one: what was recorded of it is that one's now.
    pub fn absorb_execution(&self, from: &ExecutionId, into: &ExecutionId) -> Result<()> {
        for sql in [
            "UPDATE outputs SET execution_id = ?2,
               seal = row_seal(output_id, ?2, output_type, content, created_at, metadata, subject)
             WHERE execution_id = ?1",
            "UPDATE OR IGNORE completion_versions SET execution_id = ?2,
               seal = row_seal(?2, version, replaced_at, completed_at, status, error_message,
                 deliverables, final_message)
             WHERE execution_id = ?1",
            "UPDATE context_allocations SET execution_id = ?2,
               seal = row_seal(allocation_id, ?2, position, context_type, context_source, token_count,
                 included_in_deployment, priority, content_hash)
             WHERE execution_id = ?1 AND context_source NOT IN
               (SELECT context_source FROM context_allocations WHERE execution_id = ?2)",
            "UPDATE captures SET execution_id = ?2,
               seal = row_seal(harness, harness_session_id, tool_use_id, agent_id, parent_agent_id, ?2,
                 settled, seen_at, evidence)
             WHERE execution_id = ?1",
        ] {
            self.0.prepare_cached(sql)?.execute([from, into])?;
        }
        let sql = "DELETE FROM agent_executions WHERE execution_id = ?1";
        self.0.prepare_cached(sql)?.execute([from])?;
        Ok(())
    }

    /// Deletes an execution of which nothing was recorded but that it is there.
    pub fn delete_empty_execution(&self, id: &ExecutionId) -> Result<()> {
        let sql = "DELETE FROM agent_executions WHERE execution_id = ?1
                   AND NOT EXISTS (SELECT 1 FROM outputs WHERE execution_id = ?1)
                   AND NOT EXISTS (SELECT 1 FROM captures WHERE execution_id = ?1)";
        self.0.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }

    /// Takes back what an execution was said to have been given from that position on, but for these.
    pub fn drop_allocations(&self, id: &ExecutionId, from: usize, but: &[&str]) -> Result<()> {
        let sql = "DELETE FROM context_allocations WHERE execution_id = ?1 AND position >= ?2
                   AND allocation_id NOT IN (SELECT value FROM json_each(?3))";
        self.0.prepare_cached(sql)?.execute(params![id, from as i64, Json(but)])?;
        Ok(())
    }

    /// Writes what an execution used; nothing, where that is not known any more.
    pub fn put_usage(&self, execution: &ExecutionId, usage: Option<&ExecutionUsage>) -> Result<()> {
        let Some(usage) = usage else {
            let sql = "DELETE FROM usages WHERE execution_id = ?1";
            self.0.prepare_cached(sql)?.execute([execution])?;
            return Ok(());
        };
        let sql = "INSERT INTO usages (execution_id, requests, input_tokens, output_tokens,
                cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reported_tokens,
                tool_uses, duration_ms, model, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                     row_seal(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))
             ON CONFLICT (execution_id) DO UPDATE SET requests = excluded.requests,
               input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
               cache_read_tokens = excluded.cache_read_tokens,
               cache_write_tokens = excluded.cache_write_tokens,
               cache_write_1h_tokens = excluded.cache_write_1h_tokens,
               reported_tokens = excluded.reported_tokens, tool_uses = excluded.tool_uses,
               duration_ms = excluded.duration_ms, model = excluded.model, seal = excluded.seal";
        let tokens = &usage.tokens;
        self.0.prepare_cached(sql)?.execute(params![
            execution,
            usage.requests,
            tokens.input_tokens,
            tokens.output_tokens,
            tokens.cache_read_tokens,
            tokens.cache_write_tokens,
            tokens.cache_write_1h_tokens,
            usage.reported_tokens,
            usage.tool_uses,
            usage.duration_ms,
            usage.model,
        ])?;
        Ok(())
    }
}

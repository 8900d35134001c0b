//! What of the history is chosen to be carried elsewhere, and its rows, one after another.
//!
//! The choice stands in temporary tables of the connection, not in memory: a history may be long. Rows
//! come in the order of their `seq`, which goes with them, so that they can be put back in their place.

use super::columns::Json;
use super::open::{Reader, Writer};
use super::{executions, outputs, reports, sessions};
use crate::error::Result;
use crate::model::{
    Bundle, BundleId, Count, ExecutionRecord, KeptBriefing, Output, OutputId, Report, SessionId,
    SessionRecord, Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};

/// Which sessions to choose, each with all that belongs to it.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    pub session_id: Option<SessionId>,
    /// Begun then or later.
    pub since: Option<Timestamp>,
    /// Begun before.
    pub until: Option<Timestamp>,
}

impl Chosen {
    fn is_everything(&self) -> bool {
        self.session_id.is_none() && self.since.is_none() && self.until.is_none()
    }
}

/// A rendering of a bundle on record.
#[derive(Debug, Clone)]
pub struct BriefingRow {
    pub bundle_id: BundleId,
    pub kept: KeptBriefing,
    pub template: String,
    pub created_at: Timestamp,
}

/// `mark` tells whether something was changed since it was chosen; `goes` says what pruning deletes.
const CHOICE: &str = "
    CREATE TEMP TABLE IF NOT EXISTS chosen_sessions
      (session_id TEXT PRIMARY KEY, mark TEXT) WITHOUT ROWID;
    CREATE TEMP TABLE IF NOT EXISTS chosen_bundles
      (bundle_id TEXT PRIMARY KEY, mark TEXT, goes INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TEMP TABLE IF NOT EXISTS chosen_contents
      (content_hash TEXT PRIMARY KEY, goes INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TEMP TABLE IF NOT EXISTS chosen_reports (report_id TEXT PRIMARY KEY) WITHOUT ROWID;
    DELETE FROM chosen_sessions;
    DELETE FROM chosen_bundles;
    DELETE FROM chosen_contents;
    DELETE FROM chosen_reports;";

const EVERYTHING: &str = "
    INSERT INTO chosen_sessions (session_id) SELECT session_id FROM sessions;
    INSERT INTO chosen_bundles (bundle_id) SELECT bundle_id FROM bundles;
    INSERT INTO chosen_contents (content_hash) SELECT content_hash FROM contents;
    INSERT INTO chosen_reports (report_id) SELECT report_id FROM reports;";

/// What the chosen sessions need, so that what is carried stands on its own.
const NEEDED: &str = "
    INSERT OR IGNORE INTO chosen_reports (report_id)
      SELECT report_id FROM reports WHERE session_id IN (SELECT session_id FROM chosen_sessions);
    INSERT OR IGNORE INTO chosen_bundles (bundle_id)
      SELECT bundle_id FROM agent_executions
      WHERE bundle_id IS NOT NULL AND session_id IN (SELECT session_id FROM chosen_sessions);
    INSERT OR IGNORE INTO chosen_contents (content_hash)
      SELECT content_hash FROM bundle_contents
      WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles);
    INSERT OR IGNORE INTO chosen_contents (content_hash)
      SELECT briefing_hash FROM briefings
      WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles);
    INSERT OR IGNORE INTO chosen_contents (content_hash)
      SELECT briefing_hash FROM agent_executions
      WHERE briefing_hash IS NOT NULL AND session_id IN (SELECT session_id FROM chosen_sessions);
    INSERT OR IGNORE INTO chosen_contents (content_hash)
      SELECT content_hash FROM capture_contents JOIN captures c ON c.seq = capture
        JOIN agent_executions e USING (execution_id)
      WHERE e.session_id IN (SELECT session_id FROM chosen_sessions);
    INSERT OR IGNORE INTO chosen_contents (content_hash)
      SELECT content_hash FROM reports WHERE report_id IN (SELECT report_id FROM chosen_reports);";

/// A row with its place among the others of its table.
type Placed<T> = (i64, T);

fn briefing(row: &Row<'_>) -> rusqlite::Result<BriefingRow> {
    let count = Count { tokens: row.get(2)?, upper: row.get(3)? };
    Ok(BriefingRow {
        bundle_id: row.get(0)?,
        kept: KeptBriefing { briefing_hash: row.get(1)?, count },
        template: row.get(4)?,
        created_at: row.get(5)?,
    })
}

const BRIEFING: &str = "bundle_id, briefing_hash, token_count, tokens_upper, template, created_at";

impl Reader<'_> {
    /// Chooses sessions with all they need, or the whole history if nothing narrows it.
    pub fn choose(&self, what: &Chosen) -> Result<()> {
        self.choose_nothing()?;
        if what.is_everything() {
            return Ok(self.0.execute_batch(EVERYTHING)?);
        }
        self.0
            .prepare_cached(
                "INSERT INTO chosen_sessions (session_id) SELECT session_id FROM sessions
                 WHERE (?1 IS NULL OR session_id = ?1) AND (?2 IS NULL OR created_at >= ?2)
                   AND (?3 IS NULL OR created_at < ?3)",
            )?
            .execute(params![what.session_id, what.since, what.until])?;
        self.choose_needed()
    }

    /// Begins a choice.
    pub(super) fn choose_nothing(&self) -> Result<()> {
        Ok(self.0.execute_batch(CHOICE)?)
    }

    /// Adds what the chosen sessions and bundles need.
    pub(super) fn choose_needed(&self) -> Result<()> {
        Ok(self.0.execute_batch(NEEDED)?)
    }

    /// The chosen contents by their hashes, each checked against its own.
    pub fn each_content(&self, sink: &mut dyn FnMut(&str, Vec<u8>) -> Result<()>) -> Result<()> {
        let sql = "SELECT content_hash FROM chosen_contents ORDER BY content_hash";
        self.each(sql, |row| row.get::<_, String>(0), &mut |hash: String| match self
            .content(&hash)?
        {
            Some(bytes) => sink(&hash, bytes),
            None => Ok(()),
        })
    }

    /// The chosen bundles, and when each was last prepared.
    pub fn each_bundle(
        &self,
        sink: &mut dyn FnMut(Placed<(Timestamp, Bundle)>) -> Result<()>,
    ) -> Result<()> {
        let sql = "SELECT seq, created_at, manifest FROM bundles JOIN manifests USING (bundle_id)
                   WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles) ORDER BY seq";
        let bundle =
            |row: &Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get::<_, Json<Bundle>>(2)?.0)));
        self.each(sql, bundle, sink)
    }

    /// The renderings of the chosen bundles.
    pub fn each_briefing(
        &self,
        sink: &mut dyn FnMut(Placed<BriefingRow>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT {BRIEFING}, seq FROM briefings
             WHERE bundle_id IN (SELECT bundle_id FROM chosen_bundles) ORDER BY seq"
        );
        self.each(&sql, |row| Ok((row.get(6)?, briefing(row)?)), sink)
    }

    /// The chosen sessions.
    pub fn each_session(
        &self,
        sink: &mut dyn FnMut(Placed<SessionRecord>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT {}, seq FROM sessions
             WHERE session_id IN (SELECT session_id FROM chosen_sessions) ORDER BY seq",
            sessions::COLUMNS
        );
        self.each(&sql, |row| Ok((row.get(8)?, sessions::session(row)?)), sink)
    }

    /// The executions of the chosen sessions, with their messages.
    pub fn each_execution(
        &self,
        sink: &mut dyn FnMut(Placed<ExecutionRecord>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT {}, final_message, seq FROM agent_executions
             WHERE session_id IN (SELECT session_id FROM chosen_sessions) ORDER BY seq",
            executions::COLUMNS
        );
        self.each(&sql, |row| Ok((row.get(21)?, executions::execution(row)?)), sink)
    }

    /// The outputs of the chosen sessions.
    pub fn each_output(&self, sink: &mut dyn FnMut(Placed<Output>) -> Result<()>) -> Result<()> {
        let sql = "SELECT o.output_id, o.execution_id, o.output_type, o.content, o.created_at,
                          o.metadata, o.seq
                   FROM outputs o JOIN agent_executions e ON e.execution_id = o.execution_id
                   WHERE e.session_id IN (SELECT session_id FROM chosen_sessions) ORDER BY o.seq";
        self.each(sql, |row| Ok((row.get(6)?, outputs::output(row)?)), sink)
    }

    /// The chosen reports.
    pub fn each_report(&self, sink: &mut dyn FnMut(Placed<Report>) -> Result<()>) -> Result<()> {
        let sql = format!(
            "SELECT {}, seq FROM reports
             WHERE report_id IN (SELECT report_id FROM chosen_reports) ORDER BY seq",
            reports::COLUMNS
        );
        self.each(&sql, |row| Ok((row.get(6)?, reports::report(row)?)), sink)
    }

    /// One row at a time: none is kept.
    pub(super) fn each<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        sink: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.0.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sink(read(row)?)?;
        }
        Ok(())
    }

    /// When a kept bundle was last prepared.
    pub fn bundle_prepared_at(&self, id: &BundleId) -> Result<Option<Timestamp>> {
        Ok(self
            .0
            .prepare_cached("SELECT created_at FROM bundles WHERE bundle_id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?)
    }

    /// One rendering of a bundle.
    pub fn briefing(&self, bundle: &BundleId, hash: &str) -> Result<Option<BriefingRow>> {
        let sql =
            format!("SELECT {BRIEFING} FROM briefings WHERE bundle_id = ?1 AND briefing_hash = ?2");
        Ok(self.0.prepare_cached(&sql)?.query_row(params![bundle, hash], briefing).optional()?)
    }

    /// The output of that very id.
    pub fn output(&self, id: &OutputId) -> Result<Option<Output>> {
        let sql = "SELECT output_id, execution_id, output_type, content, created_at, metadata
                   FROM outputs WHERE output_id = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([id], outputs::output).optional()?)
    }
}

/// Tables whose rows have a place.
#[derive(Debug, Clone, Copy)]
pub enum Series {
    Sessions,
    Bundles,
    Briefings,
    Executions,
    Outputs,
    Reports,
}

impl Series {
    fn table(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Bundles => "bundles",
            Self::Briefings => "briefings",
            Self::Executions => "agent_executions",
            Self::Outputs => "outputs",
            Self::Reports => "reports",
        }
    }
}

impl Writer<'_> {
    /// The wanted place if nothing stands there: what is brought back comes between the same rows as
    /// before. Else the last one.
    pub fn free_place(&self, series: Series, wanted: i64) -> Result<Option<i64>> {
        let sql = format!("SELECT 1 FROM {} WHERE seq = ?1", series.table());
        let taken = self.0.prepare_cached(&sql)?.exists([wanted])?;
        Ok((!taken).then_some(wanted))
    }
}

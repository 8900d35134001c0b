//! The ledger: how much was ever recorded, one row that each transaction carries forward; and the loss that
//! shows when the mark beside the database says more.

use super::fault::StoreFault;
use super::mark::{self, Mark, Recorded};
use crate::error::Result;
use crate::model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::cell::Cell;
use std::path::Path;

/// The ledger's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ledger {
    pub history_id: String,
    pub recorded: Recorded,
    /// Writes that were found missing, and that nobody was told of who went on without them.
    pub missing: u64,
    /// The day on which it was last looked over.
    pub looked_on: Option<String>,
}

const COLUMNS: &str =
    "history_id, writes, sessions, executions, completions, outputs, reports, bundles,
    missing, looked_on";

fn ledger(row: &Row<'_>) -> rusqlite::Result<Ledger> {
    Ok(Ledger {
        history_id: row.get(0)?,
        recorded: Recorded {
            writes: row.get(1)?,
            sessions: row.get(2)?,
            executions: row.get(3)?,
            completions: row.get(4)?,
            outputs: row.get(5)?,
            reports: row.get(6)?,
            bundles: row.get(7)?,
        },
        missing: row.get(8)?,
        looked_on: row.get(9)?,
    })
}

/// What one transaction has recorded so far.
#[derive(Debug, Default)]
pub(super) struct Tally(Cell<Recorded>);

impl Tally {
    /// Counts what a verb wrote.
    pub fn add(&self, what: impl FnOnce(&mut Recorded)) {
        let mut recorded = self.0.get();
        what(&mut recorded);
        self.0.set(recorded);
    }
}

impl Ledger {
    pub fn mark(&self) -> Mark {
        Mark { history_id: self.history_id.clone(), recorded: self.recorded }
    }
}

/// The ledger as it stands.
pub(super) fn read(conn: &Connection) -> Result<Ledger> {
    let sql = format!("SELECT {COLUMNS} FROM ledger");
    let row = conn.prepare_cached(&sql)?.query_row([], ledger).optional()?;
    row.ok_or_else(|| StoreFault::Other { detail: "the ledger's row is gone".into() }.into())
}

/// Carries the ledger forward by what the transaction has recorded; to be done before it commits.
pub(super) fn advance(conn: &Connection, tally: &Tally, today: &str) -> Result<Ledger> {
    let it = tally.0.get();
    let figures = params![
        it.sessions,
        it.executions,
        it.completions,
        it.outputs,
        it.reports,
        it.bundles,
        today
    ];
    // The row is read by a statement that was prepared at the opening: RETURNING would take as long again to
    // prepare as all else here.
    conn.prepare_cached(
        "UPDATE ledger SET writes = writes + 1, sessions = sessions + ?1, executions = executions + ?2,
           completions = completions + ?3, outputs = outputs + ?4, reports = reports + ?5,
           bundles = bundles + ?6, looked_on = ?7",
    )?
    .execute(figures)?;
    read(conn)
}

/// What was acknowledged by the mark and is not in the ledger.
pub(super) fn lost(ledger: &Ledger, mark: &Mark) -> Option<Recorded> {
    let lost = match ledger.history_id == mark.history_id {
        true => mark.recorded.beyond(ledger.recorded),
        // Another history was recorded here: the mark is all that is left of it.
        false => mark.recorded,
    };
    (lost.writes > 0).then_some(lost)
}

/// Enters what is lost, so that it is counted once, and told until somebody goes on without it. To be
/// called within a transaction that writes.
pub(super) fn enter_loss(conn: &Connection, path: &Path) -> Result<Option<Recorded>> {
    // Another process may have entered it meanwhile.
    let (found, ledger) = (mark::read(path), read(conn)?);
    let Some(lost) = found.and_then(|mark| lost(&ledger, &mark)) else { return Ok(None) };
    let all = ledger.recorded.plus(lost);
    set(conn, &all)?;
    conn.execute("UPDATE ledger SET missing = missing + ?1", [lost.writes])?;
    let detail = serde_json::to_string(&lost).expect("figures only");
    conn.execute(
        "INSERT INTO care (at, what, detail) VALUES (?1, 'loss', ?2)",
        params![Timestamp::now(), detail],
    )?;
    Ok(Some(lost))
}

/// Puts figures in the place of those there were.
fn set(conn: &Connection, all: &Recorded) -> Result<()> {
    conn.execute(
        "UPDATE ledger SET writes = ?1, sessions = ?2, executions = ?3, completions = ?4, outputs = ?5,
           reports = ?6, bundles = ?7",
        params![
            all.writes,
            all.sessions,
            all.executions,
            all.completions,
            all.outputs,
            all.reports,
            all.bundles
        ],
    )?;
    Ok(())
}

/// Makes the ledger of a copy go on from a former one, whose place it takes.
pub(super) fn carry_on(conn: &Connection, former: &Mark) -> Result<()> {
    let own = read(conn)?.recorded;
    // Whichever has recorded more of a kind, and a write for the replacement.
    let mut all = own.plus(former.recorded.beyond(own));
    all.writes += 1;
    set(conn, &all)?;
    let sql = "UPDATE ledger SET history_id = ?1, missing = 0";
    conn.execute(sql, [&former.history_id])?;
    Ok(())
}

/// Losses that were entered since the last repair, together.
pub(super) fn entered_losses(conn: &Connection) -> Result<Recorded> {
    let mut statement = conn.prepare(
        "SELECT detail FROM care WHERE what = 'loss'
           AND seq > (SELECT coalesce(max(seq), 0) FROM care WHERE what IN ('repair', 'restore'))",
    )?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut all = Recorded::default();
    for detail in rows {
        let lost = serde_json::from_str(&detail?).unwrap_or_default();
        all = all.plus(lost);
    }
    Ok(all)
}

/// Goes on without what is missing.
pub(super) fn forget_losses(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE ledger SET missing = 0", [])?;
    Ok(())
}

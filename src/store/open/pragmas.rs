//! How connections are set up: waiting for others, the write-ahead log, what a commit waits for.

use crate::error::{Error, Result};
use crate::store::seal;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long to wait for other processes before giving up.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(30);

/// What a checkpoint leaves of the write-ahead log's file, in bytes: one long message must not stay
/// on disk twice.
const WAL_LEFT: i64 = 16 << 20;

/// Pages that are kept in memory, in KiB, as they come to be needed (the sign says so to SQLite). With its own
/// 2 MB an import reads the same pages again and again: a tenth of its time.
const CACHE_KIB: i64 = -(32 << 10);

/// Statements that are kept prepared: an import goes through some thirty for each deployment.
const STATEMENTS: usize = 64;

/// Everything that holds for a connection to a history, whatever its journal.
pub(super) fn guard(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    seal::teach(conn)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}

/// Makes it durable, and quick to leave.
pub(in crate::store) fn endure(conn: &Connection, patience: Duration) -> Result<()> {
    use_wal(conn, patience)?;
    // FULL: with NORMAL a power cut loses rows that were acknowledged.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "journal_size_limit", WAL_LEFT)?;
    conn.pragma_update(None, "cache_size", CACHE_KIB)?;
    // A checkpoint at every close would cost three more fsyncs; commits checkpoint by size.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// A cache waits for nobody long, and what a power cut takes of it is found out again; what it leaves
/// must be sound, which NORMAL makes sure of. It is read often and written seldom: no write-ahead log.
pub(in crate::store) fn prepare_cache(mut conn: Connection) -> Result<Connection> {
    const BRIEFLY: Duration = Duration::from_millis(250);
    wait_for_others(&mut conn, BRIEFLY)?;
    // Rows are read by the thousand. Of a database that has pages it changes nothing.
    conn.pragma_update(None, "page_size", 16 << 10)?;
    conn.pragma_update(None, "journal_mode", "TRUNCATE")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    Ok(conn)
}

/// SQLite's own backoff grows, so that late comers starve; a short random sleep is fair.
pub(in crate::store) fn wait_for_others(conn: &mut Connection, limit: Duration) -> Result<()> {
    let started: Cell<Option<Instant>> = Cell::new(None);
    conn.busy_handler(Some(move |count: i32| {
        if count == 0 {
            started.set(Some(Instant::now()));
        }
        let waited = started.get().map_or(Duration::ZERO, |start| start.elapsed());
        if waited < limit {
            sleep_a_moment(waited);
        }
        waited < limit
    }))?;
    Ok(())
}

/// Where many hundreds wait, looking again is what keeps the processors busy: after a second each looks half
/// as often. Much less often would be unfair to who waits long.
pub(in crate::store) fn sleep_a_moment(waited: Duration) {
    let longest = if waited < Duration::from_secs(1) { 4_500 } else { 9_000 };
    std::thread::sleep(Duration::from_micros(fastrand::u64(500..longest)));
}

/// Switches to WAL where that is not done yet; the busy handler does not cover the switch.
fn use_wal(conn: &Connection, limit: Duration) -> Result<()> {
    let start = Instant::now();
    let mode = |pragma| conn.query_row(pragma, [], |row| row.get::<_, String>(0));
    loop {
        let outcome = mode("PRAGMA journal_mode").and_then(|current| match current.as_str() {
            "wal" => Ok(current),
            _ => mode("PRAGMA journal_mode = WAL"),
        });
        match outcome {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < limit =>
            {
                sleep_a_moment(start.elapsed());
            }
            other => return other.map(|_| ()).map_err(Error::from),
        }
    }
}

//! The write-ahead log: how long it is, and when it is emptied.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// From how many pages on it is long. A process that opens the database alone reads all of it, about
/// 2 µs a page; to empty it takes two fsyncs. A recording adds a dozen pages.
const LONG_WAL: u64 = 250;

/// The size of a page; the log has a few bytes more for each.
const PAGE: u64 = 4096;

/// The file of `database` with such an ending: SQLite appends it to the whole name.
pub(in crate::store) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whoever opens the database next, and is alone, goes through the whole write-ahead log, and has lost
/// count of what of it was folded in. So one that is long is emptied by who leaves.
pub(super) fn empty_if_long(conn: &Connection, database: &Path) {
    if is_long(conn, database) {
        // Whoever leaves waits for nobody.
        let _ = conn.busy_timeout(Duration::ZERO);
        let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// Among many the log is begun anew without getting shorter on disk: only SQLite knows its length.
fn is_long(conn: &Connection, database: &Path) -> bool {
    let pages = || {
        let look = "PRAGMA wal_checkpoint(NOOP)";
        conn.query_row(look, [], |row| row.get::<_, i64>(1))
    };
    std::fs::metadata(beside(database, "-wal")).is_ok_and(|it| it.len() > LONG_WAL * PAGE)
        && pages().is_ok_and(|pages| pages > LONG_WAL as i64)
}

//! Reading a history where nothing can be written: a medium or a directory that is read-only.
//!
//! A reader of a write-ahead log shares an index with the others, `-shm`, which it makes if it is not
//! there. Where it cannot, there are two ways left, and neither looks out for writers: without a log
//! the file alone is read (`immutable`); with one, SQLite keeps the index in its own memory, which it
//! does for who has the database for himself. That takes locks, which a file that cannot be written does not
//! give; so it is done without. Whoever could write would have made the index.

use super::log::beside;
use super::pragmas::{PATIENCE, guard, wait_for_others};
use crate::error::Result;
use crate::store::migrate::{is_current, migrate};
use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;

/// A connection that changes nothing, whatever the schema; where others write, it reads with them.
pub(in crate::store) fn look(path: &Path) -> Result<Connection> {
    let beside_log = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let see =
        |conn: &Connection| conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match beside_log.and_then(|conn| see(&conn).map(|()| conn)) {
        Ok(mut conn) => {
            wait_for_others(&mut conn, PATIENCE)?;
            Ok(conn)
        }
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => open(path),
            _ => Err(error.into()),
        },
    }
}

/// A connection that reads; a schema of an earlier time is brought up to date in memory.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let conn = open(path)?;
    if is_current(&conn, path)? {
        guard(&conn)?;
        return Ok(conn);
    }
    let mut copy = Connection::open_in_memory()?;
    Backup::new(&conn, &mut copy)?.step(-1)?;
    migrate(&copy, path)?;
    guard(&copy)?;
    Ok(copy)
}

/// SQLite's way to the files of a system that has no locks.
const WITHOUT_LOCKS: &str = "&vfs=unix-none";

fn open(path: &Path) -> Result<Connection> {
    let is_there = |ending| beside(path, ending).metadata().is_ok_and(|it| it.len() > 0);
    let option = match (is_there("-shm"), is_there("-wal")) {
        (true, _) => "",
        (false, false) => "&immutable=1",
        (false, true) => WITHOUT_LOCKS,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut conn = Connection::open_with_flags(uri(path, option), flags)?;
    wait_for_others(&mut conn, PATIENCE)?;
    if option == WITHOUT_LOCKS {
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    Ok(conn)
}

/// `path` as SQLite takes one with options: what would end it is written in hex.
fn uri(path: &Path, options: &str) -> std::path::PathBuf {
    let mut out = b"file:".to_vec();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'?' | b'#' | b'%' => out.extend(format!("%{byte:02x}").bytes()),
            other => out.push(*other),
        }
    }
    out.extend(format!("?mode=ro{options}").bytes());
    name(out)
}

#[cfg(unix)]
fn name(bytes: Vec<u8>) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn name(bytes: Vec<u8>) -> std::path::PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

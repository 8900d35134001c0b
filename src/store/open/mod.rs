//! Opening the database, and the two ways to use it: a read and a write, each one transaction.
//!
//! Its parts: `database` (an open one), `pragmas` (how connections are set up), `create` (the file),
//! `log` (the write-ahead log), `readonly` (where nothing can be written).

mod create;
mod database;
mod log;
mod pragmas;
mod readonly;

pub use create::HOME;
pub(super) use create::{create_file, create_private, make_dir, sync_names};
pub(super) use database::connect;
pub(super) use log::beside;
pub(super) use pragmas::{PATIENCE, endure, prepare_cache, sleep_a_moment};
pub(super) use readonly::look;

use super::concern::Concern;
use super::fault::StoreFault;
use super::ledger::Tally;
use super::mark;
use super::migrate::Migrated;
use crate::error::{Error, IoContext, Result};
use database::Database;
use rusqlite::{Connection, TransactionBehavior};
use std::cell::OnceCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The history database of a project, opened when it is first needed. Reading never creates it.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// How long to wait for other processes.
    patience: Duration,
    file: OnceCell<Database>,
    nothing_yet: OnceCell<Database>,
}

/// A consistent look at the database.
pub struct Reader<'a>(pub(super) &'a Connection);

/// A transaction that will be committed whole or not at all. Reads too.
pub struct Writer<'a> {
    reader: Reader<'a>,
    /// What it has recorded, for the ledger.
    pub(super) tally: Tally,
}

impl<'a> Deref for Writer<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl Store {
    /// The database at `path`; nothing is touched yet.
    pub fn at(path: impl Into<PathBuf>) -> Store {
        let path = path.into();
        Store { path, patience: PATIENCE, file: OnceCell::new(), nothing_yet: OnceCell::new() }
    }

    /// The same, giving up on others sooner or later than a command does.
    pub fn waiting(self, patience: Duration) -> Store {
        Store { patience, ..self }
    }

    /// Where the database is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything was ever recorded here.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Creates the database (file 0600, directory 0700) if it is not there.
    pub fn create(&self) -> Result<()> {
        self.for_writing().map(|_| ())
    }

    /// Runs `look` on one consistent state of the database.
    pub fn read<T>(&self, look: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
        let database = self.for_reading()?;
        database.transaction(TransactionBehavior::Deferred, |conn| look(&Reader(conn)))
    }

    /// Runs `work` and commits what it wrote, or nothing if it fails. Keep it short: others wait.
    pub fn write<T>(&self, work: impl FnOnce(&Writer<'_>) -> Result<T>) -> Result<T> {
        // IMMEDIATE: a transaction that reads first and then writes fails at once with BUSY when
        // another has written in between, and no waiting helps.
        let database = self.for_writing()?;
        let (value, ledger) = database.transaction(TransactionBehavior::Immediate, |conn| {
            database.is_in_its_place()?;
            let before = conn.total_changes();
            let writer = Writer { reader: Reader(conn), tally: Tally::default() };
            let value = work(&writer)?;
            let ledger = match conn.total_changes() == before {
                // To carry the ledger forward would make a commit of what changed nothing.
                true => None,
                false => Some(database.advance(&writer.tally)?),
            };
            Ok((value, ledger))
        })?;
        if let Some(ledger) = ledger {
            mark::write(&self.path, &ledger.mark());
        }
        Ok(value)
    }

    /// What is to be said of the database itself, now that the work is done: what is missing, and what a
    /// short look at it found, which it gets once a day.
    pub fn concerns(&self) -> Vec<Concern> {
        match (self.file.get(), self.nothing_yet.get()) {
            (Some(database), _) => database.concerns(),
            // There is no database, and there was one.
            (None, Some(_)) => mark::read(&self.path)
                .map(|mark| Concern::Missing { writes: mark.recorded.writes })
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Brings what stands in the write-ahead log into the database's own file, as far as nobody reads
    /// it. Recording does not wait for this; ending a session can. It may fail without harm: what is
    /// committed is committed.
    pub fn checkpoint(&self) {
        if let Some(database) = self.file.get() {
            let fold = "PRAGMA wal_checkpoint(PASSIVE)";
            let _ = database.conn.query_row(fold, [], |_| Ok(()));
        }
    }

    /// Dropping it, in a process that ends now: the system takes back what the database holds faster
    /// than SQLite does.
    pub fn leave(self) {
        if let Some(database) = self.file.into_inner() {
            log::empty_if_long(&database.conn, &database.path);
            std::mem::forget(database);
        }
    }

    /// Gives free pages back to the file system: the database is written anew, beside itself and back.
    /// That needs as much room again as it holds, and others can read but not write meanwhile.
    pub fn compact(&self) -> Result<()> {
        let database = self.for_writing()?;
        let run = || -> Result<()> {
            database.conn.execute_batch("VACUUM")?;
            // Only now does the file get shorter; what someone reads stays until the next time.
            let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
            Ok(database.conn.query_row(fold, [], |_| Ok(()))?)
        };
        run().map_err(|error| locate(error, &database.path))
    }

    /// From which schema the history was brought to the present one when this opened it.
    pub fn migrated(&self) -> Option<&Migrated> {
        self.file.get()?.migrated.as_ref()
    }

    /// Why the history can only be read, if that was found when it was opened.
    pub fn only_readable(&self) -> Option<&str> {
        self.file.get()?.only_readable.as_deref()
    }

    /// Runs `work` outside of a transaction on the connection that reads.
    pub(super) fn with_connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let database = self.for_reading()?;
        work(&database.conn).map_err(|error| locate(error, &database.path))
    }

    /// The database, or an empty one in memory where none was written yet.
    fn for_reading(&self) -> Result<&Database> {
        match self.file.get() {
            Some(database) => Ok(database),
            None => match self.path.try_exists().or_cannot("open the history", &self.path)? {
                true => {
                    opened(&self.file, || Database::open_for_reading(&self.path, self.patience))
                }
                false => opened(&self.nothing_yet, Database::empty),
            },
        }
    }

    fn for_writing(&self) -> Result<&Database> {
        let database = opened(&self.file, || Database::open(&self.path, self.patience))?;
        match database.only_readable.clone() {
            None => Ok(database),
            Some(detail) => Err(StoreFault::ReadOnly { path: self.path.clone(), detail }.into()),
        }
    }
}

fn opened(cell: &OnceCell<Database>, open: impl FnOnce() -> Result<Database>) -> Result<&Database> {
    match cell.get() {
        Some(database) => Ok(database),
        None => open().map(|database| cell.get_or_init(|| database)),
    }
}

/// Says of a driver error which database it came from.
pub(super) fn locate(error: Error, path: &Path) -> Error {
    match error.downcast::<rusqlite::Error>() {
        Ok(error) => StoreFault::from_driver(error, path, PATIENCE.as_secs()).into(),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn the_bundled_sqlite_is_recent_enough() {
        assert!(rusqlite::version_number() >= database::OLDEST_SQLITE, "{}", rusqlite::version());
    }

    #[cfg(unix)]
    #[test]
    fn the_database_is_private_and_durable() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".sortie/history.db");
        let store = Store::at(&path);
        store.read(|_| Ok(())).unwrap();
        assert!(!path.exists(), "reading creates nothing");
        store.create().unwrap();
        let mode = |p: &Path| p.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let pragma = |name: &str| {
            let conn = &store.file.get().unwrap().conn;
            conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(
            (pragma("synchronous"), pragma("foreign_keys"), pragma("trusted_schema")),
            (2, 1, 0)
        );
    }

    /// The log's length on disk after a text of so many bytes was kept and the database left.
    fn log_after(bytes: usize, meanwhile: impl FnOnce(&Path)) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        Store::at(&path).create().unwrap();
        let store = Store::at(&path);
        let keep = "INSERT INTO contents VALUES ('x', 0, 'plain', zeroblob(?1))";
        store.write(|w| Ok(w.0.execute(keep, [bytes as i64]).map(drop)?)).unwrap();
        meanwhile(&path);
        drop(store);
        dir.path().join("history.db-wal").metadata().unwrap().len()
    }

    #[test]
    fn a_long_log_is_emptied_by_who_leaves() {
        assert!(log_after(10_000, |_| {}) > 0, "a short one stands");
        assert_eq!(log_after(2_000_000, |_| {}), 0);
    }

    #[test]
    fn a_long_log_that_someone_reads_stands() {
        let reader = std::cell::OnceCell::new();
        let read = |path: &Path| {
            let conn = reader.get_or_init(|| Connection::open(path).unwrap());
            conn.execute_batch("BEGIN; SELECT count(*) FROM contents").unwrap();
        };
        let started = Instant::now();
        assert!(log_after(2_000_000, read) > 2_000_000);
        assert!(started.elapsed() < PATIENCE / 2, "nobody waits to leave");
    }

    #[test]
    fn what_fails_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path().join("history.db"));
        let outcome: Result<()> = store.write(|w| {
            w.0.execute("INSERT INTO contents VALUES ('x', 0, 'plain', x'')", [])?;
            Err(StoreFault::Other { detail: "stop".into() }.into())
        });
        assert!(outcome.is_err());
        let rows: i64 = store
            .read(|r| Ok(r.0.query_row("SELECT count(*) FROM contents", [], |row| row.get(0))?))
            .unwrap();
        assert_eq!(rows, 0);
    }
}

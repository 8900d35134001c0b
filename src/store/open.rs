//! Opening the database, and the two ways to use it: a read and a write, each one transaction.

use super::fault::StoreFault;
use super::file::make_dir;
use super::migrate::{is_current, migrate};
use crate::error::{Error, IoContext, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::cell::{Cell, OnceCell};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Older releases can corrupt a WAL database under concurrent checkpoints.
const OLDEST_SQLITE: i32 = 3_051_003;

/// The directory of a project's history and templates, in its root.
pub const HOME: &str = ".sortie";

/// What a checkpoint leaves of the write-ahead log's file, in bytes: one long message must not stay
/// on disk twice.
const WAL_LEFT: i64 = 16 << 20;

/// From how many pages on it is long. A process that opens the database alone reads all of it, about
/// 2 µs a page; to empty it takes two fsyncs. A recording adds a dozen pages.
const LONG_WAL: u64 = 250;

/// The size of a page; the log has a few bytes more for each.
const PAGE: u64 = 4096;

/// How long to wait for other processes before giving up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The history database of a project, opened when it is first needed. Reading never creates it.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: OnceCell<Database>,
    nothing_yet: OnceCell<Database>,
}

/// A consistent look at the database.
pub struct Reader<'a>(pub(super) &'a Connection);

/// A transaction that will be committed whole or not at all. Reads too.
pub struct Writer<'a>(Reader<'a>);

impl<'a> Deref for Writer<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.0
    }
}

impl Store {
    /// The database at `path`; nothing is touched yet.
    pub fn at(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into(), file: OnceCell::new(), nothing_yet: OnceCell::new() }
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
        database.transaction(TransactionBehavior::Immediate, |conn| work(&Writer(Reader(conn))))
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
        if let Some(mut database) = self.file.into_inner() {
            database.empty_long_log();
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

    /// The database, or an empty one in memory where none was written yet.
    fn for_reading(&self) -> Result<&Database> {
        match self.file.get() {
            Some(database) => Ok(database),
            None => match self.path.try_exists().or_cannot("open the history", &self.path)? {
                true => self.for_writing(),
                false => opened(&self.nothing_yet, Database::empty),
            },
        }
    }

    fn for_writing(&self) -> Result<&Database> {
        opened(&self.file, || Database::open(&self.path))
    }
}

fn opened(cell: &OnceCell<Database>, open: impl FnOnce() -> Result<Database>) -> Result<&Database> {
    match cell.get() {
        Some(database) => Ok(database),
        None => open().map(|database| cell.get_or_init(|| database)),
    }
}

/// An open database.
#[derive(Debug)]
struct Database {
    conn: Connection,
    path: PathBuf,
}

impl Drop for Database {
    /// Whoever opens the database next, and is alone, goes through the whole write-ahead log, and has
    /// lost count of what of it was folded in. So one that is long is emptied by who leaves.
    fn drop(&mut self) {
        self.empty_long_log();
    }
}

impl Database {
    fn open(path: &Path) -> Result<Database> {
        assert!(
            rusqlite::version_number() >= OLDEST_SQLITE,
            "linked with SQLite {}, which can corrupt a database that several processes write",
            rusqlite::version()
        );
        create_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let located = |error: Error| locate(error, path);
        let conn = Connection::open_with_flags(path, flags).map_err(|e| located(e.into()))?;
        prepare(conn, path).map_err(located)
    }

    fn empty_long_log(&mut self) {
        if self.has_long_log() {
            let _ = self.conn.busy_handler(None::<fn(i32) -> bool>);
            let _ = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    /// Among many the log is begun anew without getting shorter on disk: only SQLite knows its length.
    fn has_long_log(&self) -> bool {
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let pages = || {
            let look = "PRAGMA wal_checkpoint(NOOP)";
            self.conn.query_row(look, [], |row| row.get::<_, i64>(1))
        };
        std::fs::metadata(log).is_ok_and(|found| found.len() > LONG_WAL * PAGE)
            && pages().is_ok_and(|pages| pages > LONG_WAL as i64)
    }

    fn empty() -> Result<Database> {
        let conn = Connection::open_in_memory()?;
        let path = PathBuf::from(":memory:");
        migrate(&conn, &path)?;
        Ok(Database { conn, path })
    }

    fn transaction<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let run = || {
            let tx = Transaction::new_unchecked(&self.conn, behavior)?;
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        run().map_err(|error| locate(error, &self.path))
    }
}

/// Says of a driver error which database it came from.
fn locate(error: Error, path: &Path) -> Error {
    match error.downcast::<rusqlite::Error>() {
        Ok(error) => StoreFault::from_driver(error, path, PATIENCE.as_secs()).into(),
        Err(error) => error,
    }
}

/// Pre-creates the file, so that it and the files SQLite puts beside it are the user's alone.
fn create_file(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    match path.parent() {
        Some(dir) if dir.ends_with(HOME) => make_home(dir)?,
        Some(dir) if !dir.as_os_str().is_empty() => {
            make_dir(dir).or_cannot("create", dir)?;
        }
        _ => {}
    }
    match create_private(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome.or_cannot("create the history", path),
    }
}

/// Creates a file that is the user's alone; one that is there is an error.
pub(super) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// The project's own directory is the user's alone, and no commit's: it may have been made before,
/// for templates.
fn make_home(dir: &Path) -> Result<()> {
    make_dir(dir).or_cannot("create", dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir, private).or_cannot("protect", dir)?;
    }
    let ignore = dir.join(".gitignore");
    match ignore.exists() {
        true => Ok(()),
        false => super::file::write(&ignore, b"*\n"),
    }
}

fn prepare(mut conn: Connection, path: &Path) -> Result<Database> {
    wait_for_others(&mut conn, PATIENCE)?;
    // Before anything is switched: what is not ours is left as it is.
    let current = is_current(&conn, path)?;
    use_wal(&conn, PATIENCE)?;
    // FULL: with NORMAL a power cut loses rows that were acknowledged.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "journal_size_limit", WAL_LEFT)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A checkpoint at every close would cost three more fsyncs; commits checkpoint by size.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if !current {
        migrate(&conn, path)?;
    }
    Ok(Database { conn, path: path.to_path_buf() })
}

/// A cache waits for nobody long, and what a power cut takes of it is found out again; what it leaves
/// must be sound, which NORMAL makes sure of. It is read often and written seldom: no write-ahead log.
pub(super) fn prepare_cache(mut conn: Connection) -> Result<Connection> {
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
fn wait_for_others(conn: &mut Connection, limit: Duration) -> Result<()> {
    let started: Cell<Option<Instant>> = Cell::new(None);
    conn.busy_handler(Some(move |count: i32| {
        if count == 0 {
            started.set(Some(Instant::now()));
        }
        let waited = started.get().map_or(Duration::ZERO, |start| start.elapsed());
        if waited < limit {
            sleep_a_moment();
        }
        waited < limit
    }))?;
    Ok(())
}

fn sleep_a_moment() {
    std::thread::sleep(Duration::from_micros(fastrand::u64(500..4_500)));
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
                sleep_a_moment();
            }
            other => return other.map(|_| ()).map_err(Error::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_sqlite_is_recent_enough() {
        assert!(rusqlite::version_number() >= OLDEST_SQLITE, "{}", rusqlite::version());
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
        store.write(|w| Ok(w.0.0.execute(keep, [bytes as i64]).map(drop)?)).unwrap();
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
            w.0.0.execute("INSERT INTO contents VALUES ('x', 0, 'plain', x'')", [])?;
            Err(StoreFault::Other { detail: "stop".into() }.into())
        });
        assert!(outcome.is_err());
        let rows: i64 = store
            .read(|r| Ok(r.0.query_row("SELECT count(*) FROM contents", [], |row| row.get(0))?))
            .unwrap();
        assert_eq!(rows, 0);
    }
}

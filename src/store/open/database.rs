//! One open database: how it comes to be open, and a transaction on it.

use super::create::create_file;
use super::pragmas::{PATIENCE, endure, guard, wait_for_others};
use super::readonly;
use super::{locate, log};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::store::concern::{self, Concern};
use crate::store::ledger::{self, Ledger, Tally};
use crate::store::mark::{self, Mark};
use crate::store::migrate::{Migrated, is_current, migrate};
use crate::store::{StoreFault, filesystem};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Older releases can corrupt a WAL database under concurrent checkpoints.
pub(super) const OLDEST_SQLITE: i32 = 3_051_003;

/// An open database.
#[derive(Debug)]
pub(super) struct Database {
    pub conn: Connection,
    pub path: PathBuf,
    /// Why it can only be read, if that is so.
    pub only_readable: Option<String>,
    /// From which schema it was brought to the present one, if it was just now.
    pub migrated: Option<Migrated>,
    /// How the ledger stood when it was opened.
    ledger: Option<Ledger>,
    /// Whether its file was made just now.
    is_new: bool,
    today: String,
    file: Option<FileId>,
}

/// What tells one file from another that has come in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<FileId> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(path).ok()?;
        Some(FileId(found.dev(), found.ino()))
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<FileId> {
        None
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        log::empty_if_long(&self.conn, &self.path);
    }
}

impl Database {
    fn of(conn: Connection, path: &Path) -> Database {
        Database {
            conn,
            path: path.to_path_buf(),
            only_readable: None,
            migrated: None,
            ledger: None,
            is_new: false,
            today: Timestamp::now().day(),
            file: None,
        }
    }

    /// The database at `path`, made and brought up to date as needed.
    pub fn open(path: &Path, patience: Duration) -> Result<Database> {
        assert!(
            rusqlite::version_number() >= OLDEST_SQLITE,
            "linked with SQLite {}, which can corrupt a database that several processes write",
            rusqlite::version()
        );
        let is_new = create_file(path)?;
        // Before the database is looked at: what is written meanwhile makes the mark lag, not lead.
        let mark = mark::read(path);
        let open = || {
            let mut database = prepare(connect_for(path, patience)?, path, patience)?;
            database.is_new = is_new;
            database.compare(mark)
        };
        open().map_err(|error| locate(error, path))
    }

    /// The same to be read only: where nothing can be written, that is no reason not to look.
    pub fn open_for_reading(path: &Path, patience: Duration) -> Result<Database> {
        match Database::open(path, patience) {
            Err(error) => match error.downcast_ref::<StoreFault>() {
                Some(StoreFault::ReadOnly { detail, .. }) => {
                    let detail = detail.clone();
                    let open = || {
                        let mark = mark::read(path);
                        let mut database = Database::of(readonly::connect(path)?, path);
                        database.only_readable = Some(detail);
                        database.compare(mark)
                    };
                    open().map_err(|error| locate(error, path))
                }
                _ => Err(error),
            },
            opened => opened,
        }
    }

    /// One without anything in it, for where none was written yet.
    pub fn empty() -> Result<Database> {
        let database = Database::of(Connection::open_in_memory()?, Path::new(":memory:"));
        migrate(&database.conn, &database.path)?;
        Ok(database)
    }

    /// Holds the ledger against the mark, and enters what is lost where that can be.
    fn compare(mut self, mark: Option<Mark>) -> Result<Database> {
        let mut ledger = ledger::read(&self.conn)?;
        if let Some(lost) = mark.and_then(|mark| ledger::lost(&ledger, &mark)) {
            match self.enter_loss() {
                Ok(entered) => ledger = entered,
                Err(_) => ledger.missing += lost.writes,
            }
        }
        self.ledger = Some(ledger);
        Ok(self)
    }

    fn enter_loss(&self) -> Result<Ledger> {
        if let Some(detail) = self.only_readable.clone() {
            return Err(StoreFault::ReadOnly { path: self.path.clone(), detail }.into());
        }
        let entered = self.transaction(TransactionBehavior::Immediate, |conn| {
            ledger::enter_loss(conn, &self.path)?;
            ledger::read(conn)
        })?;
        mark::write(&self.path, &entered.mark());
        Ok(entered)
    }

    /// Carries the ledger forward, before a transaction commits.
    pub fn advance(&self, tally: &Tally) -> Result<Ledger> {
        ledger::advance(&self.conn, tally, &self.today)
    }

    /// What is to be said of the database itself.
    pub fn concerns(&self) -> Vec<Concern> {
        let Some(ledger) = &self.ledger else { return Vec::new() };
        let missing = (ledger.missing > 0).then_some(Concern::Missing { writes: ledger.missing });
        let was_another_day = ledger.looked_on.as_ref().is_some_and(|day| *day != self.today);
        let is_due = was_another_day && self.conn.total_changes() > 0;
        let damage = if is_due { concern::damage(&self.conn) } else { None };
        let far = match is_due || self.is_new {
            true => filesystem::far(&self.path).map(|kind| Concern::Far { kind }),
            false => None,
        };
        [missing, damage, far].into_iter().flatten().collect()
    }

    pub fn transaction<T>(
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

    /// To be asked within a transaction that writes: nobody puts another file in the place of one that is
    /// being written, but it may have happened while we waited. What is written to the old one is lost.
    pub fn is_in_its_place(&self) -> Result<()> {
        match self.file == FileId::of(&self.path) || self.file.is_none() {
            true => Ok(()),
            false => Err(StoreFault::Replaced { path: self.path.clone() }.into()),
        }
    }
}

/// A connection that waits for others, and knows nothing yet of what it is connected to.
pub(in crate::store) fn connect(path: &Path) -> Result<Connection> {
    connect_for(path, PATIENCE)
}

fn connect_for(path: &Path, patience: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    wait_for_others(&mut conn, patience)?;
    Ok(conn)
}

fn prepare(conn: Connection, path: &Path, patience: Duration) -> Result<Database> {
    // Before anything is switched: what is not ours is left as it is.
    let current = is_current(&conn, path)?;
    let mut database = Database::of(conn, path);
    database.file = FileId::of(path);
    endure(&database.conn, patience)?;
    guard(&database.conn).map_err(Error::from)?;
    if !current {
        database.migrated = migrate(&database.conn, path)?;
    }
    Ok(database)
}

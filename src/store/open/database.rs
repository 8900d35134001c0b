//! One open database: how it comes to be open, and a transaction on it.

use super::create::create_file;
use super::pragmas::{PATIENCE, endure, guard, wait_for_others};
use super::readonly;
use super::{locate, log};
use crate::error::{Error, Result};
use crate::store::StoreFault;
use crate::store::migrate::{Migrated, is_current, migrate};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};

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
    /// The database at `path`, made and brought up to date as needed.
    pub fn open(path: &Path) -> Result<Database> {
        assert!(
            rusqlite::version_number() >= OLDEST_SQLITE,
            "linked with SQLite {}, which can corrupt a database that several processes write",
            rusqlite::version()
        );
        create_file(path)?;
        let conn = connect(path).map_err(|error| locate(error, path))?;
        prepare(conn, path).map_err(|error| locate(error, path))
    }

    /// The same to be read only: where nothing can be written, that is no reason not to look.
    pub fn open_for_reading(path: &Path) -> Result<Database> {
        match Database::open(path) {
            Err(error) => match error.downcast_ref::<StoreFault>() {
                Some(StoreFault::ReadOnly { detail, .. }) => {
                    let detail = detail.clone();
                    let conn = readonly::connect(path).map_err(|error| locate(error, path))?;
                    Ok(Database::only_readable(conn, path, detail))
                }
                _ => Err(error),
            },
            opened => opened,
        }
    }

    /// One without anything in it, for where none was written yet.
    pub fn empty() -> Result<Database> {
        let conn = Connection::open_in_memory()?;
        let path = PathBuf::from(":memory:");
        migrate(&conn, &path)?;
        Ok(Database { conn, path, only_readable: None, migrated: None, file: None })
    }

    fn only_readable(conn: Connection, path: &Path, why: String) -> Database {
        let path = path.to_path_buf();
        Database { conn, path, only_readable: Some(why), migrated: None, file: None }
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

pub(in crate::store) fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    wait_for_others(&mut conn, PATIENCE)?;
    Ok(conn)
}

fn prepare(conn: Connection, path: &Path) -> Result<Database> {
    // Before anything is switched: what is not ours is left as it is.
    let current = is_current(&conn, path)?;
    let file = FileId::of(path);
    endure(&conn)?;
    guard(&conn).map_err(Error::from)?;
    let migrated = if current { None } else { migrate(&conn, path)? };
    Ok(Database { conn, path: path.to_path_buf(), only_readable: None, migrated, file })
}

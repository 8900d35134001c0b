//! Backing up and restoring: whole databases, not records (`history/archive` carries those).
//!
//! A restore replaces the content of the database in one transaction of it, so that whoever has it open sees
//! one state or the other. Only what is no database any more is replaced as a file: nobody can be
//! writing it.

use super::copy::{self, free_name};
use super::fault::StoreFault;
use super::migrate::{SCHEMA, schema_of};
use super::open::{
    PATIENCE, Reader, Store, beside, connect, create_file, endure, locate, look, sleep_a_moment,
};
use super::retention::Amounts;
use crate::error::{Error, Fault, IoContext, Kind, Result};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A copy of the history that was made.
#[derive(Debug, Clone, Serialize)]
pub struct BackedUp {
    pub file: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    pub schema: u32,
    /// What it holds.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// A history that was put in the place of another.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// What it came from.
    pub file: PathBuf,
    /// The schema of that.
    pub schema: u32,
    /// What it holds.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// The history that was here before.
    pub kept: Option<PathBuf>,
}

impl Store {
    /// Writes what is committed into a file of its own, whole or not at all, and checks that. Others may
    /// read and write meanwhile.
    pub fn back_up(&self, target: &Path, replace: bool) -> Result<BackedUp> {
        if !self.exists() {
            return Err(BackupFault::Nothing { path: self.path().to_owned() }.into());
        }
        self.check_target(target, replace)?;
        let copied = self.with_connection(|conn| copy::snapshot(conn, target))?;
        let amounts = sound(&copied).map_err(|error| renamed(error, target))?.1;
        let bytes = copied.metadata().or_cannot("read", target)?.len();
        copy::put(copied, target, replace)?;
        Ok(BackedUp { file: target.to_path_buf(), bytes, schema: SCHEMA, amounts })
    }

    fn check_target(&self, target: &Path, replace: bool) -> Result<()> {
        let same = |a: &Path, b: &Path| a.canonicalize().ok() == b.canonicalize().ok();
        match target.symlink_metadata() {
            Err(_) => Ok(()),
            Ok(_) if same(target, self.path()) => {
                Err(BackupFault::Itself { path: target.to_path_buf() }.into())
            }
            Ok(found) if !replace || found.is_dir() => {
                Err(BackupFault::There { path: target.to_path_buf() }.into())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Puts a copy in the place of the history, which is kept under a name that ends in `stamp`. Without
    /// `force` only where there is none.
    pub fn restore(&self, file: &Path, force: bool, stamp: &str) -> Result<Restored> {
        let (schema, amounts) = sound(file)?;
        let path = self.path();
        if path.canonicalize().is_ok_and(|it| file.canonicalize().ok() == Some(it)) {
            return Err(BackupFault::Itself { path: file.to_path_buf() }.into());
        }
        if self.exists() && !force {
            return Err(BackupFault::HistoryThere { path: path.to_owned() }.into());
        }
        let kept = self.replace_with(file, &format!("before-restore-{stamp}"))?;
        // Of an earlier schema it is brought up to date now, not when somebody is in a hurry.
        self.create()?;
        Ok(Restored { file: file.to_path_buf(), schema, amounts, kept })
    }

    /// Puts the content of `file` in the place of what is here, which is kept beside it under a name
    /// with `what` in it.
    pub(super) fn replace_with(&self, file: &Path, what: &str) -> Result<Option<PathBuf>> {
        let path = self.path();
        if !self.exists() {
            create_file(path)?;
            overwrite(path, file, |_| Ok(()))?;
            return Ok(None);
        }
        let kept = free_name(path, what);
        let keep = |conn: &Connection| keep_content(conn, path, &kept);
        match overwrite(path, file, keep) {
            Err(error) if is_no_database(&error) && is_no_database_still(path) => {
                copy::raw(path, &kept)?;
                overwrite_file(path, file)?;
            }
            outcome => outcome?,
        }
        Ok(Some(kept))
    }
}

/// What of the content is committed; if it is too damaged for that, the files as they are.
fn keep_content(conn: &Connection, path: &Path, kept: &Path) -> Result<()> {
    match copy::snapshot(conn, kept) {
        Ok(copied) => copy::put(copied, kept, false),
        Err(error) if is_damaged(&error) => copy::raw(path, kept),
        Err(error) => Err(error),
    }
}

/// Replaces the content of the database at `path`; `keep` runs while nobody else can write.
fn overwrite(path: &Path, file: &Path, keep: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    let located = |error: rusqlite::Error| locate(error.into(), path);
    let source = look(file).map_err(|error| locate(error, file))?;
    let mut target = connect(path).map_err(|error| locate(error, path))?;
    endure(&target).map_err(|error| locate(error, path))?;
    let reader = connect(path).map_err(|error| locate(error, path))?;
    {
        let copying = Backup::new(&source, &mut target).map_err(located)?;
        // The first page takes the lock for writing; the last one commits.
        step(&copying, 1, path)?;
        keep(&reader).map_err(|error| locate(error, path))?;
        step(&copying, -1, path)?;
    }
    // All of it stands in the log now.
    let _ = target.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    Ok(())
}

fn step(copying: &Backup<'_, '_>, pages: i32, path: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        match copying.step(pages).map_err(|error| locate(error.into(), path))? {
            StepResult::Done | StepResult::More => return Ok(()),
            _ if start.elapsed() > PATIENCE => {
                return Err(StoreFault::Busy { seconds: PATIENCE.as_secs() }.into());
            }
            _ => sleep_a_moment(),
        }
    }
}

/// The same where the file is no database, so that nobody can have it open as one.
fn overwrite_file(path: &Path, file: &Path) -> Result<()> {
    let source = look(file).map_err(|error| locate(error, file))?;
    let copied = copy::snapshot(&source, path)?;
    // What is left of the old log must never be taken for the new file's. It was copied before.
    for ending in ["-wal", "-shm", "-journal"] {
        match std::fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).or_cannot("replace", beside(path, ending));
            }
            _ => {}
        }
    }
    copy::put(copied, path, true)
}

/// The schema of a sound database of ours, and what it holds.
fn sound(file: &Path) -> Result<(u32, Amounts)> {
    std::fs::File::open(file).or_cannot("read", file)?;
    let located = |error| locate(error, file);
    let conn = look(file).map_err(located)?;
    let schema = schema_of(&conn, file).map_err(located)?;
    if schema == 0 {
        return Err(StoreFault::Unused { path: file.to_path_buf() }.into());
    }
    let check = "PRAGMA integrity_check(1)";
    let found: String =
        conn.query_row(check, [], |row| row.get(0)).map_err(|e| located(e.into()))?;
    if found != "ok" {
        return Err(StoreFault::Damaged { path: file.to_path_buf(), detail: found }.into());
    }
    Ok((schema, Reader(&conn).amounts().map_err(located)?))
}

/// The error of a temporary file, said of what it was to become.
fn renamed(error: Error, target: &Path) -> Error {
    match error.downcast::<StoreFault>() {
        Ok(StoreFault::Damaged { detail, .. }) => {
            StoreFault::Damaged { path: target.to_path_buf(), detail }.into()
        }
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

fn is_damaged(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreFault::Damaged { .. }))
}

/// Whether it cannot even be opened, or is not ours: a lock on it means nothing.
fn is_no_database(error: &Error) -> bool {
    is_damaged(error)
}

/// Seen once more, by another connection.
fn is_no_database_still(path: &Path) -> bool {
    let seen = connect(path).and_then(|conn| {
        let lock = "BEGIN IMMEDIATE; ROLLBACK";
        conn.execute_batch(lock).map_err(Error::from)
    });
    seen.is_err_and(|error| is_damaged(&locate(error, path)))
}

/// A backup or a restore that is refused.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// Nothing was recorded yet.
    #[error("there is no history at {}", path.display())]
    Nothing { path: PathBuf },
    /// The file is there.
    #[error("{} is there already", path.display())]
    There { path: PathBuf },
    /// The database was named for its own backup.
    #[error("{} is the history itself", path.display())]
    Itself { path: PathBuf },
    /// A restore would replace what is recorded.
    #[error("there is a history at {} already", path.display())]
    HistoryThere { path: PathBuf },
}

impl Fault for BackupFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Nothing { .. } => Kind::NotFound,
            Self::There { .. } | Self::Itself { .. } => Kind::Usage,
            Self::HistoryThere { .. } => Kind::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Nothing { .. } => "name it with `--db FILE`".into(),
            Self::There { .. } => {
                "nothing was written; name another file, or replace it with --force".into()
            }
            Self::Itself { .. } => "name another file".into(),
            Self::HistoryThere { .. } => {
                "nothing was changed; --force puts the backup in its place, and keeps it under another name"
                    .into()
            }
        })
    }
}

//! Backing up and restoring: whole databases, not records (`history/archive` carries those).
//!
//! A restore replaces the content of the database in one transaction of it, so that whoever has it open sees
//! one state or the other. Only what is no database any more is replaced as a file: nobody can be
//! writing it.

use super::copy::{self, free_name};
use super::fault::StoreFault;
use super::ledger::{self, Ledger};
use super::mark::{self, Mark};
use super::migrate::{SCHEMA, migrate_alone, schema_of};
use super::open::{
    PATIENCE, Reader, Store, beside, connect, create_file, endure, locate, look, make_dir,
    sleep_a_moment,
};
use super::retention::Amounts;
use crate::error::{Error, Fault, IoContext, Kind, Result};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempPath;

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
        let amounts = sound(&copied).map_err(|error| of_history(error, self.path()))?.1;
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
        make_dir(path)?;
        let source = look(file).map_err(|error| locate(error, file))?;
        let kept = self.replace_with(
            copy::snapshot(&source, path)?,
            &format!("before-restore-{stamp}"),
            &|reader, kept| keep_content(reader, path, kept),
        )?;
        Ok(Restored { file: file.to_path_buf(), schema, amounts, kept })
    }

    /// Puts the content of the file `new` in the place of what is here, which `keep` puts under a name with
    /// `what` in it while nobody can write.
    pub(super) fn replace_with(
        &self,
        new: TempPath,
        what: &str,
        keep: &dyn Fn(&Connection, &Path) -> Result<()>,
    ) -> Result<Option<PathBuf>> {
        let path = self.path();
        let source = Connection::open(&new).map_err(|error| locate(error.into(), path))?;
        migrate_alone(&source, &new).map_err(|error| locate(error, path))?;
        if create_file(path)? {
            let here = (path, mark::read(path));
            overwrite(here, &source, &|_| Ok(()))?;
            return Ok(None);
        }
        let kept = free_name(path, what);
        let here = (path, mark::read(path));
        match overwrite(here, &source, &|reader| keep(reader, &kept)) {
            Err(error) if is_damaged(&error) && is_no_database_still(path) => {
                copy::raw(path, &kept)?;
                carry_on(&source, None, mark::read(path))?;
                drop(source);
                overwrite_file(path, new)?;
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

/// Replaces the content of a database with that of `source`; `keep` runs while nobody else can write.
fn overwrite(
    (path, mark): (&Path, Option<Mark>),
    source: &Connection,
    keep: &dyn Fn(&Connection) -> Result<()>,
) -> Result<()> {
    let run = || {
        let mut target = connect(path)?;
        endure(&target)?;
        let reader = connect(path)?;
        {
            let copying = Backup::new(source, &mut target)?;
            // The first page takes the lock for writing; the last one commits.
            step(&copying, 1, path)?;
            keep(&reader)?;
            carry_on(source, ledger::read(&reader).ok(), mark)?;
            step(&copying, -1, path)?;
        }
        // All of it stands in the log now.
        let _ = target.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(())
    };
    run().map_err(|error| locate(error, path))
}

/// The ledger of what is put here goes on where the former ended, as far as anything tells: a mark that is
/// written late by another process must not look like a loss.
fn carry_on(source: &Connection, former: Option<Ledger>, mark: Option<Mark>) -> Result<()> {
    match former.map(|it| it.mark()).or(mark) {
        Some(former) => ledger::carry_on(source, &former),
        None => Ok(()),
    }
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
fn overwrite_file(path: &Path, new: TempPath) -> Result<()> {
    copy::sync(&new, path)?;
    // What is left of the old log must never be taken for the new file's. It was copied before.
    for ending in ["-wal", "-shm", "-journal"] {
        match std::fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).or_cannot("replace", beside(path, ending));
            }
            _ => {}
        }
    }
    copy::put(new, path, true)
}

/// The schema of a sound database of ours, and what it holds.
fn sound(file: &Path) -> Result<(u32, Amounts)> {
    std::fs::File::open(file).or_cannot("read", file)?;
    let look = || {
        let conn = look(file)?;
        let schema = schema_of(&conn, file)?;
        if schema == 0 {
            return Err(StoreFault::Unused { path: file.to_path_buf() }.into());
        }
        let check = "PRAGMA integrity_check(1)";
        let found: String = conn.query_row(check, [], |row| row.get(0))?;
        if found != "ok" {
            return Err(BackupFault::unsound(file, &found).into());
        }
        Ok((schema, Reader(&conn).amounts()?))
    };
    look().map_err(|error| unsound(locate(error, file), file))
}

/// A copy that is damaged is another matter than a history that is.
fn unsound(error: Error, file: &Path) -> Error {
    match error.downcast::<StoreFault>() {
        Ok(StoreFault::Damaged { detail, .. }) => BackupFault::unsound(file, &detail).into(),
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

/// What is damaged in a copy made just now is so in the history.
fn of_history(error: Error, path: &Path) -> Error {
    match error.downcast::<BackupFault>() {
        Ok(BackupFault::Unsound { detail, .. }) => {
            StoreFault::Damaged { path: path.to_path_buf(), detail }.into()
        }
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

pub(super) fn is_damaged(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreFault::Damaged { .. }))
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
    /// It is damaged.
    #[error("the copy {} is damaged: {detail}", path.display())]
    Unsound { path: PathBuf, detail: String },
    /// A restore would replace what is recorded.
    #[error("there is a history at {} already", path.display())]
    HistoryThere { path: PathBuf },
}

impl BackupFault {
    fn unsound(path: &Path, found: &str) -> BackupFault {
        let detail = found.split_whitespace().collect::<Vec<_>>().join(" ");
        BackupFault::Unsound { path: path.to_path_buf(), detail }
    }
}

impl Fault for BackupFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Nothing { .. } => Kind::NotFound,
            Self::There { .. } | Self::Itself { .. } => Kind::Usage,
            Self::HistoryThere { .. } => Kind::Conflict,
            Self::Unsound { .. } => Kind::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Nothing { .. } => "name it with `--db FILE`".into(),
            Self::There { .. } => {
                "nothing was written; name another file, or replace it with --force".into()
            }
            Self::Itself { .. } => "name another file".into(),
            Self::Unsound { path, .. } => {
                let path = path.display();
                format!("nothing was changed; `sortie doctor --db {path}` says what is damaged in it")
            }
            Self::HistoryThere { .. } => {
                "nothing was changed; --force puts the backup in its place, and keeps it under another name"
                    .into()
            }
        })
    }
}

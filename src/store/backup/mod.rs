//! Backing up and restoring: whole databases, not records (`history/archive` carries those).
//!
//! `replace` is what a restore and a repair have in common.

mod fault;
mod replace;

pub use fault::BackupFault;

use super::copy;
use super::fault::StoreFault;
use super::migrate::{SCHEMA, schema_of};
use super::open::{Reader, Store, locate, look, make_dir};
use super::retention::Amounts;
use crate::error::{Error, IoContext, Result};
use rusqlite::Connection;
use serde::Serialize;
use std::path::{Path, PathBuf};

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
}

/// What of the content is committed; if it is too damaged for that, the files as they are.
fn keep_content(conn: &Connection, path: &Path, kept: &Path) -> Result<()> {
    match copy::snapshot(conn, kept) {
        Ok(copied) => copy::put(copied, kept, false),
        Err(error) if is_damaged(&error) => copy::raw(path, kept),
        Err(error) => Err(error),
    }
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

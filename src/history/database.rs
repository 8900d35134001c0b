//! The database as a whole: backing it up, putting a backup back, what there is to say of it.

use super::History;
use crate::error::{Fault, Kind, Result};
use crate::store::{BackedUp, DatabaseFacts, Migrated, Restored, SCHEMA};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where the database is.
#[derive(Debug, Clone, Serialize)]
pub struct DatabasePath {
    pub path: PathBuf,
    /// Whether anything was recorded yet.
    pub exists: bool,
}

/// What bringing the schema up to date did.
#[derive(Debug, Clone, Serialize)]
pub struct Upgrade {
    pub path: PathBuf,
    pub schema: u32,
    /// Nothing, if it was up to date.
    pub migrated: Option<Migrated>,
}

impl History<'_> {
    /// Writes a copy of the history that is one consistent state of it, into a file that is not there yet
    /// unless it may be replaced.
    pub fn back_up(&self, file: &Path, replace: bool) -> Result<BackedUp> {
        let done = self.store.back_up(file, replace)?;
        self.store.note("backup", &file.display().to_string(), self.now);
        Ok(done)
    }

    /// Puts a backup in the place of the history. With `force` where there is one, too, which is kept
    /// beside it.
    pub fn restore(&self, file: &Path, force: bool) -> Result<Restored> {
        let done = self.store.restore(file, force, &self.now.compact())?;
        self.store.note("restore", &file.display().to_string(), self.now);
        Ok(done)
    }

    /// Where the database is.
    pub fn database_path(&self) -> DatabasePath {
        DatabasePath { path: self.store.path().to_owned(), exists: self.store.exists() }
    }

    /// What there is to say of the database. Changes nothing.
    pub fn database(&self) -> Result<DatabaseFacts> {
        self.store
            .facts()?
            .ok_or_else(|| DatabaseFault::None { path: self.store.path().to_owned() }.into())
    }

    /// Brings the schema up to date, as the next command that needs the history would.
    pub fn upgrade(&self) -> Result<Upgrade> {
        let path = self.store.path().to_owned();
        if !self.store.exists() {
            return Err(DatabaseFault::None { path }.into());
        }
        self.store.create()?;
        Ok(Upgrade { path, schema: SCHEMA, migrated: self.store.migrated().cloned() })
    }
}

/// A question about a database that is not there.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseFault {
    #[error("there is no history at {} yet", path.display())]
    None { path: PathBuf },
}

impl Fault for DatabaseFault {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }

    fn hint(&self) -> Option<String> {
        Some("`sortie init` makes one; `--db FILE` names another".into())
    }
}

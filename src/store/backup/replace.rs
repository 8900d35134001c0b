//! Putting the content of one database in the place of another's.
//!
//! It is one transaction of the database, so that whoever has it open sees one state or the other. Only what
//! SQLite calls no database, or too damaged for that, twice, is replaced as a file: nobody can be writing it.

use super::super::copy::{self, free_name};
use super::super::fault::StoreFault;
use super::super::ledger::{self, Ledger};
use super::super::mark::{self, Mark};
use super::super::migrate::migrate_alone;
use super::super::open::{
    PATIENCE, Store, beside, connect, create_file, endure, locate, sleep_a_moment,
};
use super::is_damaged;
use crate::error::{IoContext, Result};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempPath;

impl Store {
    /// Puts the content of the file `new` in the place of what is here, which `keep` puts under a name with
    /// `what` in it while nobody can write.
    pub(in crate::store) fn replace_with(
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
        let keep = |reader: &Connection| match kept.exists() {
            true => Ok(()),
            false => keep(reader, &kept),
        };
        let attempt = || overwrite((path, mark::read(path)), &source, &keep);
        // Seen twice: what fails once may be a moment's trouble of the disk.
        let twice =
            attempt().or_else(|error| if is_damaged(&error) { attempt() } else { Err(error) });
        match twice {
            Err(error) if is_damaged(&error) => {
                if !kept.exists() {
                    copy::raw(path, &kept)?;
                }
                carry_on(&source, None, mark::read(path))?;
                drop(source);
                overwrite_file(path, new)?;
            }
            outcome => outcome?,
        }
        Ok(Some(kept))
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
        endure(&target, PATIENCE)?;
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
            _ => sleep_a_moment(start.elapsed()),
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

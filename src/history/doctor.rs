//! The health of the database: looking it over, and repairing it.

use super::History;
use super::database::DatabaseFault;
use crate::error::Result;
use crate::store::{Checkup, Repair};

impl History<'_> {
    /// Looks the whole database over: structure, references, the checksum of each row and content, and
    /// whether all that was acknowledged is there. Of a sound one, rows from before there were checksums
    /// get theirs.
    pub fn check(&self) -> Result<Checkup> {
        self.must_exist()?;
        let mut checkup = self.store.check()?;
        if checkup.sound && checkup.unsealed > 0 {
            // Where nothing can be written they stay without.
            checkup.sealed_now = self.store.seal_old_rows().unwrap_or(0);
        }
        self.store.note_check(&checkup, self.now);
        Ok(checkup)
    }

    /// Saves what can be saved of a damaged database into a sound one that takes its place, and goes on
    /// without what is missing. The damaged one is kept.
    pub fn repair(&self) -> Result<Repair> {
        self.must_exist()?;
        self.store.repair(self.now)
    }

    fn must_exist(&self) -> Result<()> {
        match self.store.exists() || self.store.was_there() {
            true => Ok(()),
            false => Err(DatabaseFault::None { path: self.store.path().to_owned() }.into()),
        }
    }
}

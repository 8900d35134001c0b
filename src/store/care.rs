//! What was done for the database itself, in order.

use super::open::{Store, Writer};
use crate::error::Result;
use crate::model::Timestamp;
use rusqlite::params;

impl Writer<'_> {
    /// Notes that something was done.
    pub(super) fn note_care(&self, what: &str, detail: &str, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO care (at, what, detail) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute(params![now, what, detail])?;
        Ok(())
    }
}

impl Store {
    /// Notes that something was done, where that can be: not to be able to is no reason to fail.
    pub fn note(&self, what: &'static str, detail: &str, now: Timestamp) {
        let _ = self.write(|w| w.note_care(what, detail, now));
    }
}

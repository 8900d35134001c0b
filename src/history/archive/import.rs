//! Bringing an export in: the same twice is once, and what contradicts the record is left out.
//!
//! The file is read through first, so that a damaged one changes nothing. Then records are written in
//! short transactions, because a long history would keep every other process waiting. If that is
//! interrupted, whole records are there, each behind what it refers to, and the same import again
//! adds the rest.

use super::cleaning::Cleaning;
use super::fault::ArchiveFault;
use super::imported::Imported;
use super::lines::Line;
use super::records::{Batch, Import};
use super::source::Source;
use crate::error::Result;
use crate::history::History;
use std::borrow::Cow;

/// Records, and bytes of them, that one transaction writes.
const AT_ONCE: (usize, usize) = (256, 8 << 20);

impl History<'_> {
    /// Brings an export in.
    pub fn import(&self, source: &Source) -> Result<Imported> {
        let mut import = Import::default();
        import.done.read = source.check()?;
        import.done.file = source.name().to_owned();
        let mut batch: Vec<(u64, Line)> = Vec::new();
        let mut bytes = 0;
        for line in source.lines()? {
            let (number, text) = line?;
            let damaged = |why| ArchiveFault::Foreign { file: source.name().to_owned(), why };
            batch.push((number, Line::parse(&text).map_err(damaged)?));
            bytes += text.len();
            if batch.len() >= AT_ONCE.0 || bytes >= AT_ONCE.1 {
                self.bring_in(&mut import, source, &std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        self.bring_in(&mut import, source, &batch)?;
        Ok(import.done)
    }

    /// One transaction of an import; what is counted in one that fails is not done.
    fn bring_in(&self, import: &mut Import, source: &Source, batch: &[(u64, Line)]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let unpacked = contents(batch);
        let named = unpacked.iter().map(|(hash, bytes)| (*hash, &**bytes));
        let packed = self.store.pack(named)?;
        let cleaning = Cleaning::of(self.stored, batch, &unpacked);
        let batch = Batch { lines: batch, packed: &packed, cleaning: &cleaning };
        let mut next = import.clone();
        self.store.write(|w| next.apply(w, source, &batch))?;
        *import = next;
        Ok(())
    }
}

/// The hashes and bytes of the contents among some lines.
fn contents(batch: &[(u64, Line)]) -> Vec<(&str, Cow<'_, [u8]>)> {
    let lines = batch.iter().filter_map(|(_, line)| match line {
        Line::Content(it) => it.bytes().ok().map(|bytes| (it.content_hash.as_str(), bytes)),
        _ => None,
    });
    lines.collect()
}

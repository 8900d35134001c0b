//! The rows on a database's leaf pages, read without the tree above them.
//!
//! When a page in the middle of a table is lost, SQLite finds no way to those below, and they are as they
//! were. Here every leaf is read by itself. What was deleted stands on pages that the free list names:
//! those are left out, and if that list is damaged, so is all, for nothing tells old from new then.
//! The layout is SQLite's file format; whatever does not fit it ends in nothing, not in a panic.

use super::survey::Stored;
use crate::error::{IoContext, Result};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A leaf of a table; other pages are those above, indexes, and what did not fit on a page.
const LEAF: u8 = 0x0d;

/// A database file, page by page. Nobody else has it open.
pub(super) struct Pages {
    file: File,
    path: PathBuf,
    /// Bytes of a page, and of those that are not reserved.
    size: usize,
    usable: usize,
    /// How many there are, numbered from 1.
    count: u32,
    free: HashSet<u32>,
}

impl Pages {
    /// The pages of a file; none if its header or its free list is damaged.
    pub fn open(path: &Path) -> Result<Option<Pages>> {
        let file = File::open(path).or_cannot("read", path)?;
        let length = file.metadata().or_cannot("read", path)?.len();
        let mut header = Vec::new();
        (&file).take(100).read_to_end(&mut header).or_cannot("read", path)?;
        let (Some(size), Some(reserved)) = (number(&header, 16, 2), number(&header, 20, 1)) else {
            return Ok(None);
        };
        // 1 stands for what two bytes cannot hold.
        let size = if size == 1 { 65536 } else { size as usize };
        let usable = size.saturating_sub(reserved as usize);
        if !size.is_power_of_two() || size < 512 || usable < 480 {
            return Ok(None);
        }
        let count = u32::try_from(length / size as u64).unwrap_or(u32::MAX);
        let mut pages =
            Pages { file, path: path.to_owned(), size, usable, count, free: HashSet::new() };
        let is_whole = pages.read_free_list(&header)?;
        Ok(is_whole.then_some(pages))
    }

    /// Whether the list is as long as the header says.
    fn read_free_list(&mut self, header: &[u8]) -> Result<bool> {
        let (Some(first), Some(listed)) = (number(header, 32, 4), number(header, 36, 4)) else {
            return Ok(false);
        };
        let mut trunk = first as u32;
        while trunk != 0 {
            let Some(page) = self.page(trunk)?.filter(|_| self.free.insert(trunk)) else {
                return Ok(false);
            };
            let leaves = number(&page, 4, 4).unwrap_or(0) as usize;
            let numbers = (0..leaves.min(self.size / 4)).map(|at| number(&page, 8 + 4 * at, 4));
            self.free.extend(numbers.flatten().map(|it| it as u32));
            trunk = number(&page, 0, 4).unwrap_or(0) as u32;
        }
        Ok(self.free.len() as u64 == listed)
    }

    /// A page; none if there is none of that number.
    fn page(&self, number: u32) -> Result<Option<Vec<u8>>> {
        if !(1..=self.count).contains(&number) {
            return Ok(None);
        }
        let mut page = vec![0; self.size];
        let read = |page: &mut [u8]| -> io::Result<()> {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(u64::from(number - 1) * self.size as u64))?;
            file.read_exact(page)
        };
        read(&mut page).or_cannot("read", &self.path)?;
        Ok(Some(page))
    }

    /// Calls `each` with every row that stands on a leaf, whichever table's it is.
    pub fn rows(&self, each: &mut dyn FnMut(i64, Vec<Stored>) -> Result<()>) -> Result<()> {
        // The first page is the schema's.
        for number in (2..=self.count).filter(|it| !self.free.contains(it)) {
            let Some(page) = self.page(number)?.filter(|page| page[0] == LEAF) else { continue };
            for (rowid, payload) in self.cells(&page)? {
                if let Some(values) = values(&payload) {
                    each(rowid, values)?;
                }
            }
        }
        Ok(())
    }

    /// The cells of a leaf: a row's number and its record.
    fn cells(&self, page: &[u8]) -> Result<Vec<(i64, Vec<u8>)>> {
        let count = number(page, 3, 2).unwrap_or(0) as usize;
        let starts = (0..count).map_while(|at| number(page, 8 + 2 * at, 2));
        let mut cells = Vec::new();
        for start in starts {
            cells.extend(self.cell(page.get(start as usize..self.usable))?);
        }
        Ok(cells)
    }

    fn cell(&self, bytes: Option<&[u8]>) -> Result<Option<(i64, Vec<u8>)>> {
        let head = bytes.and_then(|bytes| {
            let (length, rest) = varint(bytes)?;
            let (rowid, rest) = varint(rest)?;
            Some((length as usize, rowid as i64, rest))
        });
        let Some((length, rowid, rest)) = head else { return Ok(None) };
        let most = self.usable.saturating_mul(self.count as usize);
        let here = self.stands_here(length);
        if length > most || here > rest.len() {
            return Ok(None);
        }
        let mut payload = rest[..here].to_vec();
        let mut next = number(rest, here, 4).unwrap_or(0) as u32;
        while payload.len() < length {
            let Some(page) = self.page(next)? else { return Ok(None) };
            let more = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(&page[4..4 + more]);
            next = number(&page, 0, 4).unwrap_or(0) as u32;
        }
        Ok(Some((rowid, payload)))
    }

    /// How much of a record stands on the leaf itself.
    fn stands_here(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// A number of `length` bytes, the highest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// A number of one to nine bytes, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut sum = 0;
    for (at, byte) in bytes.iter().take(8).enumerate() {
        sum = sum << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((sum, &bytes[at + 1..]));
        }
    }
    let last = bytes.get(8)?;
    Some((sum << 8 | u64::from(*last), &bytes[9..]))
}

/// The values of a record, if it is one.
fn values(record: &[u8]) -> Option<Vec<Stored>> {
    let (length, types) = varint(record)?;
    let length = usize::try_from(length).ok()?;
    let before = record.len() - types.len();
    let mut types = types.get(..length.checked_sub(before)?)?;
    let mut body = record.get(length..)?;
    let mut values = Vec::new();
    while !types.is_empty() {
        let (code, rest) = varint(types)?;
        types = rest;
        let (value, rest) = value(code, body)?;
        body = rest;
        values.push(value);
    }
    body.is_empty().then_some(values)
}

/// A value of that kind at the beginning of `body`, and what follows it.
fn value(code: u64, body: &[u8]) -> Option<(Stored, &[u8])> {
    let length = match code {
        0 | 8 | 9 => 0,
        1..=4 => code as usize,
        5 => 6,
        6 | 7 => 8,
        12.. => usize::try_from((code - 12) / 2).ok()?,
        _ => return None,
    };
    let (bytes, rest) = body.split_at_checked(length)?;
    let value = match code {
        0 => Stored::Null,
        1..=6 => {
            let bits = 64 - 8 * length as u32;
            Stored::Integer((number(bytes, 0, length)? << bits) as i64 >> bits)
        }
        7 => Stored::Real(f64::from_bits(number(bytes, 0, 8)?)),
        8 | 9 => Stored::Integer(code as i64 - 8),
        _ if code & 1 == 0 => Stored::Blob(bytes.to_vec()),
        _ => Stored::Text(bytes.to_vec()),
    };
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::{Connection, params_from_iter};
    use std::collections::BTreeMap;

    fn stored() -> impl Strategy<Value = Stored> {
        prop_oneof![
            Just(Stored::Null),
            any::<i64>().prop_map(Stored::Integer),
            (-300i64..300).prop_map(Stored::Integer),
            (-1e9f64..1e9).prop_map(|it| Stored::Real(it + 0.5)),
            ".{0,20}".prop_map(|it| Stored::Text(it.into_bytes())),
            (0usize..20_000, any::<u8>())
                .prop_map(|(length, byte)| Stored::Blob(vec![byte; length])),
        ]
    }

    fn open(path: &Path, page_size: u32) -> Connection {
        let conn = Connection::open(path).unwrap();
        conn.pragma_update(None, "page_size", page_size).unwrap();
        conn.pragma_update(None, "synchronous", "OFF").unwrap();
        conn.execute_batch("CREATE TABLE t (a, b, c)").unwrap();
        conn
    }

    fn read(path: &Path) -> Option<BTreeMap<i64, Vec<Stored>>> {
        let mut rows = BTreeMap::new();
        Pages::open(path)
            .unwrap()?
            .rows(&mut |rowid, values| {
                assert!(rows.insert(rowid, values).is_none(), "twice: {rowid}");
                Ok(())
            })
            .unwrap();
        Some(rows)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn pages_hold_what_sqlite_wrote(
            rows in prop::collection::btree_map(any::<i64>(), [stored(), stored(), stored()], 0..60),
            page_size in prop::sample::select(vec![512u32, 4096, 65536]),
            gone in any::<prop::sample::Index>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("t.db");
            let conn = open(&path, page_size);
            let mut rows: BTreeMap<i64, Vec<Stored>> =
                rows.into_iter().map(|(rowid, values)| (rowid, values.to_vec())).collect();
            let tx = conn.unchecked_transaction().unwrap();
            for (rowid, values) in &rows {
                let values = std::iter::once(Stored::Integer(*rowid)).chain(values.iter().cloned());
                conn.execute("INSERT INTO t (rowid, a, b, c) VALUES (?1, ?2, ?3, ?4)", params_from_iter(values)).unwrap();
            }
            tx.commit().unwrap();
            prop_assert_eq!(&read(&path).unwrap(), &rows);
            // What is deleted is not there any more, though its page may be.
            if !rows.is_empty() {
                let from = *rows.keys().nth(gone.index(rows.len())).unwrap();
                conn.execute("DELETE FROM t WHERE rowid >= ?1", [from]).unwrap();
                rows.retain(|rowid, _| *rowid < from);
                prop_assert_eq!(&read(&path).unwrap(), &rows);
            }
        }

        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..3000), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("t.db");
            let conn = open(&path, 512);
            let tx = conn.unchecked_transaction().unwrap();
            for chunk in bytes.chunks(200) {
                conn.execute("INSERT INTO t (a, b, c) VALUES (?1, 1, NULL)", [chunk]).unwrap();
            }
            tx.commit().unwrap();
            drop(conn);
            let mut file = std::fs::read(&path).unwrap();
            for (at, byte) in flips {
                let at = at.index(file.len());
                file[at] = byte;
            }
            std::fs::write(&path, &file).unwrap();
            if let Some(pages) = Pages::open(&path).unwrap() {
                pages.rows(&mut |_, _| Ok(())).unwrap();
            }
        }
    }
}

//! Contents: texts by the blake3 of their bytes, each once, compressed where that pays.

use super::fault::StoreFault;
use super::open::{Reader, Store, Writer};
use crate::error::Result;
use rayon::prelude::*;
use rusqlite::{OptionalExtension, params};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};

/// Fast, and within a few percent of the default level on source text.
const ZSTD_LEVEL: i32 = 1;

/// Compressed bytes that are written in one transaction, while the next are made.
const BATCH: usize = 8 << 20;

/// How many contents are compressed between two looks at how many bytes that made.
const FEW: usize = 64;

/// The blake3 of some bytes, lower-case hex: the name a content has in the store.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The bytes of a content, if they are what its hash says.
pub(super) fn unpacked(
    content_hash: &str,
    bytes: usize,
    codec: &str,
    data: Vec<u8>,
) -> Option<Vec<u8>> {
    let unpacked = match codec {
        "zstd" => zstd::bulk::decompress(&data, bytes).ok(),
        _ => Some(data),
    };
    unpacked.filter(|bytes| hash(bytes) == content_hash)
}

/// Contents made ready to be written, so that the transaction only copies bytes.
pub struct PackedContents<'a> {
    missing: Vec<Packed>,
    /// On record when it was looked; pruning may take them away before the transaction begins.
    there: Vec<(&'a str, &'a [u8])>,
}

struct Packed {
    hash: String,
    bytes: usize,
    codec: &'static str,
    data: Vec<u8>,
}

thread_local! {
    /// A compressor's tables cost more to make than a small text to compress.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(bytes),
        None => compressor.insert(zstd::bulk::Compressor::new(ZSTD_LEVEL)?).compress(bytes),
    })
}

impl Packed {
    fn new(hash: &str, bytes: &[u8]) -> Packed {
        let (codec, data) = match compress(bytes) {
            Ok(mut packed) if packed.len() < bytes.len() => {
                // It was made with room for the worst case, and many are held at once.
                packed.shrink_to_fit();
                ("zstd", packed)
            }
            _ => ("plain", bytes.to_vec()),
        };
        Packed { hash: hash.to_owned(), bytes: bytes.len(), codec, data }
    }
}

impl Store {
    /// Compresses those of `contents` (hash and bytes) that the store does not have yet.
    pub fn pack<'a>(
        &self,
        contents: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<PackedContents<'a>> {
        let mut all: Vec<(&str, &[u8])> = contents.into_iter().collect();
        all.sort_unstable_by_key(|(hash, _)| *hash);
        all.dedup_by_key(|(hash, _)| *hash);
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        self.read(|r| {
            for content in all {
                match r.has_content(content.0)? {
                    true => there.push(content),
                    false => missing.push(content),
                }
            }
            Ok(())
        })?;
        let missing = missing.par_iter().map(|(hash, bytes)| Packed::new(hash, bytes)).collect();
        Ok(PackedContents { missing, there })
    }
}

impl Store {
    /// Writes `work` with all contents that it names; `read` gives those that the store does not have
    /// yet. What is more than a batch goes ahead in transactions of its own, so that neither memory nor
    /// others' patience has to hold it all.
    pub fn write_with_contents<'h, T>(
        &self,
        hashes: impl IntoIterator<Item = &'h str>,
        read: impl Fn(&str) -> Result<Arc<str>> + Sync,
        work: impl Fn(&Writer<'_>) -> Result<T>,
    ) -> Result<T> {
        let hashes: BTreeSet<&str> = hashes.into_iter().collect();
        let hashes = serde_json::json!(hashes).to_string();
        let mut missing = self.read(|r| r.missing_contents(&hashes))?;
        let mut ahead = missing.split_off(missing.len().min(FEW));
        if !ahead.is_empty() {
            self.write_ahead(&mut ahead, &read)?;
        }
        loop {
            let batch = pack_batch(&mut missing, &read)?;
            let done = self.write(|w| {
                w.keep_packed(&batch)?;
                if missing.is_empty() {
                    // Pruning may have taken some away meanwhile.
                    missing = w.missing_contents(&hashes)?;
                }
                if missing.is_empty() { work(w).map(Some) } else { Ok(None) }
            })?;
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    /// Writes what `missing` names a batch at a time; while one is written the next is compressed.
    fn write_ahead(
        &self,
        missing: &mut Vec<String>,
        read: &(impl Fn(&str) -> Result<Arc<str>> + Sync),
    ) -> Result<()> {
        let (send, receive) = mpsc::sync_channel(0);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while !missing.is_empty() && send.send(pack_batch(missing, read)).is_ok() {}
            });
            // An error ends the loop, and with it the channel and the thread.
            receive.into_iter().try_for_each(|batch| {
                let batch = batch?;
                self.write(|w| w.keep_packed(&batch))
            })
        })
    }
}

/// Takes as many hashes from the end of `missing` as make a batch, and compresses what they name.
fn pack_batch(
    missing: &mut Vec<String>,
    read: &(impl Fn(&str) -> Result<Arc<str>> + Sync),
) -> Result<Vec<Packed>> {
    let mut batch: Vec<Packed> = Vec::new();
    while !missing.is_empty() && batch.iter().map(|it| it.data.len()).sum::<usize>() < BATCH {
        let few = missing.split_off(missing.len().saturating_sub(FEW));
        let packed = few.par_iter().map(|hash| Ok(Packed::new(hash, read(hash)?.as_bytes())));
        batch.extend(packed.collect::<Result<Vec<_>>>()?);
    }
    Ok(batch)
}

impl Reader<'_> {
    /// Those of `hashes`, a list in JSON, that nothing is kept under.
    fn missing_contents(&self, hashes: &str) -> Result<Vec<String>> {
        let mut statement = self.0.prepare_cached(
            "SELECT asked.value FROM json_each(?1) AS asked
              WHERE NOT EXISTS (SELECT 1 FROM contents WHERE content_hash = asked.value)",
        )?;
        let rows = statement.query_map([hashes], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether something is kept under `hash`.
    pub fn has_content(&self, hash: &str) -> Result<bool> {
        Ok(self
            .0
            .prepare_cached("SELECT 1 FROM contents WHERE content_hash = ?1")?
            .exists([hash])?)
    }

    /// The bytes kept under `hash`, checked against it.
    pub fn content(&self, content_hash: &str) -> Result<Option<Vec<u8>>> {
        let row = self
            .0
            .prepare_cached("SELECT bytes, codec, data FROM contents WHERE content_hash = ?1")?
            .query_row([content_hash], |row| {
                Ok((row.get::<_, usize>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        let Some((bytes, codec, data)) = row else { return Ok(None) };
        match unpacked(content_hash, bytes, &codec, data) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(StoreFault::ContentDamaged { hash: content_hash.to_owned() }.into()),
        }
    }
}

impl Writer<'_> {
    /// Writes packed contents; one that came in meanwhile is left as it is. Returns how many are new.
    pub fn keep_contents(&self, contents: &PackedContents<'_>) -> Result<usize> {
        let mut new = 0;
        for content in &contents.missing {
            new += self.keep_content(content)?;
        }
        for (hash, bytes) in &contents.there {
            if !self.has_content(hash)? {
                new += self.keep_content(&Packed::new(hash, bytes))?;
            }
        }
        Ok(new)
    }

    fn keep_packed(&self, batch: &[Packed]) -> Result<()> {
        batch.iter().try_for_each(|content| self.keep_content(content).map(|_| ()))
    }

    fn keep_content(&self, content: &Packed) -> Result<usize> {
        let mut statement = self.0.prepare_cached(
            "INSERT INTO contents (content_hash, bytes, codec, data) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (content_hash) DO NOTHING",
        )?;
        Ok(statement.execute(params![content.hash, content.bytes, content.codec, content.data])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_comes_back_byte_for_byte_and_stands_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path().join("history.db"));
        let texts: Vec<Vec<u8>> =
            vec![b"".to_vec(), b"x".to_vec(), b"long ".repeat(10_000), (0..=255).collect()];
        let named: Vec<(String, Vec<u8>)> = texts.into_iter().map(|t| (hash(&t), t)).collect();
        for _ in 0..2 {
            let twice = named.iter().chain(&named).map(|(h, t)| (h.as_str(), t.as_slice()));
            let packed = store.pack(twice).unwrap();
            store.write(|w| w.keep_contents(&packed)).unwrap();
        }
        for (name, text) in &named {
            assert_eq!(store.read(|r| r.content(name)).unwrap().as_ref(), Some(text));
        }
        assert_eq!(store.read(|r| r.content("absent")).unwrap(), None);
    }

    #[test]
    fn a_changed_content_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path().join("history.db"));
        let packed = store.pack([("0000", b"not what the hash says".as_slice())]).unwrap();
        store.write(|w| w.keep_contents(&packed)).unwrap();
        assert!(store.read(|r| r.content("0000")).is_err());
    }
}

//! The texts that a bundle names: what is known of each, and where it is to be had.
//!
//! A text is read once, for its hash and its [`Facts`]; small amounts are then held in memory, what is
//! more is read again from its file when its bytes are wanted, and must be the same.

use super::blocks::Blocks;
use super::counted::{Counted, CountedTexts};
use super::decode::decode;
use super::facts::Facts;
use super::fault::SelectFault;
use super::root::Root;
use super::tokens::Counter;
use crate::error::Result;
use crate::model::ContextItem;
use crate::store::{Cache, content};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Texts by their blake3, lower-case hex.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    entries: HashMap<String, Entry>,
    counted: Arc<CountedTexts>,
    cache: Option<Arc<Cache>>,
    /// Bytes of blocks held so far.
    blocks_held: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
struct Entry {
    place: Place,
    facts: OnceLock<Arc<Facts>>,
    blocks: OnceLock<Arc<Blocks>>,
}

/// How many bytes of blocks are held in memory: those of some 150 MB of text.
const BLOCKS_HELD: usize = 32 << 20;

/// What was learnt of a text as it was read.
#[derive(Debug, Default)]
pub struct Learnt {
    facts: Option<Arc<Facts>>,
    blocks: Option<Arc<Blocks>>,
}

/// Where a text is to be had.
#[derive(Debug, Clone)]
pub enum Place {
    Held(Arc<str>),
    File(OnDisk),
}

/// A whole file that was read before.
#[derive(Debug, Clone)]
pub struct OnDisk {
    pub root: Arc<Root>,
    pub path: PathBuf,
    /// How large it may be, in bytes.
    pub limit: u64,
}

impl Texts {
    /// No texts yet, of which a cache may know something.
    pub fn cached(cache: &Arc<Cache>) -> Texts {
        Texts {
            entries: HashMap::new(),
            counted: Arc::new(CountedTexts::cached(Arc::clone(cache))),
            cache: Some(Arc::clone(cache)),
            blocks_held: Arc::default(),
        }
    }

    /// Adds a text that is at hand.
    pub fn hold(&mut self, hash: String, text: impl Into<Arc<str>>) {
        self.add(hash, Place::Held(text.into()), Learnt::default());
    }

    /// Adds a text, with what is known of it; the same twice is one.
    pub fn add(&mut self, hash: String, place: Place, learnt: Learnt) {
        let new = || Entry { place, facts: OnceLock::new(), blocks: OnceLock::new() };
        let entry = self.entries.entry(hash).or_insert_with(new);
        learnt.facts.map(|facts| entry.facts.set(facts));
        learnt.blocks.map(|blocks| entry.blocks.set(blocks));
    }

    /// Adds all of another's, with what was counted.
    pub fn extend(&mut self, other: Texts) {
        self.counted.extend(&other.counted);
        for (hash, entry) in other.entries {
            self.entries.entry(hash).or_insert(entry);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is such a text.
    pub fn contains(&self, hash: &str) -> bool {
        self.entries.contains_key(hash)
    }

    /// A text that is in memory.
    pub fn held(&self, hash: &str) -> Option<&str> {
        match &self.entries.get(hash)?.place {
            Place::Held(text) => Some(text),
            Place::File(_) => None,
        }
    }

    /// A text, read again where it must be; one that there is not is empty.
    pub fn get(&self, hash: &str) -> Result<Arc<str>> {
        match self.entries.get(hash).map(|entry| &entry.place) {
            None => Ok("".into()),
            Some(Place::Held(text)) => Ok(Arc::clone(text)),
            Some(Place::File(file)) => file.read(hash),
        }
    }

    /// What is known of a text.
    pub fn facts(&self, hash: &str) -> Result<Arc<Facts>> {
        let Some(entry) = self.entries.get(hash) else {
            return Ok(Arc::new(Facts::of("", hash)));
        };
        if let Some(facts) = entry.facts.get() {
            return Ok(Arc::clone(facts));
        }
        let facts = match self.kept_facts(hash) {
            Some(facts) => Arc::new(facts),
            None => Arc::new(self.learn_facts(hash, &self.get(hash)?)),
        };
        let _ = entry.facts.set(Arc::clone(&facts));
        Ok(facts)
    }

    /// The blocks of a text.
    pub fn blocks(&self, hash: &str) -> Result<Arc<Blocks>> {
        let Some(entry) = self.entries.get(hash) else { return Ok(Arc::default()) };
        if let Some(blocks) = entry.blocks.get() {
            return Ok(Arc::clone(blocks));
        }
        let blocks = match self.kept_blocks(hash)? {
            Some(blocks) => Arc::new(blocks),
            None => Arc::new(self.learn_blocks(hash, &self.get(hash)?)),
        };
        self.held_blocks(&blocks).map(|held| entry.blocks.set(held));
        Ok(blocks)
    }

    /// Lets the blocks go, which nothing asks for once what stands twice was found.
    pub fn forget_blocks(&mut self) {
        self.entries.values_mut().for_each(|entry| drop(entry.blocks.take()));
        self.blocks_held.store(0, Ordering::Relaxed);
    }

    /// What there is to know of a text at hand.
    pub fn learn(&self, hash: &str, text: &str) -> Learnt {
        let facts = self.kept_facts(hash).unwrap_or_else(|| self.learn_facts(hash, text));
        let blocks = Arc::new(self.learn_blocks(hash, text));
        Learnt { facts: Some(Arc::new(facts)), blocks: self.held_blocks(&blocks) }
    }

    fn held_blocks(&self, blocks: &Arc<Blocks>) -> Option<Arc<Blocks>> {
        let bytes = blocks.packed().len();
        let held = self.blocks_held.fetch_add(bytes, Ordering::Relaxed);
        (held + bytes <= BLOCKS_HELD).then(|| Arc::clone(blocks))
    }

    fn kept_facts(&self, hash: &str) -> Option<Facts> {
        let (cache, hash) = (self.cache.as_ref()?, blake3::Hash::from_hex(hash).ok()?);
        let kept: Option<Facts> = serde_json::from_slice(cache.text(hash.as_bytes())?).ok();
        kept.filter(Facts::are_current)
    }

    fn learn_facts(&self, hash: &str, text: &str) -> Facts {
        let facts = Facts::of(text, hash);
        if let (Some(cache), Ok(hash)) = (&self.cache, blake3::Hash::from_hex(hash)) {
            let kept = serde_json::to_vec(&facts).expect("plain data");
            cache.keep_text(hash.as_bytes(), kept);
        }
        facts
    }

    fn kept_blocks(&self, hash: &str) -> Result<Option<Blocks>> {
        let (Some(cache), Ok(key)) = (&self.cache, blake3::Hash::from_hex(hash)) else {
            return Ok(None);
        };
        let Some(kept) = cache.blocks(key.as_bytes()) else { return Ok(None) };
        Ok(Blocks::from_packed(kept, self.facts(hash)?.bytes))
    }

    fn learn_blocks(&self, hash: &str, text: &str) -> Blocks {
        let blocks = Blocks::of(text);
        if let (Some(cache), Ok(hash)) = (&self.cache, blake3::Hash::from_hex(hash)) {
            cache.keep_blocks(hash.as_bytes(), blocks.packed());
        }
        blocks
    }

    /// An item's text, counted by stretches: see [`Counted`].
    pub fn counted(&self, item: &ContextItem, counter: &Counter<'_>) -> Result<Arc<Counted>> {
        self.counted.of(item, counter, || self.get(&item.content_hash))
    }
}

impl OnDisk {
    fn read(&self, hash: &str) -> Result<Arc<str>> {
        let changed = || SelectFault::Changed { source_name: self.root.name(&self.path) };
        let found = self.root.find(&self.path, false).map_err(|_| changed())?;
        let bytes = self.root.read(&found, self.limit).map_err(|_| changed())?.bytes;
        let (text, _) = decode(bytes).map_err(|_| changed())?;
        match content::hash(text.as_bytes()) == hash {
            true => Ok(Arc::from(text)),
            false => Err(changed().into()),
        }
    }
}

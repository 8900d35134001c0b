//! The texts that a bundle names: what is known of each, and where it is to be had.
//!
//! A text is read once, for its hash and its [`Facts`]; small amounts are then held in memory, what is
//! more is read again from its file when its bytes are wanted, and must be the same.

use super::counted::{Counted, CountedTexts};
use super::facts::Facts;
use super::fault::SelectFault;
use super::read::decode;
use super::root::Root;
use super::tokens::Counter;
use crate::error::Result;
use crate::model::ContextItem;
use crate::store::{Cache, content};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Texts by their blake3, lower-case hex.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    entries: HashMap<String, Entry>,
    counted: Arc<CountedTexts>,
    cache: Option<Arc<Cache>>,
}

#[derive(Debug, Clone)]
struct Entry {
    place: Place,
    facts: OnceLock<Arc<Facts>>,
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
        }
    }

    /// Adds a text that is at hand.
    pub fn hold(&mut self, hash: String, text: impl Into<Arc<str>>) {
        self.add(hash, Place::Held(text.into()), None);
    }

    /// Adds a text, with what is known of it; the same twice is one.
    pub fn add(&mut self, hash: String, place: Place, facts: Option<Arc<Facts>>) {
        let entry =
            self.entries.entry(hash).or_insert_with(|| Entry { place, facts: OnceLock::new() });
        if let Some(facts) = facts {
            let _ = entry.facts.set(facts);
        }
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
        let known = self.entries.get(hash).and_then(|entry| entry.facts.get());
        if let Some(facts) = known {
            return Ok(Arc::clone(facts));
        }
        let facts = match self.kept_facts(hash) {
            Some(facts) => Arc::new(facts),
            None => self.learn(hash, &self.get(hash)?),
        };
        if let Some(entry) = self.entries.get(hash) {
            let _ = entry.facts.set(Arc::clone(&facts));
        }
        Ok(facts)
    }

    fn kept_facts(&self, hash: &str) -> Option<Facts> {
        let hash = blake3::Hash::from_hex(hash).ok()?;
        Facts::from_kept(self.cache.as_ref()?.text(hash.as_bytes())?)
    }

    /// What there is to know of a text at hand.
    pub fn learn(&self, hash: &str, text: &str) -> Arc<Facts> {
        let facts = self.kept_facts(hash).unwrap_or_else(|| {
            let facts = Facts::of(text, hash);
            if let (Some(cache), Ok(hash)) = (&self.cache, blake3::Hash::from_hex(hash)) {
                cache.keep_text(hash.as_bytes(), facts.to_kept());
            }
            facts
        });
        Arc::new(facts)
    }

    /// An item's text, counted by stretches: see [`Counted`].
    pub fn counted(&self, item: &ContextItem, counter: &Counter<'_>) -> Result<Arc<Counted>> {
        self.counted.of(item, counter, || self.get(&item.content_hash))
    }
}

impl OnDisk {
    fn read(&self, hash: &str) -> Result<Arc<str>> {
        let changed = || SelectFault::Changed { source_name: self.root.name(&self.path) };
        let bytes = self.root.read(&self.path, self.limit).map_err(|_| changed())?;
        let (text, _) = decode(bytes).map_err(|_| changed())?;
        match content::hash(text.as_bytes()) == hash {
            true => Ok(Arc::from(text)),
            false => Err(changed().into()),
        }
    }
}

//! A text counted by stretches: those of its own and those that stand elsewhere, so that it is known
//! what it costs as it is sent and in full, from one count.

use super::facts::Facts;
use super::tally::{Sum, Tally};
use super::tokens::Counter;
use crate::briefing::reference_line;
use crate::error::Result;
use crate::model::ContextItem;
use crate::store::{Cache, content};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The stretches of a text, in order: its own, one that stands elsewhere, its own, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted(Vec<Stretch>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    tally: Tally,
    /// blake3, lower-case hex, of one that stands elsewhere.
    hash: Option<String>,
}

impl Counted {
    fn of(text: &str, item: &ContextItem, counter: &Counter<'_>) -> Counted {
        let stretch = |start: usize, end: usize, is_own: bool| {
            let text = &text[start..end];
            let hash = (!is_own).then(|| content::hash(text.as_bytes()));
            Stretch { tally: Tally::of(text, counter), hash }
        };
        let mut stretches = Vec::with_capacity(2 * item.references.len() + 1);
        let mut at = 0;
        for reference in &item.references {
            let (start, end) = (reference.start as usize, reference.end as usize);
            stretches.push(stretch(at, start, true));
            stretches.push(stretch(start, end, false));
            at = end;
        }
        stretches.push(stretch(at, text.len(), true));
        Counted(stretches)
    }

    /// The blake3 of each stretch that stands elsewhere.
    pub fn reference_hashes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|it| it.hash.as_deref())
    }

    /// Adds the text as it is sent: a line for each stretch that stands elsewhere.
    pub fn add_sent(&self, item: &ContextItem, facts: &Facts, sum: &mut Sum<'_, '_>) {
        let mut references = item.references.iter();
        for stretch in &self.0 {
            match &stretch.hash {
                None => sum.tally(&stretch.tally),
                Some(_) => {
                    let reference = references.next().expect("a stretch for each reference");
                    sum.text(&reference_line(
                        reference,
                        facts.brackets,
                        facts.ends_line(reference),
                    ));
                }
            }
        }
    }

    /// Adds the text in full.
    pub fn add_full(&self, sum: &mut Sum<'_, '_>) {
        self.0.iter().for_each(|stretch| sum.tally(&stretch.tally));
    }

    /// Bytes that it takes to keep it, roughly.
    fn weight(&self) -> usize {
        self.0.iter().map(|it| it.tally.weight() + 64).sum()
    }
}

/// What was counted: the beginning of the blake3 of tokenizer, text and stretches.
type Key = [u8; 16];

/// From how many bytes on a count is not kept: of a text without a cut that is the whole of it.
const HEAVY: usize = 64 << 10;

/// Texts that were counted: in this process, or before where there is a cache.
#[derive(Debug, Default)]
pub struct CountedTexts {
    known: Mutex<HashMap<Key, Arc<Counted>>>,
    cache: Option<Arc<Cache>>,
}

impl CountedTexts {
    pub fn cached(cache: Arc<Cache>) -> CountedTexts {
        CountedTexts { known: Mutex::default(), cache: Some(cache) }
    }

    /// Adds what another has counted.
    pub fn extend(&self, other: &CountedTexts) {
        let known = lock(&other.known).clone();
        lock(&self.known).extend(known);
    }

    /// An item's text, counted now if it was not before.
    pub fn of(
        &self,
        item: &ContextItem,
        counter: &Counter<'_>,
        text: impl FnOnce() -> Result<Arc<str>>,
    ) -> Result<Arc<Counted>> {
        let key = key(item, counter.tokenizer());
        if let Some(counted) = lock(&self.known).get(&key) {
            return Ok(Arc::clone(counted));
        }
        let counted = match self.kept(&key, item) {
            Some(counted) => counted,
            None => self.keep(&key, Counted::of(&text()?, item, counter)),
        };
        let counted = Arc::new(counted);
        lock(&self.known).insert(key, Arc::clone(&counted));
        Ok(counted)
    }

    fn kept(&self, key: &Key, item: &ContextItem) -> Option<Counted> {
        let kept: Counted = serde_json::from_slice(self.cache.as_ref()?.count(key)?).ok()?;
        (kept.reference_hashes().count() == item.references.len()).then_some(kept)
    }

    fn keep(&self, key: &Key, counted: Counted) -> Counted {
        if let Some(cache) = self.cache.as_ref().filter(|_| counted.weight() < HEAVY) {
            cache.keep_count(key, serde_json::to_vec(&counted).expect("plain data"));
        }
        counted
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(item: &ContextItem, tokenizer: &str) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(tokenizer.as_bytes()).update(item.content_hash.as_bytes());
    for reference in &item.references {
        hasher.update(&reference.start.to_le_bytes()).update(&reference.end.to_le_bytes());
    }
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

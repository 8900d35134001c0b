//! What two selections of context have in common: of two bundles, or of two deployments.

use super::Context;
use crate::model::{Allocation, Bundle, BundleId, ContextItem, ItemType};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// One piece of context, wherever it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The path with its selection.
    pub source: String,
    /// What it is to the agent.
    pub item_type: ItemType,
    /// Tokens it costs in the briefing.
    pub tokens: u64,
    /// blake3 of the text sent.
    pub content_hash: Option<String>,
}

/// How two lists of context differ: from A to B.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemChanges {
    /// Items that only B has.
    pub added: usize,
    /// Items that only A has.
    pub removed: usize,
    /// Items of the same source with another text.
    pub changed: usize,
    /// Items with the same text.
    pub same: usize,
    /// Tokens of A's items.
    pub tokens_a: u64,
    /// Tokens of B's items.
    pub tokens_b: u64,
    /// B's tokens less A's.
    pub tokens_difference: i64,
    /// Every item, in A's order, then what only B has in its order.
    pub items: Vec<ItemChange>,
}

/// One piece of context in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemChange {
    pub change: Change,
    /// The path with its selection.
    pub source: String,
    /// What it is to the agent; in B, if it is in both.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// Tokens in A; none if it is not there.
    pub tokens_a: Option<u64>,
    /// Tokens in B; none if it is not there.
    pub tokens_b: Option<u64>,
    /// blake3 of the text in A.
    pub hash_a: Option<String>,
    /// blake3 of the text in B.
    pub hash_b: Option<String>,
}

/// What became of something from A to B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only B has it.
    Added,
    /// Only A has it.
    Removed,
    /// Both have it, with other contents.
    Changed,
    /// Both have it, with the same contents.
    Same,
}

impl Change {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }

    /// Of something that A or B may lack.
    pub fn between<T: PartialEq>(a: Option<T>, b: Option<T>) -> Change {
        match (a, b) {
            (None, _) => Self::Added,
            (_, None) => Self::Removed,
            (Some(a), Some(b)) if a == b => Self::Same,
            _ => Self::Changed,
        }
    }
}

impl From<&ContextItem> for Part {
    fn from(item: &ContextItem) -> Part {
        Part {
            source: item.label(),
            item_type: item.item_type,
            tokens: item.token_count,
            content_hash: Some(item.content_hash.clone()),
        }
    }
}

impl From<&Allocation> for Part {
    fn from(allocation: &Allocation) -> Part {
        Part {
            source: allocation.context_source.clone(),
            item_type: allocation.context_type,
            tokens: allocation.token_count,
            content_hash: allocation.content_hash.clone(),
        }
    }
}

/// Compares two lists of context by their sources; of one that stands several times, the first with
/// the first.
pub fn compare(a: &[Part], b: &[Part]) -> ItemChanges {
    let theirs = by_source(b);
    let ours = by_source(a);
    let of_a = numbered(a).map(|(key, part)| change(Some(part), theirs.get(&key).copied()));
    let only_b = numbered(b).filter(|(key, _)| !ours.contains_key(key));
    let items: Vec<ItemChange> =
        of_a.chain(only_b.map(|(_, part)| change(None, Some(part)))).collect();
    let count = |change| items.iter().filter(|it| it.change == change).count();
    let sum = |parts: &[Part]| parts.iter().map(|part| part.tokens).sum::<u64>();
    let (tokens_a, tokens_b) = (sum(a), sum(b));
    ItemChanges {
        added: count(Change::Added),
        removed: count(Change::Removed),
        changed: count(Change::Changed),
        same: count(Change::Same),
        tokens_a,
        tokens_b,
        tokens_difference: tokens_b as i64 - tokens_a as i64,
        items,
    }
}

/// What pairs two items: whether they are the template's share, the source, and the how manieth.
type Key<'p> = (bool, &'p str, usize);

fn numbered(parts: &[Part]) -> impl Iterator<Item = (Key<'_>, &Part)> {
    let mut seen: HashMap<(bool, &str), usize> = HashMap::new();
    parts.iter().map(move |part| {
        let is_frame = part.item_type == ItemType::Briefing;
        let nth = seen.entry((is_frame, &part.source)).or_default();
        *nth += 1;
        ((is_frame, part.source.as_str(), *nth), part)
    })
}

fn by_source(parts: &[Part]) -> HashMap<Key<'_>, &Part> {
    numbered(parts).collect()
}

fn change(a: Option<&Part>, b: Option<&Part>) -> ItemChange {
    let part = b.or(a).expect("one of them has it");
    let hash = |part: Option<&Part>| part.and_then(|it| it.content_hash.clone());
    ItemChange {
        change: Change::between(a.map(|it| &it.content_hash), b.map(|it| &it.content_hash)),
        source: part.source.clone(),
        item_type: part.item_type,
        tokens_a: a.map(|it| it.tokens),
        tokens_b: b.map(|it| it.tokens),
        hash_a: hash(a),
        hash_b: hash(b),
    }
}

/// How two bundles differ.
#[derive(Debug, Clone, Serialize)]
pub struct BundleDiff {
    pub a: BundleId,
    pub b: BundleId,
    /// Everything said of them beside their items, whether it differs or not.
    pub properties: Vec<Property>,
    pub context: ItemChanges,
    /// Whether the token counts of both are exact.
    pub exact: bool,
}

/// One property of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Property {
    /// The key it has in a bundle or a deployment.
    pub name: &'static str,
    pub a: Value,
    pub b: Value,
    pub same: bool,
}

impl Property {
    /// A property with its values in A and B.
    pub fn new(name: &'static str, a: Value, b: Value) -> Property {
        Property { name, same: a == b, a, b }
    }
}

impl Context<'_> {
    /// Compares two bundles.
    pub fn compare(&self, a: &Bundle, b: &Bundle) -> BundleDiff {
        let parts = |bundle: &Bundle| -> Vec<Part> {
            bundle.context_items.iter().map(Part::from).collect()
        };
        let property = |(name, of): &Told| Property::new(name, of(a), of(b));
        BundleDiff {
            a: a.bundle_id.clone(),
            b: b.bundle_id.clone(),
            properties: PROPERTIES.iter().map(property).collect(),
            context: compare(&parts(a), &parts(b)),
            exact: a.exact && b.exact,
        }
    }
}

/// The name of a property, and how it is told.
type Told = (&'static str, fn(&Bundle) -> Value);

/// What is compared of two bundles beside their items.
const PROPERTIES: &[Told] = &[
    ("agent_type", |it| json!(it.agent_type)),
    ("scope", |it| json!(it.scope)),
    ("created_at", |it| json!(it.created_at)),
    ("model", |it| json!(it.model)),
    ("total_tokens", |it| json!(it.total_tokens)),
    ("total_tokens_upper", |it| json!(it.total_tokens_upper)),
    ("budget", |it| json!(it.budget)),
    ("template", |it| json!(it.template)),
    ("role", |it| json!(it.role)),
    ("constraints", |it| json!(it.constraints)),
    ("expected_output", |it| json!(it.expected_output)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn part(source: &str, tokens: u64, hash: &str) -> Part {
        let (source, content_hash) = (source.to_owned(), Some(hash.to_owned()));
        Part { source, item_type: ItemType::File, tokens, content_hash }
    }

    #[test]
    fn lists_are_compared_by_source() {
        let a = [part("one", 10, "1"), part("two", 20, "2"), part("three", 30, "3")];
        let b = [part("three", 31, "3"), part("two", 25, "x"), part("four", 40, "1")];
        let found = compare(&a, &b);
        let seen: Vec<_> = found.items.iter().map(|it| (it.source.as_str(), it.change)).collect();
        use Change::*;
        assert_eq!(seen, [("one", Removed), ("two", Changed), ("three", Same), ("four", Added)]);
        assert_eq!((found.tokens_a, found.tokens_b, found.tokens_difference), (60, 96, 36));
    }

    #[test]
    fn a_source_that_stands_twice_is_paired_in_order() {
        let twice = [part("one", 1, "1"), part("one", 1, "2")];
        assert_eq!(compare(&twice, &twice).same, 2);
        let found = compare(&twice, &twice[..1]);
        assert_eq!((found.same, found.removed), (1, 1));
    }

    proptest! {
        /// Every item of either list is told once, and the sides are alike but for their names.
        #[test]
        fn nothing_is_lost(a in vec(("[a-c]", 0..3u64), 0..8), b in vec(("[a-c]", 0..3u64), 0..8)) {
            let parts = |list: &[(String, u64)]| -> Vec<Part> {
                list.iter().map(|(name, n)| part(name, *n, &n.to_string())).collect()
            };
            let (a, b) = (parts(&a), parts(&b));
            let (there, back) = (compare(&a, &b), compare(&b, &a));
            let both = there.same + there.changed;
            prop_assert_eq!((both + there.removed, both + there.added), (a.len(), b.len()));
            prop_assert_eq!((there.added, there.removed), (back.removed, back.added));
            prop_assert_eq!((there.same, there.changed), (back.same, back.changed));
            let sum = |of: fn(&ItemChange) -> Option<u64>| there.items.iter().filter_map(of).sum::<u64>();
            prop_assert_eq!(sum(|it| it.tokens_a), there.tokens_a);
            prop_assert_eq!(sum(|it| it.tokens_b), there.tokens_b);
        }
    }
}

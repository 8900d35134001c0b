//! What became, on disk, of the files that a bundle was made from.

use super::Context;
use super::decode::decode;
use super::fault::told;
use super::read::{PART_OF, cut_again};
use super::root::Root;
use crate::model::{Bundle, BundleId, ContextItem, ItemType, Priority, Selection, Timestamp};
use crate::store::content;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

/// A bundle held against the disk.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BundleCheck {
    pub bundle_id: BundleId,
    /// When the bundle was prepared.
    pub created_at: Timestamp,
    /// Whether every text of the bundle still stands on disk as it was sent.
    pub unchanged: bool,
    /// Whether the bundle's token counts are exact.
    pub exact: bool,
    /// In the bundle's order.
    pub items: Vec<CheckedItem>,
}

/// One item then and now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckedItem {
    /// What it is to the agent.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// The path with its selection.
    pub source: String,
    /// Tokens it costs in the briefing.
    pub token_count: u64,
    pub priority: Priority,
    /// blake3 of the text sent.
    pub content_hash: String,
    /// Then against now.
    pub state: DiskState,
    /// What was found, where the state alone does not say it.
    pub detail: Option<String>,
}

/// What became of an item's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskState {
    /// The file is as it was, byte for byte.
    Unchanged,
    /// The file changed, but the part of it that was sent did not.
    PartSame,
    /// The text that was sent stands there no more.
    Changed,
    /// There is no such file.
    Gone,
    /// Something is there that may not or cannot be read.
    Refused,
    /// It was never a file: what the template adds.
    NoFile,
}

impl DiskState {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::PartSame => "part-same",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::NoFile => "no-file",
        }
    }

    /// Whether the text that was sent is still what is there.
    pub fn holds(self) -> bool {
        matches!(self, Self::Unchanged | Self::PartSame | Self::NoFile)
    }
}

impl BundleCheck {
    /// How many items are in that state.
    pub fn count(&self, state: DiskState) -> usize {
        self.items.iter().filter(|it| it.state == state).count()
    }
}

impl Context<'_> {
    /// Holds a bundle's items against the files they came from. Writes nothing.
    pub fn verify(&self, bundle: &Bundle) -> BundleCheck {
        let check = |item: &ContextItem| check(self.root, item);
        let items: Vec<CheckedItem> = bundle.context_items.par_iter().map(check).collect();
        BundleCheck {
            bundle_id: bundle.bundle_id.clone(),
            created_at: bundle.created_at,
            unchanged: items.iter().all(|it| it.state.holds()),
            exact: bundle.exact,
            items,
        }
    }
}

fn check(root: &Root, item: &ContextItem) -> CheckedItem {
    let (state, detail) = look(root, item);
    CheckedItem {
        item_type: item.item_type,
        source: item.label(),
        token_count: item.token_count,
        priority: item.priority,
        content_hash: item.content_hash.clone(),
        state,
        detail,
    }
}

fn look(root: &Root, item: &ContextItem) -> (DiskState, Option<String>) {
    let Some(file_hash) = &item.file_hash else { return (DiskState::NoFile, None) };
    let path = root.located(&item.source);
    if is_gone(&path) {
        return (DiskState::Gone, None);
    }
    let read = root.find(&path, false).and_then(|found| root.read(&found, PART_OF));
    match read.map(|content| content.bytes) {
        Err(refusal) => (DiskState::Refused, Some(told(refusal.reason, &refusal.detail))),
        Ok(bytes) if content::hash(&bytes) == *file_hash => (DiskState::Unchanged, None),
        Ok(_) if item.selection == Selection::Whole => (DiskState::Changed, None),
        Ok(bytes) => part(bytes, item),
    }
}

/// Whether no path leads there, all links followed.
fn is_gone(path: &Path) -> bool {
    let kind = path.canonicalize().map_err(|error| error.kind());
    matches!(kind, Err(ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Of a file that changed, whether the part that was sent changed too.
fn part(bytes: Vec<u8>, item: &ContextItem) -> (DiskState, Option<String>) {
    let text = decode(bytes).ok().map(|(text, _)| text);
    let again = text.as_deref().and_then(|text| cut_again(text, &item.selection));
    match again {
        Some(part) if content::hash(part.as_bytes()) == item.content_hash => {
            (DiskState::PartSame, None)
        }
        Some(_) => (DiskState::Changed, None),
        None => {
            let what = match item.selection {
                Selection::Lines { .. } => "the file has fewer lines now",
                _ => "its heading is not there any more, or not only once",
            };
            (DiskState::Changed, Some(what.to_owned()))
        }
    }
}

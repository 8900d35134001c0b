//! The files of a bundle, got back from what is sent of them.

use super::Context;
use super::names::unescaped;
use crate::briefing::{expand, with_references};
use crate::error::{Fault, IoContext, Kind, Result};
use crate::files::Folder;
use crate::model::{BlockReference, Bundle, BundleId, ContextItem, Encoding, ItemType, Selection};
use crate::store::content;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

/// One item of a bundle with its bytes as they were on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The path from the project root, with its selection.
    pub label: String,
    /// Where it is written, from the directory it is written to: the path it was read from, and for a part
    /// the selection behind it.
    pub place: PathBuf,
    /// Of a whole file all its bytes, byte order mark included; else those of the part.
    pub bytes: Vec<u8>,
}

impl Context<'_> {
    /// Puts the references of a bundle's items back and gives each item's bytes, checked against
    /// their hashes.
    pub fn expand(&self, bundle: &Bundle) -> Result<Vec<Expanded>> {
        let texts = self.texts_of(bundle)?;
        let items = bundle.context_items.iter().filter(|it| it.item_type != ItemType::Briefing);
        let items: Vec<&ContextItem> = items.collect();
        let sent = |item: &&ContextItem| match item.duplicate_of {
            // Of a second copy nothing is sent but where the first is.
            Some(_) => Cow::Borrowed(""),
            None => {
                let text = texts.held(&item.content_hash).unwrap_or_default();
                with_references(text, &item.references)
            }
        };
        let sent: Vec<Cow<'_, str>> = items.iter().map(sent).collect();
        let written: Vec<(&str, &[BlockReference])> = sent
            .iter()
            .zip(&items)
            .map(|(text, it)| (text.as_ref(), it.references.as_slice()))
            .collect();
        let damaged = |item: &ContextItem| ExpandFault::Damaged {
            bundle: bundle.bundle_id.clone(),
            item: item.label(),
        };
        let whole = expand(&written).ok_or_else(|| damaged(items[0]))?;
        let first_of = |item: &ContextItem| {
            let same = |it: &&ContextItem| {
                it.duplicate_of.is_none() && it.content_hash == item.content_hash
            };
            items.iter().position(same)
        };
        let expanded = items.iter().enumerate().map(|(at, item)| {
            let place = if item.duplicate_of.is_some() { first_of(item) } else { Some(at) };
            let text = place.map(|place| whole[place].as_str()).unwrap_or_default();
            as_on_disk(item, text).ok_or_else(|| damaged(item).into())
        });
        expanded.collect()
    }

    /// The item of a bundle with that label, or that path.
    pub fn expand_one(&self, bundle: &Bundle, name: &str) -> Result<Expanded> {
        let found = self.expand(bundle)?.into_iter().find(|it| it.label == name);
        let (bundle, item) = (bundle.bundle_id.clone(), name.to_owned());
        found.ok_or_else(|| ExpandFault::NoItem { bundle, item }.into())
    }

    /// Writes the items of a bundle under `dir`, each under its path, through no link. A file that is
    /// there with other bytes is left alone, and then nothing is written.
    pub fn expand_into(&self, bundle: &Bundle, dir: &Path) -> Result<Vec<Expanded>> {
        let dir = self.root.absolute(dir);
        let items = self.expand(bundle)?;
        let mut taken = HashSet::new();
        for item in &items {
            if !taken.insert(inner_path(&item.place)?) {
                return Err(ExpandFault::Twice { item: item.label.clone() }.into());
            }
        }
        let folder = Folder::make(&dir).or_cannot("create", &dir)?;
        let mut missing = Vec::new();
        for item in &items {
            match folder.has(&item.place, &item.bytes) {
                Ok(Some(true)) => {}
                Ok(None) => missing.push(item),
                Ok(Some(false)) | Err(_) => {
                    return Err(ExpandFault::InTheWay { path: folder.path_of(&item.place) }.into());
                }
            }
        }
        missing.par_iter().try_for_each(|item| {
            folder.lay(&item.place, &item.bytes).or_cannot("write", folder.path_of(&item.place))
        })?;
        Ok(items)
    }
}

/// The bytes that an item's text was read from; `None` if they are not what was recorded.
fn as_on_disk(item: &ContextItem, text: &str) -> Option<Expanded> {
    let is_whole = item.selection == Selection::Whole;
    let bytes = match item.encoding {
        _ if !is_whole => text.as_bytes().to_vec(),
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Encoding::Utf16Le => utf16(text, u16::to_le_bytes),
        Encoding::Utf16Be => utf16(text, u16::to_be_bytes),
    };
    let whole_is_right = match &item.file_hash {
        // Without its secrets a text is no longer the file.
        Some(hash) if is_whole && item.redacted == 0 => content::hash(&bytes) == *hash,
        _ => content::hash(text.as_bytes()) == item.content_hash,
    };
    let mut place = unescaped(&item.source).into_os_string();
    // A heading may have slashes; they make no directories.
    place.push(item.selection.suffix().replace('/', "%2F"));
    whole_is_right.then(|| Expanded { label: item.label(), place: place.into(), bytes })
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

/// A path that stays in its directory: a bundle's file may come from anywhere.
fn inner_path(path: &Path) -> Result<&Path> {
    let is_inner = path.components().all(|part| matches!(part, Component::Normal(_)))
        && !path.as_os_str().as_encoded_bytes().contains(&0);
    match is_inner {
        true => Ok(path),
        false => Err(ExpandFault::Outside { item: path.display().to_string() }.into()),
    }
}

/// A bundle whose files cannot be given back.
#[derive(Debug, thiserror::Error)]
pub enum ExpandFault {
    /// The references do not lead to the texts that were recorded.
    #[error("'{item}' of {bundle} does not come back as it was")]
    Damaged { bundle: BundleId, item: String },
    /// No item has that label.
    #[error("{bundle} has no item '{}'", item.escape_debug())]
    NoItem { bundle: BundleId, item: String },
    /// A path that leads out of the directory to write to.
    #[error("'{}' would be written outside the directory", item.escape_debug())]
    Outside { item: String },
    /// Two items that would be the same file.
    #[error("'{}' would be written where another item is", item.escape_debug())]
    Twice { item: String },
    /// Another file stands where one is to be written.
    #[error("{} is there with another content", path.display())]
    InTheWay { path: PathBuf },
}

impl Fault for ExpandFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Damaged { .. } => Kind::Refused,
            Self::NoItem { .. } => Kind::NotFound,
            Self::Outside { .. } | Self::Twice { .. } => Kind::Usage,
            Self::InTheWay { .. } => Kind::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Damaged { .. } => "prepare it again".into(),
            Self::NoItem { bundle, .. } => format!("`sortie ctx show {bundle}` lists its items"),
            Self::Outside { .. } => "the bundle was not prepared by sortie".into(),
            Self::Twice { item } => {
                format!("nothing was written; `--item '{item}'` prints it alone")
            }
            Self::InTheWay { .. } => "nothing was written; name an empty directory".into(),
        })
    }
}

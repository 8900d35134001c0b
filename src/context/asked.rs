//! What a caller names, in lists, and what each list means: the same whoever calls.

use super::select::{Selectors, Wanted};
use super::walk::WalkRules;
use crate::model::{ItemType, Priority};
use std::path::PathBuf;

/// What is to go into a bundle, as lists.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What the agent works on.
    pub files: Vec<PathBuf>,
    /// What it may consult; dropped before `files` when trimming.
    pub references: Vec<PathBuf>,
    /// What would be nice to have; dropped first.
    pub optional: Vec<PathBuf>,
    /// Items of the above that must stay.
    pub required: Vec<String>,
    /// Items of the above that may be dropped after the optional ones.
    pub recommended: Vec<String>,
    /// What directories and globs pass over.
    pub rules: WalkRules,
    /// Read every file, also those that by size, times and inode are as they were.
    pub paranoid: bool,
}

impl From<Asked> for Selectors {
    fn from(asked: Asked) -> Selectors {
        use {ItemType::*, Priority::*};
        let of = |list: Vec<PathBuf>, item_type, priority| {
            list.into_iter().map(move |text| Wanted { text, item_type, priority })
        };
        let override_to =
            |list: Vec<String>, priority| list.into_iter().map(move |pattern| (pattern, priority));
        Selectors {
            wanted: of(asked.files, File, Required)
                .chain(of(asked.references, Reference, Recommended))
                .chain(of(asked.optional, File, Optional))
                .collect(),
            // Of what two of them name, the stricter one holds: it comes last.
            overrides: override_to(asked.recommended, Recommended)
                .chain(override_to(asked.required, Required))
                .collect(),
            rules: asked.rules,
            paranoid: asked.paranoid,
        }
    }
}

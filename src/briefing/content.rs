//! Texts of items, which a briefing holds without having them in memory.
//!
//! What a template does with an item's text is nearly always to write it. Its data then hold a
//! *stand-in* for each text, and a rendering is the template's own words with places for the texts
//! in between: a bundle of any size is rendered, and counted, in little memory.

use super::escape::longest_backticks;
use super::fence;
use crate::error::Result;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

/// A text as it is sent, known by what it takes to write it safely.
pub trait Content: Send + Sync {
    /// Its length.
    fn bytes(&self) -> usize;
    /// Whether it is not empty and has no newline at its end.
    fn lacks_newline(&self) -> bool;
    /// The length of its longest run of backticks.
    fn longest_backticks(&self) -> usize;
    /// A word of hex digits that is not in it: see `fence::boundary`.
    fn boundary(&self) -> Result<Cow<'_, str>>;
    /// The text itself.
    fn read(&self) -> Result<Cow<'_, str>>;
}

impl Content for &str {
    fn bytes(&self) -> usize {
        self.len()
    }

    fn lacks_newline(&self) -> bool {
        !fence::missing_newline(self).is_empty()
    }

    fn longest_backticks(&self) -> usize {
        longest_backticks(self)
    }

    fn boundary(&self) -> Result<Cow<'_, str>> {
        Ok(fence::boundary(self).into())
    }

    fn read(&self) -> Result<Cow<'_, str>> {
        Ok(Cow::Borrowed(self))
    }
}

/// The text of the item at a place in the bundle, as a template gets it.
#[derive(Clone)]
pub struct ItemText<'a> {
    index: usize,
    content: Arc<dyn Content + 'a>,
}

impl<'a> ItemText<'a> {
    pub fn new(index: usize, content: impl Content + 'a) -> Self {
        ItemText { index, content: Arc::new(content) }
    }
}

impl<'a> std::ops::Deref for ItemText<'a> {
    type Target = dyn Content + 'a;

    fn deref(&self) -> &Self::Target {
        &*self.content
    }
}

impl fmt::Debug for ItemText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.bytes())
    }
}

impl Serialize for ItemText<'_> {
    /// Its stand-in; an empty text is itself, so that `{{#if text}}` tells.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.bytes() {
            0 => serializer.serialize_str(""),
            _ => serializer.serialize_str(&stand_in(self.index)),
        }
    }
}

/// What no text and no template can hold by intent, for it is another in every process.
static MARK: LazyLock<String> = LazyLock::new(|| {
    let random = || RandomState::new().hash_one(0u8);
    format!("\u{f8ff}{:016x}{:016x}:", random(), random())
});

const END: char = '\u{f8ff}';

pub(super) fn stand_in(index: usize) -> String {
    format!("{}{index}{END}", *MARK)
}

pub(super) fn is_stand_in(text: &str) -> bool {
    text.starts_with(END) && text.starts_with(MARK.as_str())
}

/// A piece of a rendered briefing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What the template says.
    Frame(String),
    /// The text of the item at that place in the bundle.
    Text(usize),
}

/// What was rendered, cut at its stand-ins.
pub(super) fn pieces(rendered: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = rendered;
    while let Some((before, after)) = rest.split_once(MARK.as_str()) {
        let (index, after) = after.split_once(END).unwrap_or((after, ""));
        pieces.extend((!before.is_empty()).then(|| Piece::Frame(before.to_owned())));
        pieces.extend(index.parse().ok().map(Piece::Text));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then(|| Piece::Frame(rest.to_owned())));
    pieces
}

//! What a result looks like, before it is known where it goes.

use super::bounded::Bounded;
use super::cells::{Cell, Table, Tone};
use super::lanes::Lanes;
use crate::model::Excerpt;
use serde_json::Value;

/// The formats of every verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// A table for people, fitted to the surface.
    #[default]
    Table,
    /// One JSON value, indented: a stable format.
    Json,
    /// JSON, one entry a line.
    Jsonl,
    /// The same as the table, in Markdown.
    Markdown,
    /// Comma-separated values with a header.
    Csv,
    /// The same as the table, as a page that stands alone.
    Html,
}

/// A result that can be shown.
pub trait View {
    /// The stable form, for programs.
    fn json(&self) -> Value;

    /// One value a line, where the result is a list; else the result.
    fn records(&self) -> Vec<Value> {
        vec![self.json()]
    }

    /// For people.
    fn document(&self) -> Document;

    /// The id of what was made, which is all that is said of it when quiet is asked for.
    fn id(&self) -> Option<String> {
        None
    }
}

/// A serializable value as JSON; its keys are text, so that it cannot fail.
pub fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("text keys only")
}

/// Blocks, one below the other.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub blocks: Vec<Block>,
}

/// One part of a [`Document`].
#[derive(Debug, Clone)]
pub enum Block {
    /// A line that says what follows.
    Heading(String),
    /// Names and values.
    Fields(Vec<(String, Cell)>),
    Table(Table),
    /// Lines as they are.
    Text(String),
    /// A share of something, 0 to 1, drawn where there is room.
    Bar {
        label: String,
        share: f64,
        tone: Tone,
    },
    /// Lines that keep their shape, such as the differences of two texts.
    Code {
        /// What the lines are written in, for formats that tell it.
        language: &'static str,
        lines: Vec<Cell>,
    },
    /// What ran when, on one axis.
    Lanes(Lanes),
    /// Sections that have at most so many characters together, whatever the format.
    Bounded(Bounded),
    /// What was found, one below the other.
    Entries(Vec<Entry>),
}

/// Something found: where, and a piece of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is in, in few words each.
    pub head: Vec<Cell>,
    /// What kind of text the excerpt is from.
    pub label: String,
    pub text: Excerpt,
}

impl Document {
    /// An empty document.
    pub fn new() -> Document {
        Document::default()
    }

    /// Adds a heading.
    pub fn heading(mut self, text: impl Into<String>) -> Document {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// Adds names with their values.
    pub fn fields(mut self, fields: Vec<(&str, Cell)>) -> Document {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.blocks.push(Block::Fields(fields.collect()));
        self
    }

    /// Adds a table.
    pub fn table(mut self, table: Table) -> Document {
        self.blocks.push(Block::Table(table));
        self
    }

    /// Adds plain text.
    pub fn text(mut self, text: impl Into<String>) -> Document {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds lines that keep their shape.
    pub fn code(mut self, language: &'static str, lines: Vec<Cell>) -> Document {
        self.blocks.push(Block::Code { language, lines });
        self
    }

    /// Adds what ran when.
    pub fn lanes(mut self, lanes: Lanes) -> Document {
        self.blocks.push(Block::Lanes(lanes));
        self
    }

    /// Adds sections of a bounded length.
    pub fn bounded(mut self, bounded: Bounded) -> Document {
        self.blocks.push(Block::Bounded(bounded));
        self
    }

    /// Adds what was found.
    pub fn entries(mut self, entries: Vec<Entry>) -> Document {
        self.blocks.push(Block::Entries(entries));
        self
    }

    /// Adds a bar; a `share` of 1 fills it.
    pub fn bar(mut self, label: impl Into<String>, share: f64, tone: Tone) -> Document {
        self.blocks.push(Block::Bar { label: label.into(), share, tone });
        self
    }
}

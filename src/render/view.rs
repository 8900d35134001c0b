//! What a result looks like, before it is known where it goes.

use serde_json::Value;

/// The formats of every verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Table,
    Json,
    Jsonl,
    Markdown,
    Csv,
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
}

#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Instead of a table without rows.
    pub when_empty: String,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub title: String,
    pub align: Align,
    /// Whether the column may be wrapped when the terminal is narrow; others keep their width.
    pub gives_way: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// What a value means to the reader; the terminal has a colour for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
}

#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl<T: ToString> From<T> for Cell {
    fn from(value: T) -> Cell {
        Cell { text: value.to_string(), tone: Tone::Plain }
    }
}

impl Cell {
    pub fn toned(text: impl ToString, tone: Tone) -> Cell {
        Cell { text: text.to_string(), tone }
    }

    /// The value, or `-` where there is none.
    pub fn or_dash(value: Option<impl ToString>) -> Cell {
        match value {
            Some(value) => value.into(),
            None => Cell::toned("-", Tone::Faint),
        }
    }
}

impl Column {
    pub fn left(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Left, gives_way: false }
    }

    pub fn right(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Right, gives_way: false }
    }

    /// A column of long texts.
    pub fn wide(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Left, gives_way: true }
    }
}

impl Table {
    pub fn new(columns: Vec<Column>, when_empty: &str) -> Table {
        Table { columns, rows: Vec::new(), when_empty: when_empty.to_owned() }
    }

    pub fn row(mut self, cells: Vec<Cell>) -> Table {
        self.rows.push(cells);
        self
    }

    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        self.rows.extend(rows);
        self
    }
}

impl Document {
    pub fn new() -> Document {
        Document::default()
    }

    pub fn heading(mut self, text: impl Into<String>) -> Document {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    pub fn fields(mut self, fields: Vec<(&str, Cell)>) -> Document {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.blocks.push(Block::Fields(fields.collect()));
        self
    }

    pub fn table(mut self, table: Table) -> Document {
        self.blocks.push(Block::Table(table));
        self
    }

    pub fn text(mut self, text: impl Into<String>) -> Document {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    pub fn bar(mut self, label: impl Into<String>, share: f64, tone: Tone) -> Document {
        self.blocks.push(Block::Bar { label: label.into(), share, tone });
        self
    }
}

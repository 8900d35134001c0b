//! Tables and what stands in them, before it is known where they go.

use crate::model::Timestamp;

/// Columns and rows, all cells text.
#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Each as long as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Instead of a table without rows.
    pub when_empty: String,
}

/// A column's title and alignment.
#[derive(Debug, Clone)]
pub struct Column {
    pub title: String,
    pub align: Align,
    /// Whether the column may be wrapped when the terminal is narrow; others keep their width.
    pub gives_way: bool,
}

/// Which side a column's cells stand on.
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

/// A text and how it is meant.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
    /// The point in time that the text tells, if it tells one: a terminal adds how long ago it was.
    pub at: Option<Timestamp>,
    /// The share that the text tells, 0 to 1: a terminal with room draws it.
    pub share: Option<f64>,
}

impl<T: ToString> From<T> for Cell {
    fn from(value: T) -> Cell {
        Cell { text: value.to_string(), ..Cell::default() }
    }
}

impl Cell {
    /// A cell that is meant in some way.
    pub fn toned(text: impl ToString, tone: Tone) -> Cell {
        Cell { text: text.to_string(), tone, ..Cell::default() }
    }

    /// A point in time to the minute, UTC.
    pub fn when(at: Timestamp) -> Cell {
        Cell { text: at.to_minute(), at: Some(at), ..Cell::default() }
    }

    /// A share of something in percent, 1 being all of it.
    pub fn share(share: f64, tone: Tone) -> Cell {
        Cell {
            text: format!("{:.1} %", share * 100.0),
            tone,
            share: Some(share),
            ..Cell::default()
        }
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
    /// A column of words.
    pub fn left(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Left, gives_way: false }
    }

    /// A column of figures.
    pub fn right(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Right, gives_way: false }
    }

    /// A column of long texts.
    pub fn wide(title: &str) -> Column {
        Column { title: title.to_owned(), align: Align::Left, gives_way: true }
    }
}

impl Table {
    /// A table without rows; `when_empty` stands in place of it if none comes.
    pub fn new(columns: Vec<Column>, when_empty: &str) -> Table {
        Table { columns, rows: Vec::new(), when_empty: when_empty.to_owned() }
    }

    /// Adds a row.
    pub fn row(mut self, cells: Vec<Cell>) -> Table {
        self.rows.push(cells);
        self
    }

    /// Adds rows.
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        self.rows.extend(rows);
        self
    }
}

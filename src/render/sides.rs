//! Two of a kind beside each other, which more than one area shows.

use super::cells::{Cell, Column, Table, Tone};

/// One property of both.
pub struct Side {
    pub name: &'static str,
    pub a: Cell,
    pub b: Cell,
}

impl Side {
    /// A property, marked where the two differ.
    pub fn new(name: &'static str, a: impl Into<Cell>, b: impl Into<Cell>) -> Side {
        let (mut a, mut b) = (a.into(), b.into());
        for cell in [&mut a, &mut b] {
            if cell.text.is_empty() {
                *cell = Cell::toned("-", Tone::Faint);
            }
        }
        if a.text != b.text {
            for cell in [&mut a, &mut b].into_iter().filter(|cell| cell.tone == Tone::Plain) {
                cell.tone = Tone::Warning;
            }
        }
        Side { name, a, b }
    }

    /// Whether the two differ.
    pub fn differs(&self) -> bool {
        self.a.text != self.b.text
    }
}

/// A line for each property, with a mark where the two differ.
pub fn sides(rows: Vec<Side>) -> Table {
    let columns = vec![Column::left(""), Column::left(""), Column::wide("A"), Column::wide("B")];
    let row = |it: Side| {
        let mark = if it.differs() { "≠" } else { "" };
        vec![Cell::toned(it.name, Tone::Faint), mark.into(), it.a, it.b]
    };
    Table::new(columns, "nothing to compare").rows(rows.into_iter().map(row))
}

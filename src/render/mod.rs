//! From a result to text: one view, many formats. Pure: nothing here prints.

mod bounded;
mod csv;
mod entries;
mod figures;
mod html;
mod lanes;
mod markdown;
mod outputs;
mod paged;
mod sanitize;
mod sides;
mod table;
mod view;

pub use bounded::{Bounded, Section, Span};
pub use figures::{ago, bytes, counted, duration, grouped, grouped_signed, tokens};
pub use lanes::{Lane, Lanes};
pub use outputs::output_table;
pub use paged::Paged;
pub use sanitize::{visible, visible_lines};
pub use sides::{Side, sides};
pub use view::{Align, Block, Cell, Column, Document, Entry, Format, Table, Tone, View, to_json};

use crate::model::Timestamp;

/// How wide and how colourful a terminal is, and what its time is.
#[derive(Debug, Clone, Copy)]
pub struct Surface {
    /// Columns; `None` does not wrap.
    pub width: Option<u16>,
    /// Whether it shows colours.
    pub colour: bool,
    /// The time to count ages from; `None` tells no ages, for what is kept or compared.
    pub now: Option<Timestamp>,
}

impl Surface {
    /// Text without width, colours or ages: the same wherever it goes.
    pub const PLAIN: Surface = Surface { width: None, colour: false, now: None };
}

/// `view` as text in a format, with its final newline.
pub fn render(view: &dyn View, format: Format, surface: Surface) -> String {
    match format {
        Format::Table => table::document(&view.document(), surface),
        Format::Markdown => markdown::document(&view.document()),
        Format::Html => html::document(&view.document()),
        Format::Csv => csv::records(&view.records()),
        Format::Json => {
            let text = serde_json::to_string_pretty(&view.json());
            text.expect("a view has only text keys") + "\n"
        }
        Format::Jsonl => view.records().iter().map(|record| format!("{record}\n")).collect(),
    }
}

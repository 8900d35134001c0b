//! From a result to text: one view, many formats. Pure: nothing here prints.

mod bounded;
mod cells;
mod csv;
mod entries;
mod figures;
mod html;
mod json;
mod lanes;
mod markdown;
mod outputs;
mod paged;
mod paint;
mod sanitize;
mod sides;
mod states;
mod surface;
mod table;
mod view;

pub use bounded::{Bounded, Section, Span};
pub use cells::{Align, Cell, Column, Table, Tone};
pub use figures::{
    ago, beginning, bytes, counted, dollars, duration, grouped, grouped_signed, short_hash, tally,
    tokens,
};
pub use json::{document as json_document, line as json_line};
pub use lanes::{Lane, Lanes};
pub use outputs::output_table;
pub use paged::Paged;
pub use sanitize::{visible, visible_lines};
pub use sides::{Side, sides};
pub use states::{gate_tone, session_cell, status_cell, status_tone, valid_cell};
pub use surface::Surface;
pub use view::{Block, Document, Entry, Format, View, to_json};

/// `view` as text in a format, with its final newline.
pub fn render(view: &dyn View, format: Format, surface: Surface) -> String {
    match format {
        Format::Table => table::document(&view.document(), surface),
        Format::Markdown => markdown::document(&view.document()),
        Format::Html => html::document(&view.document()),
        Format::Csv => csv::records(&view.records()),
        Format::Json => json::document(&view.json()),
        Format::Jsonl => view.records().iter().map(json::line).collect(),
    }
}

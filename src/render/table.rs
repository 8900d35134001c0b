//! Tables for a terminal, in the width it has.

use super::Surface;
use super::entries::entries;
use super::figures::ago;
use super::lanes::{self, Drawn, Lanes};
use super::sanitize::{visible, visible_lines};
use super::view::{Align, Block, Cell, Column, Document, Table, Tone};
use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Width, presets,
};
use unicode_width::UnicodeWidthStr;

/// A column that does not give way does so all the same beyond this width.
const KEPT: usize = 26;

/// What a column that gives way keeps of its width.
const LEAST: usize = 10;

/// From how many columns on a table tells ages beside dates.
const AGED: u16 = 100;

/// Cells in a bar.
const BAR: usize = 30;

pub(super) fn document(document: &Document, surface: Surface) -> String {
    let blocks: Vec<String> = document.blocks.iter().map(|it| block(it, surface)).collect();
    let filled: Vec<String> = blocks.into_iter().filter(|text| !text.is_empty()).collect();
    filled.join("\n")
}

fn block(block: &Block, surface: Surface) -> String {
    match block {
        Block::Heading(text) => format!("{}\n", bold(&visible(text), surface)),
        Block::Fields(pairs) => fields(pairs, surface),
        Block::Table(it) if it.rows.is_empty() => format!("{}\n", visible(&it.when_empty)),
        Block::Table(it) => table(it, surface),
        Block::Text(text) if text.is_empty() => String::new(),
        Block::Text(text) => format!("{}\n", visible_lines(text.trim_end_matches('\n'))),
        Block::Bar { label, share, tone } => bar(label, *share, *tone, surface),
        Block::Code { lines, .. } => {
            let most = surface.width.map_or(usize::MAX, usize::from);
            let shown = |it: &Cell| lanes::cut(&visible(&it.text), most);
            let line = |it: &Cell| toned(shown(it).trim_end(), it.tone, surface) + "\n";
            lines.iter().map(line).collect()
        }
        Block::Lanes(it) => lanes(it, surface),
        Block::Bounded(it) => it.fitted(visible),
        Block::Entries(it) => entries(it, aged(surface)),
    }
}

fn fields(fields: &[(String, Cell)], surface: Surface) -> String {
    let widest = fields.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let line = |(name, value): &(String, Cell)| {
        let pad = " ".repeat(widest - name.width());
        let value = toned(&shown(value, surface), value.tone, surface);
        format!("{}{pad}  {value}\n", toned(name, Tone::Faint, surface))
    };
    fields.iter().map(line).collect()
}

fn table(it: &Table, surface: Surface) -> String {
    let mut out = comfy_table::Table::new();
    out.load_style(presets::NOTHING);
    match surface.colour {
        true => out.enforce_styling().style_text_only(),
        false => drop(out.force_no_tty()),
    }
    match surface.width {
        Some(width) => out.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => out.set_content_arrangement(ContentArrangement::Disabled),
    };
    let title = |column: &Column| styled(&column.title.to_uppercase(), Tone::Faint);
    out.set_header(it.columns.iter().map(title));
    let aged = aged(surface);
    for row in &it.rows {
        out.add_row(row.iter().map(|cell| styled(&shown(cell, aged), cell.tone)));
    }
    for (at, column) in it.columns.iter().enumerate() {
        if let Some(shape) = out.column_mut(at) {
            let cells = it.rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| shown(cell, aged).width()).max().unwrap_or(0);
            shape_column(shape, column, widest.max(column.title.width()));
        }
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Where there is little room, the date alone.
fn aged(surface: Surface) -> Surface {
    match surface.width {
        Some(..AGED) => Surface { now: None, ..surface },
        _ => surface,
    }
}

/// Columns that do not give way keep the width of their widest cell.
fn shape_column(shape: &mut comfy_table::Column, column: &Column, widest: usize) {
    shape.set_padding((0, 2));
    shape.set_cell_alignment(match column.align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    });
    let least = if column.gives_way || widest > KEPT { widest.min(LEAST) } else { widest };
    let least = Width::Fixed(u16::try_from(least + 2).unwrap_or(u16::MAX));
    shape.set_constraint(match column.gives_way || widest > KEPT {
        true => ColumnConstraint::LowerBoundary(least),
        false => ColumnConstraint::Absolute(least),
    });
}

/// A cell's text, with the age of a date.
pub(super) fn shown(cell: &Cell, surface: Surface) -> String {
    match (cell.at, surface.now) {
        (Some(at), Some(now)) => format!("{} ({})", cell.text, ago(now.millis_since(at))),
        _ => visible(&cell.text),
    }
}

fn styled(text: &str, tone: Tone) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new(text);
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Warning => cell.fg(Color::DarkYellow),
        Tone::Bad => cell.fg(Color::DarkRed),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
    }
}

/// `label  ██████░░░░  62.5 %`
fn bar(label: &str, share: f64, tone: Tone, surface: Surface) -> String {
    let filled = ((share.clamp(0.0, 1.0)) * BAR as f64).round() as usize;
    let drawn = format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled));
    format!("{}  {}  {:.1} %\n", visible(label), toned(&drawn, tone, surface), share * 100.0)
}

/// What ran when, in the width there is.
fn lanes(it: &Lanes, surface: Surface) -> String {
    let width = surface.width.map_or(lanes::WIDTH, usize::from);
    let line = |Drawn { before, bar, tone, after }: Drawn| {
        let text = format!("{before}{}{after}", toned(&bar, tone, surface));
        format!("{}\n", text.trim_end())
    };
    it.drawn(width).into_iter().map(line).collect()
}

pub(super) fn bold(text: &str, surface: Surface) -> String {
    if surface.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

pub(super) fn toned(text: &str, tone: Tone, surface: Surface) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Good => 32,
        Tone::Warning => 33,
        Tone::Bad => 31,
        Tone::Faint => 2,
    };
    if surface.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

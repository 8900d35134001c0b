//! Tables for a terminal, in the width it has.

use super::cells::{Align, Cell, Column, Table, Tone};
use super::entries::entries;
use super::lanes::{self, Drawn, Lanes};
use super::paint::{bold, shown, toned};
use super::sanitize::{visible, visible_lines};
use super::surface::Surface;
use super::view::{Block, Document};
use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Width, presets,
};
use unicode_width::UnicodeWidthStr;

/// A column that does not give way does so all the same beyond this width, that of a date with its age.
const KEPT: usize = 28;

/// What a column that gives way keeps of its width.
const LEAST: usize = 10;

/// The same where columns would not fit otherwise.
const LEAST_OF_ALL: usize = 8;

/// From how many columns on a table tells ages beside dates.
const AGED: u16 = 100;

/// Cells in a bar.
const BAR: usize = 30;

/// Cells in a bar of a table.
const SMALL_BAR: usize = 10;

/// What a column that gives way must have before bars may take room.
const READABLE: usize = 40;

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
        Block::Text(text) => {
            let text = visible_lines(text.trim_end_matches('\n'));
            let lines = text.split('\n').map(|line| format!("{}\n", wrapped(line, 0, surface)));
            lines.collect()
        }
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
        let text = wrapped(&shown(value, surface), widest + 2, surface);
        let value = toned(&text, value.tone, surface);
        format!("{}{pad}  {value}\n", toned(name, Tone::Faint, surface))
    };
    fields.iter().map(line).collect()
}

/// `line` broken between words where it is wider than what `indent` leaves of the surface, the rest
/// indented. A word that is wider still stays whole, so that it can be copied.
fn wrapped(line: &str, indent: usize, surface: Surface) -> String {
    let width = surface.width.map_or(usize::MAX, usize::from).saturating_sub(indent);
    // Too little room makes a column of single words.
    if line.width() <= width || width < LEAST {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + 16);
    let (mut used, mut has_word) = (0, false);
    for word in line.split_inclusive(' ') {
        if has_word && used + word.trim_end().width() > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            (used, has_word) = (0, false);
        }
        out.push_str(word);
        used += word.width();
        has_word |= word != " ";
    }
    out
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
    let (bars, tight) = (has_room_for_bars(it, aged), is_tight(it, aged));
    let shown = |cell: &Cell| match (cell.share, cell.at) {
        (Some(share), _) if bars => format!("{} {:>7}", small_bar(share), cell.text),
        // The year is what one knows of a recent date.
        (_, Some(_)) if tight => cell.text.chars().skip("2025-".len()).collect(),
        _ => shown(cell, aged),
    };
    for row in &it.rows {
        out.add_row(row.iter().map(|cell| styled(&shown(cell), cell.tone)));
    }
    let least = if tight { LEAST_OF_ALL } else { LEAST };
    for (at, column) in it.columns.iter().enumerate() {
        if let Some(shape) = out.column_mut(at) {
            let cells = it.rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| shown(cell).width()).max().unwrap_or(0);
            shape_column(shape, column, widest.max(column.title.width()), least);
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

/// Whether the width is known and nothing becomes narrower by bars.
fn has_room_for_bars(it: &Table, surface: Surface) -> bool {
    let needed = |(at, column): (usize, &Column)| {
        let cells = it.rows.iter().filter_map(|row| row.get(at));
        let bar = cells.clone().any(|cell| cell.share.is_some());
        let widest = cells.map(|cell| shown(cell, surface).width()).max().unwrap_or(0);
        let widest = if column.gives_way { widest.min(READABLE) } else { widest };
        widest.max(column.title.width()) + if bar { SMALL_BAR + 3 } else { 2 }
    };
    let needed: usize = it.columns.iter().enumerate().map(needed).sum();
    surface.width.is_some_and(|width| needed <= usize::from(width))
}

/// Whether the columns do not fit, even where all that can give way do.
fn is_tight(it: &Table, surface: Surface) -> bool {
    let least = |(at, column): (usize, &Column)| {
        let cells = it.rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| shown(cell, surface).width()).max().unwrap_or(0);
        let widest = widest.max(column.title.width());
        2 + if column.gives_way || widest > KEPT { widest.min(LEAST) } else { widest }
    };
    let least: usize = it.columns.iter().enumerate().map(least).sum();
    surface.width.is_some_and(|width| least > usize::from(width) + 2)
}

/// `▇▇▇▇░░░░░░`; something is never drawn as nothing.
fn small_bar(share: f64) -> String {
    let filled = (share.clamp(0.0, 1.0) * SMALL_BAR as f64).round() as usize;
    let filled = if share > 0.0 { filled.max(1) } else { 0 };
    format!("{}{}", "▇".repeat(filled), "░".repeat(SMALL_BAR - filled))
}

/// Columns that do not give way keep the width of their widest cell.
fn shape_column(shape: &mut comfy_table::Column, column: &Column, widest: usize, least: usize) {
    shape.set_padding((0, 2));
    shape.set_cell_alignment(match column.align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    });
    let least = if column.gives_way || widest > KEPT { widest.min(least) } else { widest };
    let least = Width::Fixed(u16::try_from(least + 2).unwrap_or(u16::MAX));
    shape.set_constraint(match column.gives_way || widest > KEPT {
        true => ColumnConstraint::LowerBoundary(least),
        false => ColumnConstraint::Absolute(least),
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_drawn_where_there_is_room() {
        let columns = vec![Column::right("share"), Column::wide("file")];
        let row = |share: f64, name: &str| vec![Cell::share(share, Tone::Plain), name.into()];
        let it = Table::new(columns, "").row(row(0.42, "a.rs")).row(row(0.001, "b.rs"));
        let lines = |width: Option<u16>| table(&it, Surface { width, ..Surface::PLAIN });
        assert_eq!(lines(None), " SHARE  FILE\n42.0 %  a.rs\n 0.1 %  b.rs\n");
        assert_eq!(lines(Some(20)), lines(None));
        let drawn =
            "             SHARE  FILE\n▇▇▇▇░░░░░░  42.0 %  a.rs\n▇░░░░░░░░░   0.1 %  b.rs\n";
        assert_eq!(lines(Some(80)), drawn);
    }

    #[test]
    fn lines_are_broken_between_words() {
        let narrow = Surface { width: Some(16), ..Surface::PLAIN };
        assert_eq!(wrapped("one two three four", 0, narrow), "one two three\nfour");
        assert_eq!(wrapped("one two three", 4, narrow), "one two\n    three");
        assert_eq!(
            wrapped("  https://example.org/a/long/one x", 0, narrow),
            "  https://example.org/a/long/one\nx"
        );
        assert_eq!(wrapped("one two three four", 0, Surface::PLAIN), "one two three four");
    }

    #[test]
    fn a_tight_table_drops_years_and_fits() {
        let now: crate::model::Timestamp = "2025-01-17T09:30:00Z".parse().unwrap();
        let columns = ["execution", "status", "took", "tokens"].map(Column::left).into_iter();
        let columns =
            columns.chain([Column::left("deployed"), Column::wide("a"), Column::wide("b")]);
        let cells = ["exec-007-benchmarker", "completed", "19m 0s", "≈1,234"].map(Cell::from);
        let long = || Cell::from("a long text of many words");
        let row = cells.into_iter().chain([Cell::when(now), long(), long()]);
        let it = Table::new(columns.collect(), "").row(row.collect());
        let lines = table(&it, Surface { width: Some(80), colour: false, now: Some(now) });
        assert!(lines.lines().all(|line| line.width() <= 80), "{lines}");
        assert!(lines.contains(" 01-17 09:30Z "), "{lines}");
    }
}

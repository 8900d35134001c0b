//! A page that stands alone: no other file, no script but the one that sorts, light and dark.

use super::cells::{Align, Cell, Column, Table, Tone};
use super::figures::grouped;
use super::lanes::{self, Drawn, Lanes};
use super::sanitize::visible;
use super::view::{Block, Document, Entry};
use crate::model::html_text;

/// What a page may do is said to the browser, too: nothing is loaded from anywhere.
const HEAD: &str = include_str!("../../templates/_html_head.hbs");
/// The same as in reports.
const STYLE: &str = include_str!("../../templates/_html_style.hbs");
const SORT: &str = include_str!("../../templates/_html_sort.hbs");

pub(super) fn document(document: &Document) -> String {
    let title = html_text(&title(document));
    let blocks: String = document.blocks.iter().map(block).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n{HEAD}<title>{title}</title>\n{STYLE}</head>\n\
         <body>\n<main class=\"plain\">\n<h1>{title}</h1>\n{blocks}</main>\n{SORT}</body>\n</html>\n"
    )
}

/// What the first field says, such as `session s-1`: a page is one of many in a browser.
fn title(document: &Document) -> String {
    match document.blocks.first() {
        Some(Block::Fields(fields)) => match fields.first() {
            Some((name, value)) => format!("{name} {}", visible(&value.text)),
            None => "sortie".to_owned(),
        },
        Some(Block::Heading(text)) => visible(text),
        _ => "sortie".to_owned(),
    }
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("<h2>{}</h2>\n", html_text(text)),
        Block::Fields(fields) => {
            let field = |(name, value): &(String, Cell)| {
                format!("<div><dt>{}</dt><dd>{}</dd></div>\n", html_text(name), cell(value))
            };
            format!(
                "<dl class=\"fields\">\n{}</dl>\n",
                fields.iter().map(field).collect::<String>()
            )
        }
        Block::Table(it) => table(it),
        Block::Text(text) if text.is_empty() => String::new(),
        Block::Text(text) => format!("<pre class=\"text\">{}</pre>\n", html_text(text)),
        Block::Bar { label, share, tone } => bar(label, *share, *tone),
        Block::Code { lines, .. } => {
            drawn(lines.iter().map(|it| toned(&html_text(&visible(&it.text)), it.tone)))
        }
        Block::Lanes(it) => lanes(it),
        // What is counted is the text, not its markup.
        Block::Bounded(it) => {
            format!("<pre class=\"text\">{}</pre>\n", html_text(&it.fitted(visible)))
        }
        Block::Entries(it) => {
            format!("<ul class=\"said\">\n{}</ul>\n", it.iter().map(entry).collect::<String>())
        }
    }
}

/// Lines that keep their shape.
fn drawn(lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| line + "\n").collect();
    format!("<div class=\"scroll\" tabindex=\"0\" role=\"group\"><pre>{lines}</pre></div>\n")
}

/// The drawing, and the same in a table.
fn lanes(it: &Lanes) -> String {
    let line = |Drawn { before, bar, tone, after }: Drawn| {
        format!("{}{}{}", html_text(&before), toned(&html_text(&bar), tone), html_text(&after))
    };
    let drawing = drawn(it.drawn(lanes::WIDTH).into_iter().map(line));
    drawing + &it.listed.iter().map(table).collect::<String>()
}

/// Where, then the excerpt with what was found marked.
fn entry(entry: &Entry) -> String {
    let head: Vec<String> = entry.head.iter().map(cell).collect();
    let pieces = entry.text.pieces().into_iter().map(|(text, marked)| {
        let text = html_text(&visible(text));
        if marked { format!("<mark>{text}</mark>") } else { text }
    });
    format!(
        "<li><p>{}: {}</p><span class=\"by\">{}</span></li>\n",
        html_text(&entry.label),
        pieces.collect::<String>(),
        head.join(" · ")
    )
}

fn table(it: &Table) -> String {
    if it.rows.is_empty() {
        return format!("<p class=\"none\">{}</p>\n", html_text(&it.when_empty));
    }
    let title = |column: &Column| {
        format!("<th scope=\"col\"{}>{}</th>", side(column), html_text(&column.title))
    };
    let titles: String = it.columns.iter().map(title).collect();
    let row = |row: &Vec<Cell>| {
        let cells = row.iter().zip(&it.columns);
        let cells =
            cells.map(|(value, column)| format!("<td{}>{}</td>", side(column), cell(value)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = it.rows.iter().map(row).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{} rows\"><table class=\"sortable\">\n\
         <thead><tr>{titles}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        grouped(it.rows.len() as u64)
    )
}

fn side(column: &Column) -> &'static str {
    match (column.align, column.gives_way) {
        (Align::Right, _) => " class=\"figure\"",
        (Align::Left, false) => " class=\"whole\"",
        (Align::Left, true) => "",
    }
}

fn cell(cell: &Cell) -> String {
    let text = html_text(&visible(&cell.text));
    let text = match cell.at {
        Some(at) => format!("<time datetime=\"{at}\">{text}</time>"),
        None => text,
    };
    let text = match cell.share {
        Some(share) => format!("{} {text}", track(share, Tone::Plain, "small")),
        None => text,
    };
    toned(&text, cell.tone)
}

fn toned(text: &str, tone: Tone) -> String {
    match class(tone) {
        "" => text.to_owned(),
        class => format!("<span class=\"{class}\">{text}</span>"),
    }
}

fn bar(label: &str, share: f64, tone: Tone) -> String {
    format!(
        "<p class=\"bar\"><span>{}</span> {} <b>{:.1} %</b></p>\n",
        html_text(&visible(label)),
        track(share, tone, "wide"),
        share * 100.0
    )
}

/// The text beside it says the same, so that it may be passed over.
fn track(share: f64, tone: Tone, size: &str) -> String {
    format!(
        "<svg class=\"track {size} {}\" aria-hidden=\"true\"><rect class=\"ground\" width=\"100%\" \
         height=\"100%\" rx=\"2\"/><rect class=\"fill\" width=\"{:.1}%\" height=\"100%\" rx=\"2\"/></svg>",
        class(tone),
        share.clamp(0.0, 1.0) * 100.0
    )
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
        Tone::Faint => "faint",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_text() {
        let evil = "</style><script>alert(1)</script>\u{202e}";
        let table =
            Table::new(vec![Column::wide(evil)], evil).row(vec![Cell::toned(evil, Tone::Bad)]);
        let page = |text: &str| {
            let table = table.clone().row(vec![text.into()]);
            let fields = vec![("name", Cell::from(text))];
            let document = Document::new().fields(fields).heading(text).table(table).text(text);
            super::document(&document.bar(text, 0.5, Tone::Good))
        };
        let tags = |page: &str| page.matches('<').count();
        assert_eq!(tags(&page(evil)), tags(&page("plain")));
        assert!(!page(evil).contains('\u{202e}'));
    }
}

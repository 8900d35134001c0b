//! Markdown for code hosts.

use super::cells::{Align, Cell, Table};
use super::lanes::{self, Drawn};
use super::sanitize::visible;
use super::view::{Block, Document, Entry};

pub(super) fn document(document: &Document) -> String {
    let blocks: Vec<String> = document.blocks.iter().map(block).collect();
    blocks.join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("## {}\n", cell(text)),
        Block::Fields(fields) => fields
            .iter()
            .map(|(name, value)| format!("- **{name}:** {}\n", cell(&value.text)))
            .collect(),
        Block::Table(it) => table(it),
        Block::Text(text) => text.lines().map(|line| format!("{}\n", cell(line))).collect(),
        Block::Bar { label, share, .. } => format!("{}: {:.1} %\n", cell(label), share * 100.0),
        Block::Code { language, lines } => {
            code(language, lines.iter().map(|line| visible(&line.text)).collect())
        }
        Block::Lanes(it) => {
            let line = |it: Drawn| format!("{}{}{}", it.before, it.bar, it.after);
            let drawing = code("text", it.drawn(lanes::WIDTH).into_iter().map(line).collect());
            it.listed.iter().map(|it| table(it) + "\n").collect::<String>() + &drawing
        }
        Block::Bounded(it) => it.fitted(cell),
        Block::Entries(it) => it.iter().map(entry).collect(),
    }
}

fn table(table: &Table) -> String {
    if table.rows.is_empty() {
        return format!("{}\n", cell(&table.when_empty));
    }
    let titles = table.columns.iter().map(|column| cell(&column.title)).collect();
    let rules = table.columns.iter().map(|column| match column.align {
        Align::Left => "---".to_owned(),
        Align::Right => "--:".to_owned(),
    });
    let cells = |row: &Vec<Cell>| line(row.iter().map(|it| cell(&it.text)).collect());
    let rows: String = table.rows.iter().map(cells).collect();
    format!("{}{}{rows}", line(titles), line(rules.collect()))
}

fn line(cells: Vec<String>) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Lines in a fence that none of them can close.
fn code(language: &str, lines: Vec<String>) -> String {
    let run = |line: &String| line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(lines.iter().map(run).max().unwrap_or(0).max(2) + 1);
    let lines: String = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect();
    format!("{fence}{language}\n{lines}{fence}\n")
}

/// An item of a list: where, then the excerpt with what was found in bold.
fn entry(entry: &Entry) -> String {
    let head: Vec<String> = entry.head.iter().map(|it| cell(&it.text)).collect();
    let pieces = entry.text.pieces().into_iter().map(|(text, marked)| match marked {
        true => format!("**{}**", cell(text)),
        false => cell(text),
    });
    let text: String = pieces.collect();
    format!("- {}\\\n  {}: {text}\n", head.join(" · "), cell(&entry.label))
}

/// Text that stays text in a table: no markup, no element, no image.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        if "|`<>*_[]!\\&~#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

//! What was found, for a terminal: a line that says where, and below it the words themselves.

use super::cells::Tone;
use super::paint::{bold, shown, toned};
use super::sanitize::visible;
use super::surface::Surface;
use super::view::Entry;
use unicode_width::UnicodeWidthStr;

/// How far excerpts stand in.
const INDENT: usize = 2;

pub(super) fn entries(entries: &[Entry], surface: Surface) -> String {
    let cells = entries.iter().map(|it| it.head.len()).max().unwrap_or(0);
    let widest = |at: usize| {
        let cells = entries.iter().filter_map(|it| it.head.get(at));
        cells.map(|cell| shown(cell, surface).width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..cells).map(widest).collect();
    let whole: usize = widths.iter().map(|width| width + 2).sum();
    let fits = surface.width.is_none_or(|width| whole <= width as usize + 2);
    let one = |it: &Entry| format!("{}{}", head(it, &widths, fits, surface), body(it, surface));
    entries.iter().map(one).collect()
}

/// In columns where they fit.
fn head(entry: &Entry, widths: &[usize], in_columns: bool, surface: Surface) -> String {
    let mut line = String::new();
    for (at, cell) in entry.head.iter().enumerate() {
        let text = shown(cell, surface);
        let last = at + 1 == entry.head.len();
        let pad = if in_columns { widths[at].saturating_sub(text.width()) } else { 0 };
        line += &toned(&text, cell.tone, surface);
        line += &" ".repeat(if last { 0 } else { pad + 2 });
    }
    line + "\n"
}

/// The excerpt, broken between words.
fn body(entry: &Entry, surface: Surface) -> String {
    let room = surface.width.map_or(usize::MAX, |width| (width as usize).saturating_sub(INDENT));
    let label = format!("{}:", visible(&entry.label));
    let (mut line, mut used) = (toned(&label, Tone::Faint, surface), label.width());
    let mut out = String::new();
    for (text, width) in words(entry, surface) {
        if used + 1 + width > room && used > 0 {
            out += &format!("{}{line}\n", " ".repeat(INDENT));
            (line, used) = (text, width);
        } else {
            line += &format!(" {text}");
            used += 1 + width;
        }
    }
    format!("{out}{}{line}\n", " ".repeat(INDENT))
}

/// The words of an excerpt as they are written, with their widths.
fn words(entry: &Entry, surface: Surface) -> Vec<(String, usize)> {
    let mut words = vec![(String::new(), 0)];
    for (piece, marked) in entry.text.pieces() {
        for (at, part) in piece.split(' ').enumerate() {
            if at > 0 {
                words.push((String::new(), 0));
            }
            let shown = visible(part);
            if let Some((text, width)) = words.last_mut().filter(|_| !shown.is_empty()) {
                *width += shown.width();
                *text += &if marked { bold(&shown, surface) } else { shown };
            }
        }
    }
    words.retain(|(text, _)| !text.is_empty());
    words
}

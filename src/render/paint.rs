//! Words on a terminal: their colour, their weight, the age of a date.

use super::cells::{Cell, Tone};
use super::figures::ago;
use super::sanitize::visible;
use super::surface::Surface;

/// A cell's text, with the age of a date.
pub(super) fn shown(cell: &Cell, surface: Surface) -> String {
    match (cell.at, surface.now) {
        (Some(at), Some(now)) => format!("{} ({})", cell.text, ago(now.millis_since(at))),
        _ => visible(&cell.text),
    }
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

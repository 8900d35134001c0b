//! The terminal: the only file that prints. Results go to stdout, all else to stderr.

use super::progress;
use clap::ValueEnum;
use sortie::Error;
use sortie::context::Progress;
use sortie::model::Timestamp;
use sortie::render::{self, Format, Surface, View, visible, visible_lines};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// For people
    #[default]
    Table,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
    /// For code hosts
    Markdown,
    /// For spreadsheets
    Csv,
    /// A page that stands alone
    Html,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Format {
        match format {
            FormatArg::Table => Format::Table,
            FormatArg::Json => Format::Json,
            FormatArg::Jsonl => Format::Jsonl,
            FormatArg::Markdown => Format::Markdown,
            FormatArg::Csv => Format::Csv,
            FormatArg::Html => Format::Html,
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourArg {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

/// Where a command writes.
pub struct Ui {
    format: Format,
    quiet: bool,
    surface: Surface,
    colour_stderr: bool,
}

/// Stdout for long results, line by line.
pub struct Stream {
    /// On a terminal what the bytes would do there is shown instead.
    shown: bool,
    /// A line whose end has not come.
    begun: Vec<u8>,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.shown {
            return io::stdout().lock().write(bytes);
        }
        self.begun.extend_from_slice(bytes);
        let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = self.begun.drain(..whole).collect();
        let text = visible_lines(&String::from_utf8_lossy(&lines));
        io::stdout().lock().write_all(text.as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

/// Columns where a terminal does not say how many it has.
const DEFAULT_WIDTH: u16 = 80;

/// Says why a command line is none, or what help it asked for; clap knows where to.
pub fn refuse(error: &clap::Error) {
    let colours = error.render().ansi().to_string();
    let own = error.render().to_string();
    // Its own colours are all that it has; a variable's value may bring others.
    let inert = |text: &str| text == visible_lines(text);
    match error.use_stderr() && !(inert(&own) && inert(&without_colours(&colours))) {
        true => drop(write!(io::stderr(), "{}", visible_lines(&own))),
        false => drop(error.print()),
    }
}

/// `text` without `\x1b[1m` and the like.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
        match part[code..].strip_prefix('m') {
            Some(rest) => plain += rest,
            None => plain.extend(["\x1b[", part]),
        }
    }
    plain
}

impl Ui {
    pub fn new(format: FormatArg, quiet: bool, colour: ColourArg) -> Ui {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |terminal: bool| match colour {
            ColourArg::Always => true,
            ColourArg::Never => false,
            ColourArg::Auto => terminal && !no_colour,
        };
        let width = terminal_size::terminal_size().map(|(width, _)| width.0);
        Ui {
            format: format.into(),
            quiet,
            surface: Surface {
                width: io::stdout().is_terminal().then(|| width.unwrap_or(DEFAULT_WIDTH)),
                colour: wanted(io::stdout().is_terminal()),
                now: None,
            },
            colour_stderr: wanted(io::stderr().is_terminal()),
        }
    }

    /// Who shows how far long work is, if somebody looks.
    pub fn progress(&self) -> Option<Arc<dyn Progress>> {
        progress::bars(self.quiet)
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes a result. Quiet leaves only the id of what was made.
    pub fn show(&self, view: &dyn View, now: Timestamp) -> io::Result<()> {
        // What goes into a file or a pipe is read at another time.
        let now = io::stdout().is_terminal().then_some(now);
        let surface = Surface { now, ..self.surface };
        let text = match view.id().filter(|_| self.quiet && self.format == Format::Table) {
            Some(id) => format!("{id}\n"),
            None => render::render(view, self.format, surface),
        };
        match self.format {
            // Tables are made visible cell by cell, and may be coloured.
            Format::Table => self.put(text.as_bytes()),
            _ => self.write(text.as_bytes()),
        }
    }

    /// Writes bytes as they are; on a terminal what they would do there is shown instead.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match io::stdout().is_terminal() {
            true => self.put(visible_lines(&String::from_utf8_lossy(bytes)).as_bytes()),
            false => self.put(bytes),
        }
    }

    /// Where to write what is too long to be held. Unlike [`Ui::write`] it fails when the reader is
    /// gone, so that the rest is not made for nobody.
    pub fn stream(&self) -> Stream {
        Stream { shown: io::stdout().is_terminal(), begun: Vec::new() }
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            // Whoever read has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// Something worth knowing that is not the result.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say("note", "36", text);
        }
    }

    /// Something that may be wrong.
    pub fn warn(&self, text: &str) {
        self.say("warning", "33", text);
    }

    /// Why a command ended without its result.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.say("error", "31", text);
        if let Some(hint) = hint {
            self.say("hint", "36", hint);
        }
    }

    /// An error with what helps.
    pub fn fail(&self, error: &Error) {
        self.error(&error.to_string(), error.hint().as_deref());
    }

    fn say(&self, label: &str, colour: &str, text: &str) {
        let label = match self.colour_stderr {
            true => format!("\x1b[1;{colour}m{label}:\x1b[0m"),
            false => format!("{label}:"),
        };
        let lines: Vec<String> = text.lines().map(visible).collect();
        // There is nobody left to tell that stderr is gone.
        let _ = writeln!(io::stderr(), "{label} {}", lines.join("\n  "));
    }
}

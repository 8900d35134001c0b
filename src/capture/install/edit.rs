//! Changes a JSON text in one place, in the manner it is written in.

use super::spans::{Span, children};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::io;

/// What is written where the text does not say how.
const INDENT: &str = "  ";

/// The manner a text is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    newline: &'static str,
    /// How much deeper a part stands than what it is in; nothing if all is one line.
    indent: Option<String>,
    /// Whether blanks follow colons and commas within a line.
    spaced: bool,
}

impl Style {
    /// Of a valid text whose outermost value stands at `root`.
    pub fn of(text: &str, root: &Span) -> Style {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let indent = match children(text, root).first() {
            None => Some(INDENT.to_owned()),
            Some(first) => before(text, first).map(|it| match it {
                "" => INDENT.to_owned(),
                some => some.to_owned(),
            }),
        };
        Style { newline, indent, spaced: text.contains("\": ") }
    }

    /// `value` at a place that stands `base` deep; in one line if `flat`.
    fn written(&self, value: &Value, base: &str, flat: bool) -> String {
        match self.indent.as_ref().filter(|_| !flat) {
            None if self.spaced => serialized(value, Spaced),
            None => value.to_string(),
            Some(indent) => {
                let text = serialized(value, PrettyFormatter::with_indent(indent.as_bytes()));
                text.replace('\n', &format!("{}{base}", self.newline))
            }
        }
    }

    /// The same with its name before it, if it has one.
    fn entry(&self, name: Option<&str>, value: &Value, base: &str, flat: bool) -> String {
        let name = name.map(|name| Value::from(name).to_string());
        let colon = if self.spaced || !flat { ": " } else { ":" };
        let value = self.written(value, base, flat);
        name.map_or_else(|| value.clone(), |name| format!("{name}{colon}{value}"))
    }
}

/// JSON in one line, with blanks.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

fn serialized(value: &Value, formatter: impl Formatter) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, formatter);
    value.serialize(&mut serializer).expect("a value has text keys and memory does not fail");
    String::from_utf8(out).expect("JSON is text")
}

/// The blanks that a part's line begins with; `None` if it does not begin its line.
fn before<'t>(text: &'t str, part: &Span) -> Option<&'t str> {
    let line = text[..part.start].rfind('\n')? + 1;
    let blanks = &text[line..part.start];
    blanks.bytes().all(|it| it == b' ' || it == b'\t').then_some(blanks)
}

/// The blanks that the line begins with in which `at` stands.
fn depth(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let rest = &text[line..at];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// `text` with another text at `span`.
fn put(text: &str, span: Span, new: &str) -> String {
    [&text[..span.start], new, &text[span.end..]].concat()
}

/// Adds a member, or an element if it has no name, behind all others of `container`.
pub fn append(
    text: &str,
    style: &Style,
    container: &Span,
    name: Option<&str>,
    value: &Value,
) -> String {
    let Some(last) = children(text, container).pop() else {
        return fill(text, style, container, name, value);
    };
    let entry = match before(text, &last).filter(|_| style.indent.is_some()) {
        Some(base) => {
            format!(",{}{base}{}", style.newline, style.entry(name, value, base, false))
        }
        None => {
            let comma = if style.spaced { ", " } else { "," };
            format!("{comma}{}", style.entry(name, value, "", true))
        }
    };
    put(text, last.end..last.end, &entry)
}

/// The first part of a container that has none.
fn fill(text: &str, style: &Style, container: &Span, name: Option<&str>, value: &Value) -> String {
    let inner = container.start + 1..container.end - 1;
    let Some(indent) = &style.indent else {
        return put(text, inner, &style.entry(name, value, "", true));
    };
    let outer = depth(text, container.start);
    let base = format!("{outer}{indent}");
    let entry = style.entry(name, value, &base, false);
    put(text, inner, &format!("{0}{base}{entry}{0}{outer}", style.newline))
}

/// Writes another value in the place of the one at `span`.
pub fn replace(text: &str, style: &Style, span: &Span, value: &Value) -> String {
    let flat = !text[span.clone()].contains('\n') && !children(text, span).is_empty();
    put(text, span.clone(), &style.written(value, depth(text, span.start), flat))
}

/// Takes out the `index`-th part of `container`, with the comma that held it to the others.
pub fn remove(text: &str, container: &Span, index: usize) -> String {
    let parts = children(text, container);
    let cut = match (index.checked_sub(1), parts.get(index + 1)) {
        (Some(previous), _) => parts[previous].end..parts[index].end,
        (None, Some(next)) => parts[index].start..next.start,
        (None, None) => container.start + 1..container.end - 1,
    };
    put(text, cut, "")
}

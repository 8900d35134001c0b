//! A briefing read back: what was rendered comes out again, item by item, byte for byte.
//!
//! It reads what the embedded templates write, and trusts nothing it reads: an item's text ends
//! where its own delimiter stands, whatever the text holds. So it also tells whether a briefing is
//! whole, and what an agent was really given.

use super::embedded::partial;
use super::item::Style;
use super::prose::{END, listed, released};
use crate::error::{Fault, Kind, Result};
use crate::model::{ItemType, Priority};

/// What a briefing holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedBriefing {
    /// How its items are written.
    pub style: Style,
    /// Who the agent is to be; `None` where the template says it.
    pub role: Option<String>,
    /// What it is to do; empty if it is not said.
    pub scope: String,
    /// Rules it must keep, without blanks at their ends.
    pub constraints: Vec<String>,
    /// The final message that is wanted; `None` where the template says it.
    pub expected_output: Option<String>,
    /// The pieces of context, in order.
    pub items: Vec<ParsedItem>,
}

/// One piece of context as an agent gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedItem {
    /// What it is to the agent.
    pub item_type: ItemType,
    /// The path with its selection.
    pub label: String,
    /// How much it matters.
    pub priority: Priority,
    /// What the text is written in.
    pub kind: String,
    /// How many of its lines stand for lines of earlier items.
    pub references: usize,
    /// The label of the earlier item that has the same text; then there is none here.
    pub same_text_as: Option<String>,
    /// The text as it was sent.
    pub text: String,
}

/// A text that is no briefing of an embedded template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Unreadable {
    /// From 1.
    pub line: usize,
    pub why: &'static str,
}

impl Fault for Unreadable {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("only briefings of the templates `briefing` and `briefing.xml` can be read".into())
    }
}

type Read<T> = Result<T, Unreadable>;

/// Reads what `briefing` or `briefing.xml` wrote.
pub fn parse(text: &str) -> Result<ParsedBriefing, Unreadable> {
    let reader = Reader { text, at: 0 };
    match text.starts_with("# ") {
        true => markdown(reader),
        false => xml(reader),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn stop<T>(&self, why: &'static str) -> Read<T> {
        let line = self.text.as_bytes()[..self.at].iter().filter(|b| **b == b'\n').count() + 1;
        Err(Unreadable { line, why })
    }

    /// Passes over `expected`, if it is next.
    fn eat(&mut self, expected: &str) -> bool {
        let is_next = self.rest().starts_with(expected);
        self.at += if is_next { expected.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, expected: &str, why: &'static str) -> Read<()> {
        if self.eat(expected) { Ok(()) } else { self.stop(why) }
    }

    /// What stands before `end`, which is passed over, too.
    fn until(&mut self, end: &str, why: &'static str) -> Read<&'t str> {
        let Some(length) = self.rest().find(end) else { return self.stop(why) };
        let before = &self.rest()[..length];
        self.at += length + end.len();
        Ok(before)
    }

    /// What stands before the first line that is one of `lines`.
    fn before_line(&mut self, lines: &[&str]) -> &'t str {
        let rest = self.rest();
        let mut at = 0;
        for line in rest.split_inclusive('\n') {
            if lines.contains(&line.trim_end_matches('\n')) {
                break;
            }
            at += line.len();
        }
        self.at += at;
        &rest[..at]
    }
}

fn markdown(mut reader: Reader<'_>) -> Read<ParsedBriefing> {
    let mut items = Vec::new();
    if reader.eat("# Shared context\n\n") {
        reader.until("\n\n", "the shared items do not follow")?;
        markdown_items(&mut reader, &mut items)?;
    }
    reader.expect("# Briefing\n\n", "the heading '# Briefing' is missing")?;
    let head = reader.before_line(&["## Scope", "## Constraints", "## Final message"]);
    let Some((role, _)) = head.rsplit_once(&format!("\n{}", partial("protocol"))) else {
        return reader.stop("how the agent works is not said before this");
    };
    let mut section = |title: &str, next: &[&str]| match reader.eat(title) {
        true => reader.before_line(next).strip_suffix("\n\n"),
        false => Some(""),
    };
    let scope = section("## Scope\n\n", &["## Constraints", "## Final message"]);
    let constraints = section("## Constraints\n\n", &["## Final message"]);
    let (Some(scope), Some(constraints)) = (scope, constraints) else {
        return reader.stop("a blank line is missing before this");
    };
    reader.expect("## Final message\n\n", "the heading '## Final message' is missing")?;
    let expected = reader.before_line(&["## Context"]);
    let has_own = !reader.rest().is_empty();
    let expected = match has_own {
        true => expected.strip_suffix('\n'),
        false if items.is_empty() => Some(expected),
        false => expected.strip_suffix(&format!("{END}\n")),
    };
    let Some(expected) = expected.and_then(|text| text.strip_suffix('\n')) else {
        return reader.stop("the final message does not end");
    };
    if has_own {
        reader.expect("## Context\n\n", "a blank line is missing")?;
        reader.until("\n\n", "the items do not follow")?;
        markdown_items(&mut reader, &mut items)?;
        reader.expect(&format!("{END}\n"), "the end of the context is missing")?;
    }
    let answer = partial("answer");
    Ok(ParsedBriefing {
        style: Style::Markdown,
        role: said(role, is_default_role),
        scope: released(scope).into_owned(),
        constraints: listed(constraints),
        expected_output: said(expected, |text| answer.trim_end() == text),
        items,
    })
}

fn said(text: &str, is_default: impl FnOnce(&str) -> bool) -> Option<String> {
    (!is_default(text)).then(|| released(text).into_owned())
}

/// Whether it is the partial, whatever agent it names.
fn is_default_role(text: &str) -> bool {
    let role = partial("role");
    let (before, after) = role.split_once("{{name agent_type}}").unwrap_or((role, ""));
    text.strip_prefix(before).is_some_and(|rest| rest.ends_with(after.trim_end()))
}

fn markdown_items(reader: &mut Reader<'_>, items: &mut Vec<ParsedItem>) -> Read<()> {
    while reader.eat("### ") {
        items.push(markdown_item(reader)?);
        reader.expect("\n", "a blank line is missing behind an item")?;
    }
    Ok(())
}

impl ParsedItem {
    /// What stands before an item's text.
    fn without_text(
        item_type: ItemType,
        label: String,
        priority: Priority,
        references: usize,
    ) -> ParsedItem {
        let (kind, text) = (String::new(), String::new());
        ParsedItem { item_type, label, priority, references, kind, same_text_as: None, text }
    }
}

/// ``### `src/a.rs` (file, required, 1 reference, no final newline)``
fn markdown_item(reader: &mut Reader<'_>) -> Read<ParsedItem> {
    let label = inline_code(reader)?;
    reader.expect(" (", "an item does not say what it is")?;
    let notes: Vec<&str> =
        reader.until(")", "an item does not say what it is")?.split(", ").collect();
    let (item_type, priority) = match notes[..] {
        [item_type, priority, ..] => (word(reader, item_type)?, word(reader, priority)?),
        _ => return reader.stop("an item does not say what it is"),
    };
    let count = notes.iter().find_map(|note| note.split_once(" reference"));
    let references = count.map_or(Ok(0), |(count, _)| word(reader, count))?;
    let mut item = ParsedItem::without_text(item_type, label, priority, references);
    if reader.eat(": same text as ") {
        item.same_text_as = Some(inline_code(reader)?);
        reader.expect("\n", "an item goes on")?;
        return Ok(item);
    }
    reader.expect("\n", "an item goes on")?;
    let fence = run(reader, '`');
    if fence.len() < 3 {
        return reader.stop("an item has no fence");
    }
    item.kind = reader.until("\n", "an item ends with its fence")?.to_owned();
    let text = reader.until(fence, "an item's fence is never closed")?;
    reader.expect("\n", "an item's closing fence goes on")?;
    let cut = notes.last() == Some(&"no final newline");
    item.text = without_newline(reader, text, cut)?.to_owned();
    Ok(item)
}

/// A text without the newline that was added to it.
fn without_newline<'t>(reader: &Reader<'_>, text: &'t str, added: bool) -> Read<&'t str> {
    match (added, text.strip_suffix('\n')) {
        (false, _) => Ok(text),
        (true, Some(text)) => Ok(text),
        (true, None) => reader.stop("an item ends elsewhere than it says"),
    }
}

fn word<T: std::str::FromStr>(reader: &Reader<'_>, text: &str) -> Read<T> {
    text.parse().or_else(|_| reader.stop("an item does not say what it is"))
}

fn run<'t>(reader: &mut Reader<'t>, of: char) -> &'t str {
    let rest = reader.rest();
    let run = &rest[..rest.len() - rest.trim_start_matches(of).len()];
    reader.at += run.len();
    run
}

/// What `inline_code` wrote.
fn inline_code(reader: &mut Reader<'_>) -> Read<String> {
    let ticks = run(reader, '`');
    if ticks.is_empty() {
        return reader.stop("a name does not stand in backticks");
    }
    let line = reader.rest().split('\n').next().unwrap_or_default();
    let mut at = 0;
    // A shorter or longer run belongs to the name.
    let length = loop {
        let Some(found) = line[at..].find('`') else {
            return reader.stop("a name's backticks are never closed");
        };
        let from = at + found;
        let length = line[from..].bytes().take_while(|b| *b == b'`').count();
        if length == ticks.len() {
            break from;
        }
        at = from + length;
    };
    let name = &line[..length];
    reader.at += length + ticks.len();
    let bare = name.strip_prefix(' ').and_then(|name| name.strip_suffix(' '));
    seen(reader, bare.unwrap_or(name))
}

/// What `visible` was given.
fn seen(reader: &Reader<'_>, shown: &str) -> Read<String> {
    let mut text = String::with_capacity(shown.len());
    let mut rest = shown.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match rest.next() {
            Some('\\') => '\\',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let code: String = rest.by_ref().take_while(|c| *c != '}').skip(1).collect();
                let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                code.map_or_else(|| reader.stop("a name has a damaged escape"), Ok)?
            }
            _ => return reader.stop("a name has a damaged escape"),
        });
    }
    Ok(text)
}

fn xml(mut reader: Reader<'_>) -> Read<ParsedBriefing> {
    let mut parsed = ParsedBriefing {
        style: Style::Xml,
        role: None,
        scope: String::new(),
        constraints: Vec::new(),
        expected_output: None,
        items: Vec::new(),
    };
    let mut has_message = false;
    while !reader.rest().is_empty() {
        if !reader.rest().starts_with('<') {
            // A sentence of the template's.
            reader.until("\n", "the last line is not ended")?;
            continue;
        }
        reader.eat("<");
        // Values have no `>`: it is escaped in them.
        let tag = reader.until(">", "a tag is never closed")?;
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match name.split_once('-').map_or(name, |(part, _)| part) {
            "role" => parsed.role = Some(part(&mut reader, name)?.to_owned()),
            "scope" => parsed.scope = part(&mut reader, name)?.to_owned(),
            "constraints" => parsed.constraints = listed(part(&mut reader, name)?),
            "final" => {
                has_message = true;
                let text = part(&mut reader, name)?;
                parsed.expected_output = (name != "final-message").then(|| text.to_owned());
            }
            kind => {
                let item_type = word(&reader, kind)?;
                parsed.items.push(xml_item(&mut reader, item_type, name, attributes)?);
            }
        }
        reader.expect("\n", "an element goes on")?;
    }
    if has_message { Ok(parsed) } else { reader.stop("the final message is missing") }
}

/// The text of an element whose opening tag was read; what was added to it is taken off.
fn part<'t>(reader: &mut Reader<'t>, name: &str) -> Read<&'t str> {
    let text = reader.until(&format!("</{name}>"), "an element is never closed")?;
    Ok(match text.strip_prefix('\n') {
        Some(lines) => lines.strip_suffix('\n').unwrap_or(lines),
        None => text,
    })
}

/// `<file-3435537e path="src/lib.rs" priority="required" lang="rust" references="1">`
fn xml_item(
    reader: &mut Reader<'_>,
    item_type: ItemType,
    name: &str,
    attributes: &str,
) -> Read<ParsedItem> {
    let closed = attributes.strip_suffix('/');
    let attributes = Attributes(closed.unwrap_or(attributes));
    let wanted = |key| match attributes.get(key) {
        Some(value) => seen(reader, &value),
        None => reader.stop("an item lacks an attribute"),
    };
    let label = wanted("path")?;
    let priority = word(reader, &wanted("priority")?)?;
    let references = attributes.get("references").map_or(Ok(0), |it| word(reader, &it))?;
    let mut item = ParsedItem::without_text(item_type, label, priority, references);
    if closed.is_some() {
        item.same_text_as = Some(wanted("same-text-as")?);
        return Ok(item);
    }
    item.kind = wanted("lang")?;
    let cut = attributes.get("final-newline").is_some();
    reader.expect("\n", "an item's tag goes on")?;
    let text = reader.until(&format!("</{name}>"), "an item is never closed")?;
    item.text = without_newline(reader, text, cut)?.to_owned();
    Ok(item)
}

/// `a="…" b="…"`, each value escaped.
struct Attributes<'t>(&'t str);

impl Attributes<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let mut parts = self.0.split('"');
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            if key.trim() == format!("{name}=") {
                return Some(unescaped(value));
            }
        }
        None
    }
}

fn unescaped(value: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
#[path = "breakout_tests.rs"]
mod tests;

//! The sections of a Markdown text: where each heading's part begins and ends.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::ops::Range;

/// A heading with all that belongs to it, subsections included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// 1 to 6.
    pub level: u8,
    /// The heading's text without its markup.
    pub title: String,
    /// The heading's line, from 1.
    pub line: usize,
    /// Bytes of the text, from the heading to the next one of its level or above.
    pub range: Range<usize>,
}

impl Section {
    /// The anchor that code hosts give the heading: `Getting started!` → `getting-started`.
    fn slug(&self) -> String {
        let kept = self.title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    }

    fn is_called(&self, name: &str) -> bool {
        self.title.eq_ignore_ascii_case(name.trim()) || self.slug() == name.trim()
    }
}

/// The sections of `text` in order. Headings inside quotes and lists begin none.
pub fn sections(text: &str) -> Vec<Section> {
    let mut found = headings(text);
    for at in 0..found.len() {
        let level = found[at].level;
        let end = found[at + 1..].iter().find(|next| next.level <= level);
        found[at].range.end = end.map_or(text.len(), |next| next.range.start);
    }
    found
}

fn headings(text: &str) -> Vec<Section> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut open: Option<Section> = None;
    let (mut line, mut counted) = (1, 0);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                line += text[counted..range.start].matches('\n').count();
                counted = range.start;
                open = Some(Section { level: level as u8, title: String::new(), line, range });
                depth += 1;
            }
            Event::End(TagEnd::Heading(_)) if depth == 1 && open.is_some() => {
                depth -= 1;
                found.extend(open.take());
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(part) | Event::Code(part) => {
                if let Some(section) = &mut open {
                    section.title += &part;
                }
            }
            _ => {}
        }
    }
    found
}

/// Why a section asked for cannot be taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// No heading has that name.
    Absent { name: String },
    /// Several have it; these are their lines.
    Several { name: String, lines: Vec<usize> },
}

/// The sections that `names` ask for (`A`, or `A#B` for several), in the order of the text.
/// A name is a heading's text, whatever its case, or its anchor.
pub fn take(all: &[Section], names: &str) -> Result<Vec<Section>, Miss> {
    // A heading may have a `#` of its own: the whole is tried first.
    if let Ok(whole) = one(all, names) {
        return Ok(vec![whole.clone()]);
    }
    let mut taken = Vec::new();
    for name in names.split('#') {
        taken.push(one(all, name)?.clone());
    }
    taken.sort_by_key(|section| section.range.start);
    taken.dedup();
    Ok(taken)
}

fn one<'a>(all: &'a [Section], name: &str) -> Result<&'a Section, Miss> {
    let mut called = all.iter().filter(|section| section.is_called(name));
    match (called.next(), called.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Miss::Absent { name: name.trim().to_owned() }),
        (Some(first), Some(second)) => {
            let rest = called.map(|section| section.line);
            let lines = [first.line, second.line].into_iter().chain(rest).collect();
            Err(Miss::Several { name: name.trim().to_owned(), lines })
        }
    }
}

/// The sections of just these titles, in the order of the text; none if one is absent or ambiguous.
pub fn titled(all: &[Section], titles: &[String]) -> Option<Vec<Section>> {
    let mut taken = Vec::new();
    for title in titles {
        let mut called = all.iter().filter(|section| section.title == *title);
        match (called.next(), called.next()) {
            (Some(only), None) => taken.push(only.clone()),
            _ => return None,
        }
    }
    taken.sort_by_key(|section| section.range.start);
    Some(taken)
}

/// The text of some sections, each once even where one lies within another.
pub fn text_of(text: &str, taken: &[Section]) -> String {
    let mut end = 0;
    let mut out = String::new();
    for section in taken {
        if section.range.end > end {
            out += &text[section.range.start.max(end)..section.range.end];
            end = section.range.end;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "intro\n\n# One\na\n\n## Sub `x`\nb\n\n```\n# not a heading\n```\n\nTwo\n===\nc\n\n> # quoted\n\n# C#\nd\n# One\n";

    #[test]
    fn a_section_reaches_to_the_next_of_its_level() {
        let all = sections(TEXT);
        let seen: Vec<_> = all.iter().map(|s| (s.level, s.title.as_str(), s.line)).collect();
        assert_eq!(
            seen,
            [(1, "One", 3), (2, "Sub x", 6), (1, "Two", 13), (1, "C#", 19), (1, "One", 21)]
        );
        assert!(TEXT[all[0].range.clone()].ends_with("```\n\n"));
        assert_eq!(&TEXT[all[2].range.clone()], "Two\n===\nc\n\n> # quoted\n\n");
    }

    #[test]
    fn sections_are_named_by_text_or_anchor() {
        let all = sections(TEXT);
        assert_eq!(take(&all, "sub-x").unwrap()[0].title, "Sub x");
        assert_eq!(take(&all, "c#").unwrap()[0].title, "C#");
        let both = take(&all, "Two#Sub x").unwrap();
        assert_eq!(both.iter().map(|s| s.line).collect::<Vec<_>>(), [6, 13]);
        assert_eq!(take(&all, "Three"), Err(Miss::Absent { name: "Three".into() }));
        assert_eq!(
            take(&all, "one"),
            Err(Miss::Several { name: "one".into(), lines: vec![3, 21] })
        );
    }

    #[test]
    fn nested_sections_are_not_written_twice() {
        let text = "# A\na\n## B\nb\n# C\nc\n";
        let all = sections(text);
        assert_eq!(text_of(text, &all), text);
        assert_eq!(text_of(text, &all[1..2]), "## B\nb\n");
    }
}

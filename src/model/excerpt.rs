//! A part of a text in which something was found.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::ops::Range;

/// Some words of a text, on one line, and which of them were looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// In bytes of `text`, in order, not overlapping.
    pub marked: Vec<Range<usize>>,
}

impl Excerpt {
    /// What stands before a word that was looked for, and [`Excerpt::CLOSE`] behind it, where a text
    /// comes with its marks in it. Unicode keeps both for use inside a program: no text should hold
    /// them, and one that does gains nothing but a mark.
    pub const OPEN: char = '\u{fdd0}';
    pub const CLOSE: char = '\u{fdd1}';

    /// Reads a text with its marks in it. Blanks and line ends become one blank each run.
    pub fn parse(text: &str) -> Excerpt {
        let mut it = Excerpt::default();
        let mut open = None;
        for c in text.chars() {
            match c {
                Self::OPEN => open = open.or(Some(it.text.len())),
                Self::CLOSE => it.mark(open.take()),
                c if c.is_whitespace() => {
                    if !it.text.is_empty() && !it.text.ends_with(' ') {
                        it.text.push(' ');
                    }
                }
                c => it.text.push(c),
            }
        }
        it.mark(open);
        it.text.truncate(it.text.trim_end().len());
        it.marked.retain(|range| range.end <= it.text.len());
        it
    }

    fn mark(&mut self, from: Option<usize>) {
        if let Some(from) = from.filter(|from| *from < self.text.len()) {
            self.marked.push(from..self.text.len());
        }
    }

    /// How many different words are marked.
    pub fn found(&self) -> usize {
        let words = self.marked.iter().map(|range| self.text[range.clone()].to_lowercase());
        words.collect::<std::collections::HashSet<_>>().len()
    }

    /// The text in pieces, each with whether it is marked.
    pub fn pieces(&self) -> Vec<(&str, bool)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for range in &self.marked {
            pieces.push((&self.text[at..range.start], false));
            pieces.push((&self.text[range.clone()], true));
            at = range.end;
        }
        pieces.push((&self.text[at..], false));
        pieces.retain(|(text, _)| !text.is_empty());
        pieces
    }

    /// The marks in characters: first, and the one behind the last.
    fn highlights(&self) -> Vec<[usize; 2]> {
        let chars = |bytes: usize| self.text[..bytes].chars().count();
        self.marked.iter().map(|range| [chars(range.start), chars(range.end)]).collect()
    }
}

/// What an excerpt is in JSON.
#[derive(schemars::JsonSchema)]
#[allow(dead_code)] // Only its schema is used.
struct Shape {
    /// The words, on one line.
    excerpt: String,
    /// Ranges of it in characters that were looked for, the end not included.
    highlights: Vec<[usize; 2]>,
}

impl schemars::JsonSchema for Excerpt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Excerpt".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shape::json_schema(generator)
    }
}

/// `excerpt`, and `highlights`: ranges of it in characters, the end not included.
impl Serialize for Excerpt {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut fields = out.serialize_struct("Excerpt", 2)?;
        fields.serialize_field("excerpt", &self.text)?;
        fields.serialize_field("highlights", &self.highlights())?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_ranges_and_the_text_one_line() {
        let it = Excerpt::parse("\n naïve \u{fdd0}HNSW\u{fdd1}\r\n\tis  \u{fdd0}fast\u{fdd1} ");
        assert_eq!(it.text, "naïve HNSW is fast");
        let marked: Vec<&str> = it.marked.iter().map(|range| &it.text[range.clone()]).collect();
        assert_eq!(marked, ["HNSW", "fast"]);
        assert_eq!(it.highlights(), [[6, 10], [14, 18]]);
        assert_eq!(it.found(), 2);
    }

    #[test]
    fn marks_that_do_not_match_do_no_harm() {
        let it = Excerpt::parse("\u{fdd1}a\u{fdd0}\u{fdd0}b\u{fdd1}c\u{fdd1}\u{fdd0} ");
        assert!(Excerpt::parse("\u{fdd0}").marked.is_empty());
        assert_eq!(it.pieces(), [("a", false), ("b", true), ("c", false)]);
    }
}

//! Searching: any text becomes a question to the index, and never an error of its language.

use super::History;
use super::fault::HistoryFault;
use crate::error::Result;
use crate::store::{Hit, SearchFilter, Words};
use schemars::JsonSchema;
use serde::Serialize;

/// So many words of a question count: more would find nothing, and take long.
const MAX_WORDS: usize = 64;

/// From so many letters on, a word stands for all that begin so.
const PREFIX: usize = 3;

/// What was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Search {
    /// What was asked, as given.
    pub query: String,
    /// Whether the hits have all words, or only some, since nothing has them all.
    pub matched: Matched,
    /// The best first.
    pub hits: Vec<Hit>,
    /// Whether there are more than the limit.
    pub more: bool,
}

/// How much of a question the hits have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    All,
    Any,
}

impl History<'_> {
    /// Where the words of `query` stand; "quoted ones" together. A text without any word is refused.
    pub fn search(&self, query: &str, filter: &SearchFilter) -> Result<Search> {
        let terms = terms(query);
        if terms.is_empty() {
            return Err(HistoryFault::NoWords { query: query.to_owned() }.into());
        }
        let (matched, mut hits) = self.store.read(|r| {
            let all = r.search(Words { terms: &terms, any: false }, filter)?;
            match all.is_empty() && terms.len() > 1 {
                false => Ok((Matched::All, all)),
                true => Ok((Matched::Any, r.search(Words { terms: &terms, any: true }, filter)?)),
            }
        })?;
        let limit = if filter.limit == 0 { usize::MAX } else { filter.limit as usize };
        let more = hits.len() > limit;
        hits.truncate(limit);
        Ok(Search { query: query.to_owned(), matched, hits, more })
    }
}

/// The words and phrases of a text, each quoted for FTS5, which leaves its language no other use of
/// them: what stands in quotes is text.
fn terms(query: &str) -> Vec<String> {
    let plain = query.replace(['“', '”', '„', '«', '»'], "\"");
    let parts: Vec<&str> = plain.split('"').collect();
    let mut terms: Vec<String> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        // A quote that is never closed opens nothing.
        let is_phrase = at % 2 == 1 && at + 1 < parts.len();
        match is_phrase {
            true => terms.push(format!("\"{}\"", spaced(part))),
            false => terms.extend(spaced(part).split(' ').map(word)),
        }
    }
    terms.retain(|term| term.contains(char::is_alphanumeric));
    let mut seen = std::collections::HashSet::new();
    terms.retain(|term| seen.insert(term.clone()));
    terms.truncate(MAX_WORDS);
    terms
}

/// Blanks and controls as one blank: to SQLite, a NUL would be the end.
fn spaced(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A word as a term; the last part of `src/search` counts for how long it is.
fn word(text: &str) -> String {
    let last = text.split(|c: char| !c.is_alphanumeric()).rfind(|part| !part.is_empty());
    let long = last.is_some_and(|part| !part.is_ascii() || part.len() >= PREFIX);
    format!("\"{text}\"{}", if long { "*" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_terms() {
        let cases: [(&str, &[&str]); 9] = [
            ("HNSW recall", &["\"HNSW\"*", "\"recall\"*"]),
            ("\"HNSW  recall\" ef", &["\"HNSW recall\"", "\"ef\""]),
            ("“HNSW recall”", &["\"HNSW recall\""]),
            ("a NEAR(b) OR -c:d*", &["\"a\"", "\"NEAR(b)\"", "\"OR\"", "\"-c:d*\""]),
            ("src/search.rs", &["\"src/search.rs\""]),
            ("never \"closed", &["\"never\"*", "\"closed\"*"]),
            ("twice twice", &["\"twice\"*"]),
            ("nul\0nul2", &["\"nul\"*", "\"nul2\"*"]),
            (" \"\" - … \u{7} ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(terms(text), expected, "{text:?}");
        }
        let long: String = (0..1000).map(|n| format!("word{n} ")).collect();
        assert_eq!(terms(&long).len(), MAX_WORDS);
    }
}

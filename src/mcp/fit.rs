//! Keeping a result as short as a model can use: long texts and lists are cut, and it is said which.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was cut, by its path without places in lists: of how much how much is left.
type Cuts = BTreeMap<String, Cut>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Entries.
    List { shown: usize, of: usize },
    /// Characters of the longest.
    Text { shown: usize, of: usize },
}

/// Characters of a text and entries of a list, ever fewer, until it fits.
const STEPS: &[(usize, usize)] = &[
    (12_000, 200),
    (6_000, 100),
    (3_000, 50),
    (1_500, 30),
    (600, 20),
    (300, 10),
    (150, 5),
    (60, 2),
];

/// Shortens `value` until its JSON has about `limit` bytes, and says in words what was cut.
pub fn fit(value: &mut Value, limit: usize) -> Vec<String> {
    let mut cuts = Cuts::new();
    for (texts, lists) in STEPS {
        if length(value) <= limit {
            break;
        }
        shorten(value, *texts, *lists, "", &mut cuts);
    }
    cuts.iter().map(|(path, cut)| in_words(path, *cut)).collect()
}

fn in_words(path: &str, cut: Cut) -> String {
    match cut {
        Cut::List { shown, of } => format!("cut: {shown} of {of} entries of `{path}`"),
        Cut::Text { shown, of } => format!("cut: {shown} of {of} characters of `{path}`"),
    }
}

/// About the length of its JSON, without writing it.
fn length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(|it| length(it) + 1).sum::<usize>() + 2,
        Value::Object(map) => {
            map.iter().map(|(key, it)| key.len() + length(it) + 4).sum::<usize>() + 2
        }
    }
}

fn shorten(value: &mut Value, texts: usize, lists: usize, path: &str, cuts: &mut Cuts) {
    match value {
        Value::String(text) => {
            if let Some(of) = cut_text(text, texts) {
                let before = cuts.get(path).copied();
                let of = match before {
                    Some(Cut::Text { of: known, .. }) => known.max(of),
                    _ => of,
                };
                cuts.insert(path.to_owned(), Cut::Text { shown: texts, of });
            }
        }
        Value::Array(list) => {
            if list.len() > lists {
                let of = match cuts.get(path) {
                    Some(Cut::List { of, .. }) => *of,
                    _ => list.len(),
                };
                list.truncate(lists);
                cuts.insert(path.to_owned(), Cut::List { shown: lists, of });
            }
            let inner = format!("{path}[]");
            list.iter_mut().for_each(|it| shorten(it, texts, lists, &inner, cuts));
        }
        Value::Object(map) => {
            for (key, it) in map.iter_mut() {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                shorten(it, texts, lists, &inner, cuts);
            }
        }
        _ => {}
    }
}

/// Characters of a long text that are given at once.
const PIECE: usize = 30_000;

/// A part of a long text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Piece {
    pub text: String,
    /// Characters of the whole text.
    pub characters: usize,
    /// Where the next piece begins, in characters; none at the end.
    pub next: Option<usize>,
}

impl Piece {
    /// What stands from the character `from` on, as much as is given at once.
    pub fn of(text: &str, from: usize) -> Piece {
        Piece::cut(text, from, PIECE)
    }

    /// The first characters.
    pub fn beginning(text: &str, most: usize) -> Piece {
        Piece::cut(text, 0, most)
    }

    fn cut(text: &str, from: usize, most: usize) -> Piece {
        let characters = text.chars().count();
        let end = from.saturating_add(most);
        Piece {
            text: text.chars().skip(from).take(most).collect(),
            characters,
            next: (end < characters).then_some(end),
        }
    }

    /// How to get the rest, if there is more.
    pub fn more(&self) -> Option<String> {
        let (next, of) = (self.next?, self.characters);
        Some(format!("there is more of these {of} characters: the same with `from` {next}"))
    }
}

/// Cuts a text to so many characters, if it has more; how many it had.
pub fn cut_text(text: &mut String, most: usize) -> Option<usize> {
    if text.len() <= most {
        return None;
    }
    let (at, _) = text.char_indices().nth(most)?;
    let of = text.chars().count();
    text.truncate(at);
    text.push('…');
    Some(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_short_stays_whole() {
        let mut value = json!({ "a": vec!["x"; 50], "b": "é".repeat(3_000) });
        let whole = value.clone();
        assert!(fit(&mut value, 10_000).is_empty());
        assert_eq!(value, whole);
    }

    #[test]
    fn what_is_long_is_cut_and_said() {
        let mut value = json!({
            "message": "é".repeat(500_000),
            "items": vec![json!({ "source": "a", "hash": "b".repeat(64) }); 5_000],
        });
        let told = fit(&mut value, 10_000);
        assert!(value.to_string().len() < 12_000, "{}", value.to_string().len());
        assert_eq!(
            told,
            ["cut: 30 of 5000 entries of `items`", "cut: 1500 of 500000 characters of `message`"]
        );
    }

    #[test]
    fn many_long_texts_come_down_to_little() {
        let mut value = json!({ "hits": vec![json!({ "text": "word ".repeat(4_000) }); 400] });
        fit(&mut value, 20_000);
        assert!(value.to_string().len() < 24_000);
    }
}

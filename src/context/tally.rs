//! Counts that add up: of a text put together from others, without counting it again.
//!
//! Tokens do not add up by themselves, for one may reach over the seam of two texts. They do at a
//! *cut*, a place where both vocabularies begin a new piece whatever stands around it. So of each text
//! is kept what stands between its first and its last cut, counted, and the few characters around.

use super::tokens::{Counter, first_cut, last_cut};
use serde::{Deserialize, Serialize};

/// A text, counted as far as that does not depend on what it is put beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Up to the first cut; all of a text that has none.
    head: String,
    /// Tokens between the cuts, and the text behind the last.
    rest: Option<(u64, String)>,
}

impl Tally {
    pub fn of(text: &str, counter: &Counter<'_>) -> Tally {
        match first_cut(text).zip(last_cut(text)) {
            None => Tally { head: text.to_owned(), rest: None },
            Some((first, last)) => Tally {
                head: text[..first].to_owned(),
                rest: Some((counter.raw(&text[first..last]), text[last..].to_owned())),
            },
        }
    }

    /// Bytes that are kept of the text itself.
    pub fn weight(&self) -> usize {
        self.head.len() + self.rest.as_ref().map_or(0, |(_, tail)| tail.len())
    }
}

/// Texts one behind the other.
pub struct Sum<'c, 'm> {
    counter: &'c Counter<'m>,
    /// Tokens up to the last cut.
    tokens: u64,
    /// What stands behind it.
    open: String,
}

/// From how many bytes behind the last cut on another is looked for.
const LONG: usize = 4 << 10;

impl<'c, 'm> Sum<'c, 'm> {
    pub fn new(counter: &'c Counter<'m>) -> Self {
        Sum { counter, tokens: 0, open: String::new() }
    }

    /// Puts a text behind what there is.
    pub fn text(&mut self, text: &str) {
        self.open += text;
        if self.open.len() < LONG {
            return;
        }
        if let Some(cut) = last_cut(&self.open) {
            self.tokens += self.counter.raw(&self.open[..cut]);
            self.open.drain(..cut);
        }
    }

    /// The same with one that was counted.
    pub fn tally(&mut self, tally: &Tally) {
        self.text(&tally.head);
        if let Some((tokens, tail)) = &tally.rest {
            self.tokens += self.counter.raw(&self.open) + tokens;
            self.open.clone_from(tail);
        }
    }

    /// Tokens of all of it.
    pub fn total(&self) -> u64 {
        self.tokens + self.counter.raw(&self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::context::models;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ \t\r\n/a-zA-Z0-9.,;:{}()'\"é中\u{a0}\u{300}-]{0,24}",
            any::<String>(),
            "(fn [a-z]{1,9}\\(\\) \\{\n    [a-z']{1,9};\n\\}\n){0,3}",
        ]
    }

    proptest! {
        /// However a text is cut up, counted or not, the sum is that of the whole.
        #[test]
        fn parts_add_up_to_the_whole(parts in prop::collection::vec((text(), any::<bool>()), 0..8)) {
            for name in ["gpt-4o", "gpt-4"] {
                let model = models::find(name, &Config::default()).unwrap();
                let counter = Counter::new(&model);
                let mut sum = Sum::new(&counter);
                for (part, counted) in &parts {
                    match counted {
                        true => sum.tally(&Tally::of(part, &counter)),
                        false => sum.text(part),
                    }
                }
                let whole: String = parts.iter().map(|(part, _)| part.as_str()).collect();
                prop_assert_eq!(sum.total(), counter.raw(&whole), "{:?}", whole);
            }
        }
    }
}

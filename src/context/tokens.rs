//! Counting tokens: exact by the model's tokenizer, or estimated from one that is public.

use super::kind;
use super::models::{Model, Tokenizer};
use crate::model::Count;
use rayon::prelude::*;
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// Counts for one model.
pub struct Counter<'m> {
    model: &'m Model,
}

impl<'m> Counter<'m> {
    pub fn new(model: &'m Model) -> Self {
        Counter { model }
    }

    /// The tokenizer's name.
    pub fn tokenizer(&self) -> &'static str {
        self.model.tokenizer.name()
    }

    /// Tokens of `text` by the tokenizer itself, before any estimate.
    pub fn raw(&self, text: &str) -> u64 {
        count(self.model.tokenizer, text)
    }

    /// What `raw` tokens of a kind of content (a row of the factor table) are to the model.
    pub fn estimate(&self, raw: u64, estimated_as: &str) -> Count {
        match &self.model.estimate {
            None => Count { tokens: raw, upper: raw },
            Some(factors) => {
                let (likely, upper) = factors.of(estimated_as);
                Count {
                    tokens: (raw as f64 * likely).round() as u64,
                    upper: (raw as f64 * upper).ceil() as u64,
                }
            }
        }
    }

    /// Tokens of a text of that kind (`rust`, `markdown`, …).
    pub fn count(&self, text: &str, kind: &str) -> Count {
        self.estimate(self.raw(text), kind::estimated_as(kind, kind::Looks::of(text)))
    }
}

fn count(tokenizer: Tokenizer, text: &str) -> u64 {
    if text.is_empty() {
        return 0;
    }
    let bpe: &CoreBPE = match tokenizer {
        Tokenizer::O200k => o200k_base_singleton(),
        Tokenizer::Cl100k => cl100k_base_singleton(),
    };
    pieces(text).into_par_iter().map(|piece| bpe.count_ordinary(piece) as u64).sum()
}

/// Large texts are cut into pieces of about this many bytes, so that they are counted in parallel.
const PIECE: usize = 64 * 1024;

/// White space without a line's end is cut apart from this many characters on: the tokenizer's
/// pattern keeps a state for each and gives up at a million. A power of two, so that the cuts fall
/// between the tokens for runs of blanks, whose lengths are powers of two.
const LONG_SPACE: usize = 1 << 18;

/// `text` cut where both vocabularies' patterns always begin a new token, so that the counts of the
/// pieces add up to the count of the whole.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in long_spaces(text).into_iter().chain([text.len()]) {
        while let Some(cut) = cut_after(text, start + PIECE).filter(|cut| *cut < end) {
            pieces.push(&text[start..cut]);
            start = cut;
        }
        pieces.push(&text[start..end]);
        start = end;
    }
    pieces
}

/// The first cut at or after `from`: behind a line's end, before a character that neither is white
/// space nor can stand at the end of a run of punctuation (`/`). Nothing in the patterns reaches
/// over such a place: `\s*[\r\n]+` ends there, and no other branch goes on after a newline.
fn cut_after(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from.max(1);
    loop {
        at = at + bytes.get(at - 1..)?.iter().position(|b| *b == b'\n')?;
        // `at` now stands behind that newline; an ASCII byte is always a whole character.
        let after = *bytes.get(at)?;
        if after.is_ascii_graphic() && after != b'/' {
            return Some(at);
        }
        at += 1;
    }
}

/// Cuts in long runs of blanks: every [`LONG_SPACE`] characters, and before the last one if something
/// follows, for there `\s+(?!\S)` ends.
fn long_spaces(text: &str) -> Vec<usize> {
    if text.len() < LONG_SPACE {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    let mut run: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && c != '\n' && c != '\r' {
            run.push(at);
            continue;
        }
        cut_run(&run, !c.is_whitespace(), &mut cuts);
        run.clear();
    }
    cut_run(&run, false, &mut cuts);
    cuts
}

/// Cuts in one run of blanks, given the offset of each.
fn cut_run(run: &[usize], something_follows: bool, cuts: &mut Vec<usize>) {
    if run.len() < 2 * LONG_SPACE {
        return;
    }
    let blocks = run.len() / LONG_SPACE - 1;
    cuts.extend((1..=blocks).map(|block| run[block * LONG_SPACE]));
    if something_follows {
        cuts.push(run[run.len() - 1]);
    }
}

pub(super) fn first_cut(text: &str) -> Option<usize> {
    cut_after(text, 1)
}

pub(super) fn last_cut(text: &str) -> Option<usize> {
    let mut at = first_cut(text)?;
    while let Some(next) = cut_after(text, at + 1) {
        at = next;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exactly(tokenizer: Tokenizer, text: &str) -> u64 {
        match tokenizer {
            Tokenizer::O200k => o200k_base_singleton().count_ordinary(text) as u64,
            Tokenizer::Cl100k => cl100k_base_singleton().count_ordinary(text) as u64,
        }
    }

    #[test]
    fn pieces_add_up_on_real_text() {
        let real = include_str!("../../assets/migrations/0001_initial.sql").repeat(40);
        for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k] {
            assert!(pieces(&real).len() > 2);
            assert_eq!(count(tokenizer, &real), exactly(tokenizer, &real));
        }
    }

    #[test]
    fn a_megabyte_of_blanks_neither_panics_nor_miscounts() {
        for blank in [" ", "\t", "\u{3000}", "\n"] {
            assert!(count(Tokenizer::O200k, &blank.repeat(1_100_000)) > 0);
        }
        for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k] {
            let text = format!("a{}x", " ".repeat(600_000));
            assert!(pieces(&text).len() > 2);
            assert_eq!(count(tokenizer, &text), exactly(tokenizer, &text));
        }
    }

    proptest! {
        /// Wherever a cut may fall, the two sides count as the whole does.
        #[test]
        fn a_cut_changes_no_count(
            lines in prop::collection::vec("[ \t\r\n/a-zA-Z0-9.,;:{}()'\"é中\u{a0}-]{0,12}", 1..12),
        ) {
            let text = lines.join("\n");
            for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k] {
                let whole = exactly(tokenizer, &text);
                let mut from = 0;
                while let Some(cut) = cut_after(&text, from) {
                    let sides = exactly(tokenizer, &text[..cut]) + exactly(tokenizer, &text[cut..]);
                    prop_assert_eq!(sides, whole, "cut at {} of {:?}", cut, &text);
                    from = cut + 1;
                }
            }
        }
    }
}

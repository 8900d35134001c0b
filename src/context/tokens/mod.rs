//! Counting tokens: exact by the model's tokenizer, or estimated from one that is public.
//!
//! The tokenizers are those of [`engine`], made for a start without set-up and for speed, which count
//! exactly what tiktoken does.

mod cuts;
mod engine;

pub(in crate::context) use cuts::{first_cut, last_cut};

use super::kind;
use super::models::{Model, Tokenizer};
use crate::model::Count;
use rayon::prelude::*;

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
    let count = match tokenizer {
        Tokenizer::O200k => engine::count::<engine::O200k>,
        Tokenizer::Cl100k => engine::count::<engine::Cl100k>,
    };
    match text.len() {
        // Nearly every text: not worth a list.
        ..PIECE => count(text),
        _ => pieces(text).into_par_iter().map(count).sum(),
    }
}

/// Counts by both vocabularies, each held against the counts of pieces; for fuzzing.
#[cfg(feature = "fuzzing")]
pub(in crate::context) fn count_both(text: &str) -> usize {
    let counts = [Tokenizer::O200k, Tokenizer::Cl100k].map(|tokenizer| {
        let all = count(tokenizer, text);
        assert!(all <= text.len() as u64, "a token has a byte");
        let (mut sum, mut rest) = (0, text);
        while let Some(cut) = cuts::cut_after(rest, 1) {
            let (piece, behind) = rest.split_at(cut);
            sum += count(tokenizer, piece);
            rest = behind;
        }
        assert_eq!(sum + count(tokenizer, rest), all, "pieces add up");
        all
    });
    counts[0] as usize
}

/// Large texts are cut into pieces of at least this many bytes, so that they are counted in parallel.
const PIECE: usize = 64 * 1024;

/// `text` in pieces whose counts add up to its own. Where it is cut depends on the text alone.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(cut) = cuts::cut_after(rest, PIECE) {
        let (piece, behind) = rest.split_at(cut);
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

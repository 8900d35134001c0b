//! What several briefings begin with alike, and what a prompt cache makes of it.

use super::draft::Measured;
use super::texts::Texts;
use super::tokens::Counter;
use crate::error::Result;
use crate::model::Bundle;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// What a token read from a provider's prompt cache costs, of a token that is not. This and the
/// next two are Anthropic's (“Prompt caching” in its API documentation, 2025); others' are near.
const READ: f64 = 0.1;

/// What a token costs that is written to the cache for five minutes.
const WRITE: f64 = 1.25;

/// The shortest beginning that is cached, in tokens; some models want twice or four times as much.
pub const SHORTEST: u64 = 1024;

/// How the tokens of one briefing are billed when the briefings are sent one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Billed {
    /// Tokens that an earlier briefing begins with, too: read from the cache, at 0.1 of the price.
    pub cache_read: u64,
    /// Tokens that later ones begin with: written to the cache, at 1.25 of the price.
    pub cache_write: u64,
    /// All of it, in tokens at the full price.
    pub tokens_billed: u64,
}

/// A briefing that is sent.
pub(super) struct Written {
    text: String,
    raw: u64,
    tokens: u64,
}

impl Written {
    pub fn new(measured: &Measured, bundle: &Bundle, texts: &Texts) -> Result<Written> {
        let text = measured.text(bundle, texts)?;
        Ok(Written { text, raw: measured.raw, tokens: measured.total().tokens })
    }
}

/// Tokens that all briefings begin with alike, and how each is billed.
pub(super) fn common_prefixes(briefings: &[Written], counter: &Counter<'_>) -> (u64, Vec<Billed>) {
    let mut prefixes = Prefixes { briefings, counter, counted: HashMap::new() };
    let pairs: Vec<Vec<u64>> = (0..briefings.len()).map(|at| prefixes.with_others(at)).collect();
    let all = pairs.first().and_then(|of_first| of_first.iter().skip(1).min().copied());
    let all = all.unwrap_or(0);
    // A few more lines, such as the same role, are no place that a cache is kept for.
    let worth = |tokens: u64| if tokens < all + SHORTEST { tokens.min(all) } else { tokens };
    let billed = pairs.iter().enumerate().map(|(at, common)| {
        let cached = |others: &[u64]| {
            let others = others.iter().map(|tokens| worth(*tokens));
            others.filter(|tokens| *tokens >= SHORTEST).max().unwrap_or(0)
        };
        let read = cached(&common[..at]);
        let write = cached(&common[at + 1..]).saturating_sub(read);
        bill(briefings[at].tokens, read, write)
    });
    (all, billed.collect())
}

fn bill(tokens: u64, read: u64, write: u64) -> Billed {
    let plain = tokens.saturating_sub(read + write);
    let billed = plain as f64 + READ * read as f64 + WRITE * write as f64;
    Billed { cache_read: read, cache_write: write, tokens_billed: billed.round() as u64 }
}

struct Prefixes<'b, 'm> {
    briefings: &'b [Written],
    counter: &'b Counter<'m>,
    /// Tokens by the beginning's bytes and hash: the same text counts the same in every briefing.
    counted: HashMap<(usize, blake3::Hash), u64>,
}

impl Prefixes<'_, '_> {
    /// Tokens that a briefing has in common with each; with itself, none.
    fn with_others(&mut self, at: usize) -> Vec<u64> {
        (0..self.briefings.len())
            .map(|other| match other == at {
                true => 0,
                false => self.tokens(at, other),
            })
            .collect()
    }

    fn tokens(&mut self, at: usize, other: usize) -> u64 {
        let (this, that) = (&self.briefings[at].text, &self.briefings[other].text);
        let alike = this.bytes().zip(that.bytes()).take_while(|(a, b)| a == b).count();
        // Whole lines: the last token of a cut one could be another.
        let bytes = this.as_bytes()[..alike].iter().rposition(|byte| *byte == b'\n');
        let bytes = bytes.map_or(0, |newline| newline + 1);
        let (briefing, counter) = (&self.briefings[at], self.counter);
        let hash = blake3::hash(&this.as_bytes()[..bytes]);
        *self.counted.entry((bytes, hash)).or_insert_with(|| {
            let raw = counter.raw(&this[..bytes]);
            // Of an estimate, the same share as of what it was made from.
            let share = raw as f64 / briefing.raw.max(1) as f64;
            (briefing.tokens as f64 * share).round() as u64
        })
    }
}

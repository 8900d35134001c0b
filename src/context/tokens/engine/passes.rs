//! Byte pair merging in passes: for stretches too long for [`short`](super::short), which are few.

use super::packing::NONE;
use super::ranks::Ranks;

/// Room to merge in, kept from stretch to stretch.
#[derive(Default)]
pub struct Passes {
    /// The tokens so far, by rank.
    tokens: Vec<u32>,
    /// What each merges into with the one behind it.
    merged: Vec<u32>,
    /// Where each begins; and where the last one ends.
    starts: Vec<u32>,
}

impl Passes {
    /// Merges a text: of all neighbours those that make the token of the lowest rank, from left to
    /// right, until no two make one. What a merge makes is of higher rank than what it is made of, so
    /// all merges of a rank can be done at once.
    pub fn merge(&mut self, ranks: &Ranks, text: &[u8]) {
        self.tokens.clear();
        self.merged.clear();
        self.starts.clear();
        self.tokens.extend(text.iter().map(|byte| ranks.of_byte(*byte)));
        self.merged.extend(text.windows(2).map(|two| ranks.of_bytes(two[0], two[1])));
        self.merged.push(NONE);
        self.starts.extend(0..=text.len() as u32);
        loop {
            let lowest = self.merged.iter().copied().min().unwrap_or(NONE);
            if lowest == NONE {
                return;
            }
            self.pass(ranks, lowest);
        }
    }

    /// The lengths of the tokens.
    pub fn lengths(&self) -> impl Iterator<Item = u8> {
        self.starts.windows(2).map(|two| (two[1] - two[0]) as u8)
    }

    /// Merges all neighbours that make the token of this rank.
    fn pass(&mut self, ranks: &Ranks, rank: u32) {
        let count = self.tokens.len();
        let first = self.merged.iter().position(|merged| *merged == rank).unwrap_or(count);
        let (mut from, mut to) = (first, first);
        let mut fresh = false;
        while from < count {
            let merges = self.merged[from] == rank;
            let token = if merges { rank } else { self.tokens[from] };
            self.tokens[to] = token;
            self.starts[to] = self.starts[from];
            if to > 0 && (fresh || merges) {
                self.merged[to - 1] = ranks.of_pair(self.tokens[to - 1], token);
            }
            self.merged[to] = self.merged[from];
            fresh = merges;
            from += 1 + usize::from(merges);
            to += 1;
        }
        self.merged[to - 1] = NONE;
        self.starts[to] = self.starts[count];
        self.tokens.truncate(to);
        self.merged.truncate(to);
        self.starts.truncate(to + 1);
    }
}

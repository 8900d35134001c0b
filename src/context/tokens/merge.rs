//! Byte pair merging of one piece.

use super::packing::NONE;
use super::ranks::Ranks;

/// Pieces longer than this are merged a stretch at a time.
const STRETCH: usize = 64;

/// So many tokens at the end of a stretch are merged again with the next: its end cut them short.
const HELD: usize = 2;

/// Room to merge in, kept from piece to piece.
#[derive(Default)]
pub struct Merger {
    /// The tokens so far, by rank.
    tokens: Vec<u32>,
    /// What each merges into with the one behind it.
    merged: Vec<u32>,
    /// Where each begins.
    starts: Vec<u32>,
    /// The lengths of the tokens before these, where a piece is merged a stretch at a time.
    done: Vec<u8>,
}

impl Merger {
    /// How many tokens a piece is.
    pub fn count(&mut self, ranks: &Ranks, piece: &[u8]) -> usize {
        self.done.clear();
        if piece.len() <= 2 * STRETCH {
            self.merge(ranks, piece);
        } else {
            self.merge_long(ranks, piece);
        }
        self.done.len() + self.tokens.len()
    }

    /// A long piece, in time that grows as its length does.
    ///
    /// Part of a merged text is merged as it would be alone; and two merged texts stay as they are
    /// when put together if the tokens at the seam do (the first merge across the seam would also
    /// happen between these two alone). So what stands before the held tokens of a stretch is final
    /// once the next stretch, which begins with the first of them, begins with that same token. If it
    /// does not, the next stretch begins further left.
    fn merge_long(&mut self, ranks: &Ranks, piece: &[u8]) {
        let (mut from, mut to) = (0, STRETCH);
        let mut expected = None;
        let mut back = 1;
        loop {
            to = to.min(piece.len());
            self.merge(ranks, &piece[from..to]);
            if expected.is_some_and(|len| len != self.len(0)) {
                for _ in 0..back {
                    let Some(len) = self.done.pop() else { break };
                    from -= usize::from(len);
                    expected = (from > 0).then_some(usize::from(len));
                }
                back *= 2;
                continue;
            }
            if to == piece.len() {
                return;
            }
            back = 1;
            to += STRETCH;
            let Some(held) = self.tokens.len().checked_sub(HELD).filter(|held| *held > 0) else {
                continue;
            };
            for at in 0..held {
                self.done.push(self.len(at) as u8);
            }
            from += self.starts[held] as usize;
            expected = Some(self.len(held));
        }
    }

    /// The lengths of the tokens that the last piece was counted to be.
    #[cfg(test)]
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        let last = (0..self.tokens.len()).map(|at| self.len(at));
        self.done.iter().map(|len| usize::from(*len)).chain(last)
    }

    /// The bytes of a token.
    fn len(&self, at: usize) -> usize {
        (self.starts[at + 1] - self.starts[at]) as usize
    }

    /// Merges a text: of all neighbours those that make the token of the lowest rank, from left to
    /// right, until no two make one. What a merge makes is of higher rank than what it is made of, so
    /// all merges of a rank can be done at once.
    fn merge(&mut self, ranks: &Ranks, text: &[u8]) {
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
            self.merge_all(ranks, lowest);
        }
    }

    /// Merges all neighbours that make the token of this rank.
    fn merge_all(&mut self, ranks: &Ranks, rank: u32) {
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

//! Byte pair merging of a piece: short ones at once, long ones a stretch at a time.

use super::passes::Passes;
use super::ranks::Ranks;
use super::short::{self, Short};

pub struct Merger {
    short: Short,
    passes: Passes,
    /// The lengths of a long piece's tokens: of those that are final, and those of the stretch at hand.
    done: Vec<u8>,
    stretch: Vec<u8>,
}

impl Merger {
    pub fn new() -> Merger {
        Merger {
            short: Short::new(),
            passes: Passes::default(),
            done: Vec::new(),
            stretch: Vec::new(),
        }
    }

    /// How many tokens a piece is.
    pub fn count(&mut self, ranks: &Ranks, piece: &[u8]) -> usize {
        if piece.len() <= short::LONGEST {
            return self.short.merge(ranks, piece);
        }
        self.merge_long(ranks, piece);
        self.done.len()
    }

    /// The lengths of a piece's tokens.
    #[cfg(test)]
    pub fn lengths(&mut self, ranks: &Ranks, piece: &[u8]) -> Vec<u8> {
        self.merge_long(ranks, piece);
        self.done.clone()
    }

    /// A long piece, in time that grows as its length does.
    ///
    /// Part of a merged text is merged as it would be alone; and two merged texts stay as they are
    /// when put together if the tokens at the seam do (the first merge across the seam would also
    /// happen between these two alone). So what stands before the held tokens of a stretch is final
    /// once the next stretch, which begins with the first of them, begins with that same token. If it
    /// does not, the next stretch begins further left.
    fn merge_long(&mut self, ranks: &Ranks, piece: &[u8]) {
        self.done.clear();
        let (mut from, mut to) = (0, short::LONGEST);
        let mut expected = None;
        let mut back = 1;
        loop {
            to = end_of_char(piece, to);
            self.merge_stretch(ranks, &piece[from..to]);
            if expected.is_some_and(|len| len != self.stretch[0]) {
                (from, expected) = self.step_back(from, back);
                back *= 2;
                continue;
            }
            if to == piece.len() {
                return self.done.append(&mut self.stretch);
            }
            back = 1;
            let Some(held) = self.held() else {
                to += short::LONGEST;
                continue;
            };
            from += bytes(&self.stretch);
            to = from + short::LONGEST.max(3 * bytes(&held));
            expected = held.first().copied();
            self.done.append(&mut self.stretch);
        }
    }

    /// Takes off the tokens that are to be merged again with the next stretch: the last two, and as
    /// much as the longest of all covers, for the stretch's end cut short what stands there. None if
    /// nothing would be left.
    fn held(&mut self) -> Option<Vec<u8>> {
        let longest = usize::from(self.stretch.iter().copied().max()?);
        let (mut first, mut held) = (self.stretch.len(), 0);
        while held < longest || first + 2 > self.stretch.len() {
            first = first.checked_sub(1)?;
            held += usize::from(self.stretch[first]);
        }
        (first > 0).then(|| self.stretch.split_off(first))
    }

    fn merge_stretch(&mut self, ranks: &Ranks, text: &[u8]) {
        self.stretch.clear();
        if text.len() <= short::LONGEST {
            self.short.merge(ranks, text);
            self.stretch.extend(self.short.lengths(text));
        } else {
            self.passes.merge(ranks, text);
            self.stretch.extend(self.passes.lengths());
        }
    }

    /// Takes final tokens back: where they begin, and the length of the first of them unless the piece
    /// begins there.
    fn step_back(&mut self, from: usize, tokens: usize) -> (usize, Option<u8>) {
        let taken = self.done.split_off(self.done.len().saturating_sub(tokens));
        let first = taken.first().copied().filter(|_| !self.done.is_empty());
        (from - bytes(&taken), first)
    }
}

fn bytes(lengths: &[u8]) -> usize {
    lengths.iter().map(|len| usize::from(*len)).sum()
}

/// `to` or a little further left, so that it cuts no character; or the end of the piece.
fn end_of_char(piece: &[u8], mut to: usize) -> usize {
    while piece.get(to).is_some_and(|byte| byte & 0xC0 == 0x80) {
        to -= 1;
    }
    to.min(piece.len())
}

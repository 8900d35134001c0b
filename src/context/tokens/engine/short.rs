//! Byte pair merging of a short piece.

use super::packing::{BITS, NONE};
use super::ranks::Ranks;

/// The longest piece that is merged here.
pub const LONGEST: usize = 63;

/// A place in a piece has so many bits; above them stands a rank, so that the lowest of all these
/// numbers tells which merge is next and where, the leftmost of equal ones.
const PLACE: u32 = 6;

/// The number of a place where nothing merges.
const NEVER: i32 = (NONE << PLACE) as i32;

/// Numbers are compared so many at a time.
const LANES: usize = 8;

/// What stands before the piece and behind it: no token, so it merges with none.
const END: u32 = (1 << BITS) - 1;

/// More than needed, so that no index that is a byte has to be checked.
const ROOM: usize = 256;

/// Room to merge in. What is in it is only good for the piece at hand.
pub struct Short {
    /// What the token that begins at a byte merges into with the one behind it, and the byte's place.
    merges: [i32; ROOM],
    tokens: [u32; ROOM],
    /// Where the token behind begins, and the one before.
    next: [u8; ROOM],
    previous: [u8; ROOM],
}

impl Short {
    pub fn new() -> Short {
        Short { merges: [NEVER; ROOM], tokens: [0; ROOM], next: [0; ROOM], previous: [0; ROOM] }
    }

    /// Merges a piece; how many tokens it is.
    pub fn merge(&mut self, ranks: &Ranks, piece: &[u8]) -> usize {
        let numbers = (piece.len() + 1).next_multiple_of(LANES);
        self.fill(ranks, piece, numbers);
        let mut count = piece.len();
        loop {
            let lowest = lowest(&self.merges[..numbers]);
            if lowest >= NEVER {
                return count;
            }
            self.merge_at(ranks, lowest as usize % (1 << PLACE), lowest as u32 >> PLACE);
            count -= 1;
        }
    }

    /// The lengths of the tokens of the piece just merged.
    pub fn lengths(&self, piece: &[u8]) -> impl Iterator<Item = u8> {
        let starts = |at: u8| (usize::from(at) <= piece.len()).then_some(at);
        std::iter::successors(starts(1), move |at| starts(self.next[usize::from(*at)]))
            .map(|at| self.next[usize::from(at)] - at)
    }

    /// The piece's bytes as tokens, from place 1 on, between the ends.
    fn fill(&mut self, ranks: &Ranks, piece: &[u8], numbers: usize) {
        self.tokens[0] = END;
        self.merges[0] = NEVER;
        for (at, byte) in (1..).zip(piece) {
            self.tokens[at] = ranks.of_byte(*byte);
            self.next[at] = at as u8 + 1;
            self.previous[at] = at as u8 - 1;
        }
        for (at, two) in (1..).zip(piece.windows(2)) {
            self.merges[at] = number(ranks.of_bytes(two[0], two[1]), at);
        }
        self.tokens[piece.len() + 1] = END;
        self.merges[piece.len()..numbers].fill(NEVER);
    }

    /// Merges the token at a place with the one behind it into `token`.
    #[inline]
    fn merge_at(&mut self, ranks: &Ranks, at: usize, token: u32) {
        let gone = usize::from(self.next[at]);
        let next = usize::from(self.next[gone]);
        let before = usize::from(self.previous[at]);
        self.tokens[at] = token;
        self.next[at] = next as u8;
        self.previous[next] = at as u8;
        self.merges[gone] = NEVER;
        self.merges[at] = number(ranks.of_pair(token, self.tokens[next]), at);
        self.merges[before] = number(ranks.of_pair(self.tokens[before], token), before);
    }
}

#[inline]
fn number(rank: u32, at: usize) -> i32 {
    (rank << PLACE) as i32 | at as i32
}

#[inline]
fn lowest(merges: &[i32]) -> i32 {
    let (lanes, _) = merges.as_chunks::<LANES>();
    let lowest = lanes.iter().fold([i32::MAX; LANES], |lowest, lanes| {
        std::array::from_fn(|at| lowest[at].min(lanes[at]))
    });
    lowest.into_iter().fold(i32::MAX, i32::min)
}

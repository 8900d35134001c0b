//! A vocabulary as pairs that merge.
//!
//! A token comes of one pair only: merging the token's own bytes by rank always leaves the same last
//! two. So the vocabulary is as many pairs as it has tokens of two bytes and more.

use crate::packing::{BITS, NONE, SHIFT, merged, pair, places};
use tiktoken_rs::CoreBPE;

/// An unused place in the table: no pair's entry.
const EMPTY: u64 = u64::MAX;

pub struct Ranks {
    /// The rank of each single byte.
    bytes: Vec<u32>,
    /// Each pair in one of its two places; at most half full.
    pairs: Vec<u64>,
}

impl Ranks {
    pub fn of(vocabulary: &CoreBPE) -> Ranks {
        let tokens = tokens(vocabulary);
        let mut ranks = Ranks {
            bytes: vec![NONE; 256],
            pairs: vec![EMPTY; (2 * tokens.len()).next_power_of_two()],
        };
        for (rank, token) in (0..).zip(&tokens) {
            if let [byte] = token[..] {
                ranks.bytes[usize::from(byte)] = rank;
            }
        }
        assert!(tokens.len() < 1 << BITS, "the ranks have more bits");
        for (rank, token) in (0..).zip(&tokens).filter(|(_, token)| token.len() > 1) {
            ranks.learn(token, rank);
        }
        ranks
    }

    /// The engine looks no token up as a whole, and merges all pairs of a rank before it looks for
    /// the next rank. That is exact if every token comes of merging, out of tokens of lower rank.
    fn learn(&mut self, token: &[u8], rank: u32) {
        let parts = self.merge(token);
        assert!(token.len() <= 255, "token {rank} is longer than its length can be told");
        let [left, right] = parts[..] else { panic!("token {rank} does not come of merging") };
        assert!(left < rank && right < rank, "token {rank} comes of tokens of higher rank");
        self.settle(pair(left, right) << SHIFT | u64::from(rank));
    }

    /// Puts an entry in one of its places; what stood there moves to its other one, and so on.
    fn settle(&mut self, mut entry: u64) {
        let mut last = usize::MAX;
        for _ in 0..1000 {
            let places = places(entry >> SHIFT, self.pairs.len());
            let at = match places.iter().find(|at| self.pairs[**at] == EMPTY) {
                Some(free) => *free,
                None if places[0] == last => places[1],
                None => places[0],
            };
            std::mem::swap(&mut entry, &mut self.pairs[at]);
            if entry == EMPTY {
                return;
            }
            last = at;
        }
        panic!("the pairs do not fit the table");
    }

    fn merge(&self, token: &[u8]) -> Vec<u32> {
        let mut parts: Vec<u32> = token.iter().map(|byte| self.bytes[usize::from(*byte)]).collect();
        loop {
            let ranks = parts.windows(2).map(|two| self.find(pair(two[0], two[1])));
            match ranks.zip(0..).min() {
                Some((rank, at)) if rank != NONE => {
                    parts[at] = rank;
                    parts.remove(at + 1);
                }
                _ => return parts,
            }
        }
    }

    fn find(&self, pair: u64) -> u32 {
        places(pair, self.pairs.len())
            .map(|at| merged(self.pairs[at], pair))
            .into_iter()
            .min()
            .expect("there are two")
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.iter().flat_map(|rank| rank.to_le_bytes()).collect()
    }

    /// What each two bytes merge into: the most frequent question, answered without a search.
    pub fn firsts(&self) -> Vec<u8> {
        let two = |at: usize| pair(self.bytes[at / 256], self.bytes[at % 256]);
        (0..1 << 16).flat_map(|at| self.find(two(at)).to_le_bytes()).collect()
    }

    pub fn pairs(&self) -> Vec<u8> {
        self.pairs.iter().flat_map(|entry| entry.to_le_bytes()).collect()
    }
}

/// The tokens by rank. Special tokens, which no text is split into, follow behind a gap or have the
/// form of a tag.
fn tokens(vocabulary: &CoreBPE) -> Vec<Vec<u8>> {
    let special = vocabulary.special_tokens();
    (0..)
        .map_while(|rank| vocabulary.decode_bytes(&[rank]).ok())
        .take_while(|token| !std::str::from_utf8(token).is_ok_and(|text| special.contains(text)))
        .collect()
}

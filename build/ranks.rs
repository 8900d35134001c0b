//! A vocabulary as pairs that merge.
//!
//! A token comes of one pair only: merging the token's own bytes by rank always leaves the same last
//! two. So the vocabulary is as many pairs as it has tokens of two bytes and more.

use crate::packing::{EMPTY, NONE, SHIFT, home, merged, pair};
use tiktoken_rs::CoreBPE;

pub struct Ranks {
    /// The rank of each single byte.
    bytes: Vec<u32>,
    /// Open addressing, at most half full.
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
        let pair = pair(left, right);
        let mut at = home(pair, self.pairs.len());
        while self.pairs[at] != EMPTY {
            at = (at + 1) % self.pairs.len();
        }
        self.pairs[at] = pair << SHIFT | u64::from(rank);
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
        let mut at = home(pair, self.pairs.len());
        while self.pairs[at] != EMPTY {
            if let Some(rank) = merged(self.pairs[at], pair) {
                return rank;
            }
            at = (at + 1) % self.pairs.len();
        }
        NONE
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

//! The tables of a vocabulary, used in place.

use super::packing::{merged, pair, places};

/// Which token two neighbouring ones merge into; tokens are named by their rank.
pub struct Ranks {
    bytes: &'static [[u8; 4]],
    firsts: &'static [[u8; 4]],
    pairs: &'static [[u8; 8]],
}

macro_rules! tables {
    ($name:literal) => {
        Ranks {
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".bytes")).as_chunks().0,
            firsts: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".firsts")).as_chunks().0,
            pairs: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".pairs")).as_chunks().0,
        }
    };
}

pub static O200K: Ranks = tables!("o200k");
pub static CL100K: Ranks = tables!("cl100k");

impl Ranks {
    #[inline]
    pub fn of_byte(&self, byte: u8) -> u32 {
        u32::from_le_bytes(self.bytes[usize::from(byte)])
    }

    /// The rank of a token of two bytes, or `NONE`.
    #[inline]
    pub fn of_bytes(&self, left: u8, right: u8) -> u32 {
        u32::from_le_bytes(self.firsts[usize::from(left) << 8 | usize::from(right)])
    }

    /// The rank of the token that two merge into, or `NONE`.
    #[inline]
    pub fn of_pair(&self, left: u32, right: u32) -> u32 {
        let pair = pair(left, right);
        let [one, other] = places(pair, self.pairs.len())
            .map(|at| merged(u64::from_le_bytes(self.pairs[at]), pair));
        one.min(other)
    }
}

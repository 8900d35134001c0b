//! What pieces were counted to be, so that only new ones are merged.

use std::array;

/// A piece with its length, so that two pieces differ in their keys: its bytes and zeros, and in the
/// upper end of the last word the length.
#[derive(Clone, Copy)]
pub struct Key<const WORDS: usize>([u64; WORDS]);

/// Where the length stands in the last word; above it the count is remembered.
const LEN: u32 = 48;
const COUNT: u32 = 56;

impl<const WORDS: usize> Key<WORDS> {
    /// The longest piece that has a key. No piece counts more than it has bytes, so the count of such
    /// a one has room.
    pub const LONGEST: usize = 8 * WORDS - 2;

    /// By length, the bits of a piece.
    const BITS: [[u64; WORDS]; 32] = {
        let mut bits = [[0; WORDS]; 32];
        let mut byte = 0;
        while byte < 32 * 8 * WORDS {
            let (len, at) = (byte / (8 * WORDS), byte % (8 * WORDS));
            if at < len {
                bits[len][at / 8] |= 0xFF << (8 * (at % 8));
            }
            byte += 1;
        }
        bits
    };

    /// Of the first `len` of these words' bytes, at most [`Self::LONGEST`].
    #[inline]
    pub fn of(words: &[[u8; 8]; WORDS], len: usize) -> Self {
        let bits = &Self::BITS[len % 32];
        let mut key = array::from_fn(|at| u64::from_le_bytes(words[at]) & bits[at]);
        key[WORDS - 1] |= (len as u64) << LEN;
        Key(key)
    }

    #[inline]
    fn hash(self) -> u64 {
        self.0.iter().fold(0, |hash: u64, word| {
            (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        })
    }

    /// The count that a place remembers, if it is of this piece; else zero.
    #[inline]
    fn count_at(self, place: &[u64; WORDS]) -> u64 {
        let differs = array::from_fn::<_, WORDS, _>(|at| place[at] ^ self.0[at]);
        let others =
            differs[..WORDS - 1].iter().fold(differs[WORDS - 1] << 8, |all, one| all | one);
        if others == 0 { place[WORDS - 1] >> COUNT } else { 0 }
    }
}

/// The counts of pieces; each piece has two places, and the one that is not asked for goes.
pub struct Memory<const WORDS: usize> {
    places: Vec<[[u64; WORDS]; 2]>,
}

impl<const WORDS: usize> Memory<WORDS> {
    pub fn of_places(count: usize) -> Self {
        Memory { places: vec![[[0; WORDS]; 2]; (count / 2).next_power_of_two()] }
    }

    #[inline]
    fn places(&mut self, key: Key<WORDS>) -> &mut [[u64; WORDS]; 2] {
        let at = key.hash() >> 32 & (self.places.len() as u64 - 1);
        &mut self.places[at as usize]
    }

    /// The tokens of a piece, zero if that is not known.
    #[inline]
    pub fn get(&mut self, key: Key<WORDS>) -> u64 {
        let places = self.places(key);
        let count = key.count_at(&places[0]);
        if count != 0 {
            return count;
        }
        let count = key.count_at(&places[1]);
        if count != 0 {
            places.swap(0, 1);
        }
        count
    }

    pub fn put(&mut self, key: Key<WORDS>, count: u64) {
        let [first, second] = self.places(key);
        *second = *first;
        *first = key.0;
        first[WORDS - 1] |= count << COUNT;
    }
}

//! What short pieces were counted to be, so that only new ones are merged.

/// The longest piece that is remembered.
pub const LONGEST: usize = 15;

/// So many pieces are remembered, each in the one place that its bytes give it.
const PLACES: usize = 1 << 14;

/// A piece of up to 15 bytes, with its length: two pieces differ in their keys.
#[derive(Clone, Copy)]
pub struct Key {
    low: u64,
    high: u64,
}

/// The length takes the bits above the bytes, the count those above the length.
const LEN: u32 = 56;
const COUNT: u32 = 60;

impl Key {
    /// Of the first `len` bytes, at most [`LONGEST`].
    #[inline]
    pub fn of(bytes: &[u8; 16], len: usize) -> Key {
        let word = u128::from_le_bytes(*bytes) & MASKS[len & 15];
        Key { low: word as u64, high: (word >> 64) as u64 | (len as u64) << LEN }
    }

    #[inline]
    fn place(self) -> usize {
        let mixed = self.low.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ self.high.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        (mixed >> (64 - PLACES.ilog2())) as usize
    }
}

static MASKS: [u128; 16] = {
    let mut masks = [0; 16];
    let mut len = 0;
    while len < 16 {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

pub struct Memory {
    /// A key whose upper part has the count in it; zero where nothing is remembered.
    places: Vec<[u64; 2]>,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { places: vec![[0; 2]; PLACES] }
    }

    /// The tokens of a piece, zero if that is not known.
    #[inline]
    pub fn get(&self, key: Key) -> u64 {
        let [low, high] = self.places[key.place()];
        let same = low == key.low && high & ((1 << COUNT) - 1) == key.high;
        if same { high >> COUNT } else { 0 }
    }

    pub fn put(&mut self, key: Key, count: u64) {
        self.places[key.place()] = [key.low, key.high | count << COUNT];
    }
}

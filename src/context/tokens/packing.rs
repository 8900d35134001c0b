//! How the tables that the build script writes are laid out. The build script includes this file, so
//! that writer and reader cannot differ.

/// The rank of what is no token.
pub const NONE: u32 = u32::MAX;

/// An unused place in the table of pairs.
pub const EMPTY: u64 = u64::MAX;

/// Ranks have at most so many bits.
const BITS: u32 = 18;

/// An entry: the rank of the merged token in the lower bits, the pair in those above.
pub const SHIFT: u32 = 28;

/// Two neighbouring tokens as one number.
#[inline]
pub fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << BITS | u64::from(right)
}

/// Where a pair is looked for first, in a table of `len` places (a power of two).
#[inline]
pub fn home(pair: u64, len: usize) -> usize {
    let mixed = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize & (len - 1)
}

/// What an entry says of the pair, if it is that pair's.
#[inline]
pub fn merged(entry: u64, pair: u64) -> Option<u32> {
    (entry >> SHIFT == pair).then_some((entry & ((1 << SHIFT) - 1)) as u32)
}

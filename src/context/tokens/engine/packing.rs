//! How the table of pairs is laid out. The build script includes this file, so that writer and reader
//! cannot differ.

/// The rank of what is no token: above all ranks, with room for more bits beside it.
pub const NONE: u32 = 1 << 23;

/// Ranks have at most so many bits.
pub const BITS: u32 = 18;

/// An entry: the rank of the merged token in the lower bits, the pair in those above.
pub const SHIFT: u32 = 28;

/// Two neighbouring tokens as one number.
#[inline]
pub fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << BITS | u64::from(right)
}

/// The two places where a pair may stand, in a table of `len` places (a power of two). Both are read
/// for each pair, at the same time: what a search reads one after the other, it waits for twice.
#[inline]
pub fn places(pair: u64, len: usize) -> [usize; 2] {
    let mixed = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    [mixed >> 40, mixed >> 16].map(|bits| bits as usize & (len - 1))
}

/// What an entry says that this pair merges into.
#[inline]
pub fn merged(entry: u64, pair: u64) -> u32 {
    if entry >> SHIFT == pair { entry as u32 & ((1 << SHIFT) - 1) } else { NONE }
}

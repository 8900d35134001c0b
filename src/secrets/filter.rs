//! How the filter of keywords is laid out. The build script includes this file, so that writer and
//! reader cannot differ.

/// Places of the filter: 16 KiB, which stay in the nearest cache.
pub const BITS: usize = 1 << 17;

/// Buckets that the grams are sorted into.
pub const BUCKETS: usize = 1 << 12;

/// Letters without their case; what is no letter becomes something else, too, but always the same.
pub const FOLD: u32 = 0x2020_2020;

/// Where the filter has the bit of a folded gram.
#[inline(always)]
pub fn bit(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - BITS.trailing_zeros())) as usize
}

/// The bucket of a folded gram.
#[inline(always)]
pub fn bucket(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - BUCKETS.trailing_zeros())) as usize
}

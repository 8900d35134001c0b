//! The classes of 64 bytes at once, a bit for each byte.

#![allow(unsafe_code)]

/// How many bytes are looked at together.
pub const WINDOW: usize = 64;

/// Bit `n` tells of byte `n`. What is ASCII and in no mask is a sign.
#[derive(Debug, PartialEq)]
pub struct Masks {
    pub upper: u64,
    pub lower: u64,
    pub digit: u64,
    /// `\r` and `\n`.
    pub newline: u64,
    /// White space that is no newline.
    pub blank: u64,
    /// ` ` alone.
    pub space: u64,
    pub slash: u64,
    pub apostrophe: u64,
    /// Not ASCII.
    pub high: u64,
}

impl Masks {
    #[inline]
    pub fn of(window: &[u8; WINDOW]) -> Masks {
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: it needs SSE2 and nothing else, and this is compiled where SSE2 is given.
        return unsafe { sse2::masks(window) };
        #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
        portable::masks(window)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2 {
    use super::{Masks, WINDOW};
    use std::arch::x86_64::*;

    #[target_feature(enable = "sse2")]
    #[inline]
    pub fn masks(window: &[u8; WINDOW]) -> Masks {
        let (halves, _) = window.as_chunks::<8>();
        let half = |at: usize| i64::from_le_bytes(halves[at]);
        let bytes = [0, 2, 4, 6].map(|at| _mm_set_epi64x(half(at + 1), half(at)));
        let newline = mask(bytes.map(|x| _mm_or_si128(is(x, b'\n'), is(x, b'\r'))));
        let space = mask(bytes.map(|x| is(x, b' ')));
        Masks {
            upper: mask(bytes.map(|x| among(x, b'A', b'Z'))),
            lower: mask(bytes.map(|x| among(x, b'a', b'z'))),
            digit: mask(bytes.map(|x| among(x, b'0', b'9'))),
            newline,
            blank: space | mask(bytes.map(|x| among(x, b'\t', b'\r'))) & !newline,
            space,
            slash: mask(bytes.map(|x| is(x, b'/'))),
            apostrophe: mask(bytes.map(|x| is(x, b'\''))),
            high: mask(bytes),
        }
    }

    /// The highest bit of each byte.
    #[target_feature(enable = "sse2")]
    #[inline]
    fn mask(bytes: [__m128i; 4]) -> u64 {
        let [a, b, c, d] = bytes.map(|part| u64::from(_mm_movemask_epi8(part) as u32));
        a | b << 16 | c << 32 | d << 48
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn is(bytes: __m128i, byte: u8) -> __m128i {
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8))
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn among(bytes: __m128i, first: u8, last: u8) -> __m128i {
        let offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first as i8));
        _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8((last - first) as i8)), offset)
    }
}

/// The same where there is no SSE2, in a form that compilers make vector instructions of.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable {
    use super::{Masks, WINDOW};

    pub fn masks(window: &[u8; WINDOW]) -> Masks {
        let newline = mask(window, |byte| byte == b'\n' || byte == b'\r');
        let space = mask(window, |byte| byte == b' ');
        Masks {
            upper: mask(window, |byte| byte.is_ascii_uppercase()),
            lower: mask(window, |byte| byte.is_ascii_lowercase()),
            digit: mask(window, |byte| byte.is_ascii_digit()),
            newline,
            blank: space | mask(window, |byte| (b'\t'..=b'\r').contains(&byte)) & !newline,
            space,
            slash: mask(window, |byte| byte == b'/'),
            apostrophe: mask(window, |byte| byte == b'\''),
            high: mask(window, |byte| byte >= 0x80),
        }
    }

    /// The multiplication moves bit `n` of byte `n` of each eight bytes into the highest byte.
    fn mask(window: &[u8; WINDOW], test: impl Fn(u8) -> bool) -> u64 {
        let found = window.map(|byte| if test(byte) { 0xFF } else { 0 });
        let (eights, _) = found.as_chunks::<8>();
        eights.iter().rev().fold(0, |mask, eight| {
            let bits = u64::from_le_bytes(*eight) & 0x8040_2010_0804_0201;
            mask << 8 | bits.wrapping_mul(0x0101_0101_0101_0101) >> 56
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_look_at_a_window_agree_on_every_byte() {
        for first in 0..=255u8 {
            let window = std::array::from_fn(|at| first.wrapping_add((at * 5) as u8));
            assert_eq!(Masks::of(&window), portable::masks(&window));
        }
    }
}

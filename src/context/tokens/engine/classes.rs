//! What a character is to the split patterns: a table by code point, made while building from the
//! regex engine that the reference uses.

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: what may begin an o200k word.
pub const UPPER: u8 = 1;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: what may end one. Letters without case and marks are both.
pub const LOWER: u8 = 2;
/// `\p{L}`
pub const LETTER: u8 = 4;
/// `\p{N}`
pub const NUMBER: u8 = 8;
/// `\s`
pub const SPACE: u8 = 16;
/// `[\r\n]`
pub const NEWLINE: u8 = 32;
/// `[^\s\p{L}\p{N}]`: signs, and marks too.
pub const OTHER: u8 = 64;

/// Characters to a block.
const BLOCK: usize = 128;

static BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.blocks"));
static KINDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.kinds"));

/// The class of a character, and the bytes it takes.
#[derive(Clone, Copy)]
pub struct Char {
    pub class: u8,
    pub len: usize,
}

impl Char {
    pub fn is(self, class: u8) -> bool {
        self.class & class != 0
    }
}

/// The character that begins at `at`; behind the end one of no class and no length. `text` is UTF-8.
#[inline]
pub fn char_at(text: &[u8], at: usize) -> Char {
    let Some(&first) = text.get(at) else { return Char { class: 0, len: 0 } };
    if first < 0x80 {
        return Char { class: KINDS[usize::from(first)], len: 1 };
    }
    let next = |offset: usize| u32::from(text[at + offset] & 0x3F);
    let (code, len) = match first {
        0x80..0xE0 => (u32::from(first & 0x1F) << 6 | next(1), 2),
        0xE0..0xF0 => (u32::from(first & 0x0F) << 12 | next(1) << 6 | next(2), 3),
        _ => (u32::from(first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3), 4),
    };
    Char { class: class(code as usize), len }
}

fn class(code: usize) -> u8 {
    KINDS[usize::from(BLOCKS[code / BLOCK]) * BLOCK + code % BLOCK]
}

//! Where the pieces of the split patterns begin in 64 bytes of ASCII, all at once.
//!
//! What [`scan`](super::scan) decides a character after the other is here a few operations on bits:
//! bit `n` is byte `n`. A window begins where a piece does, so nothing stands to the left of it that
//! matters; what cannot be decided within it is left to the next window, or to the scanner.

use super::masks::{Masks, WINDOW};

/// The bytes at which o200k pieces begin; the last of them is where to look on.
#[inline]
pub fn o200k(window: &[u8; WINDOW]) -> u64 {
    let masks = Masks::of(window);
    let letter = masks.upper | masks.lower;
    let mut decided = before(masks.high);
    // A contraction belongs to the word before it.
    for at in bits(masks.apostrophe & letter << 1) {
        if may_be_contraction(window, at) {
            decided &= before(1 << at);
            break;
        }
    }
    let broken = masks.upper & masks.lower << 1;
    starts(&masks, masks.newline | masks.slash, letter, letter << 1 & !broken, decided)
}

/// The bytes at which cl100k pieces begin; the last of them is where to look on.
#[inline]
pub fn cl100k(window: &[u8; WINDOW]) -> u64 {
    let masks = Masks::of(window);
    let letter = masks.upper | masks.lower;
    let mut decided = before(masks.high);
    // A contraction is a piece of its own, which begins with the apostrophe.
    for at in bits(masks.apostrophe) {
        if may_be_contraction(window, at) {
            decided &= before(1 << at) | 1 << at;
            break;
        }
    }
    starts(&masks, masks.newline, letter, letter << 1, decided)
}

/// `tail` is what a run of signs takes with it from its first newline on; `joined` the places behind
/// a letter where a word goes on; `decided` the places that nothing unusual stands before.
#[inline(always)]
fn starts(masks: &Masks, tail: u64, letter: u64, joined: u64, decided: u64) -> u64 {
    let Masks { digit, newline, blank, space, high, .. } = *masks;
    let sign = !(letter | digit | newline | blank | high);
    let absorbed = rest_of_runs(newline & sign << 1, tail);
    let sign = sign & !absorbed;
    let newline = newline & !absorbed;
    let white = newline | blank;

    let sign_starts = sign & !(sign << 1) & !(space << 1);
    let letter_starts = letter & !(blank << 1) & !(sign_starts << 1) & !joined;
    let starts = sign_starts
        | letter_starts
        | threes(digit)
        | white & !(white << 1)
        | blanks_behind_newline(blank, newline)
        | blank & !(white >> 1);

    // White space at the end may go on behind the window, and what it is depends on what follows it.
    let known = decided & !blank;
    let end = WINDOW as u32 - known.leading_zeros();
    starts & first(end) | 1
}

/// Where blanks behind the last newline of a run of white space begin: that newline ends a piece.
#[inline(always)]
fn blanks_behind_newline(blank: u64, newline: u64) -> u64 {
    let mut starts = blank & newline << 1;
    // It is not the last newline if another follows the blanks.
    for at in bits(rest_of_runs(starts, blank) & newline >> 1) {
        let start = WINDOW as u32 - 1 - (starts & first(at + 1)).leading_zeros();
        starts &= !(1 << start);
    }
    starts
}

/// Digits in threes, from the first of each run.
#[inline(always)]
fn threes(digit: u64) -> u64 {
    let mut next = digit & !(digit << 1);
    let third = digit & digit << 1 & digit << 2;
    let mut starts = 0;
    while next != 0 {
        starts |= next;
        next = next << 3 & third;
    }
    starts
}

/// From each seed to the end of its run: the sum carries through what is set from there on.
#[inline(always)]
fn rest_of_runs(seeds: u64, runs: u64) -> u64 {
    runs & (!runs.wrapping_add(seeds) | seeds)
}

fn may_be_contraction(window: &[u8; WINDOW], apostrophe: u32) -> bool {
    match window.get(apostrophe as usize + 1) {
        Some(next) => !next.is_ascii() || b"stmdrvl".contains(&(next | 0x20)),
        None => true,
    }
}

/// All bits below the lowest one of `mask`.
fn before(mask: u64) -> u64 {
    mask.wrapping_sub(1) & !mask
}

/// The lowest bits.
fn first(count: u32) -> u64 {
    1u64.checked_shl(count).unwrap_or(0).wrapping_sub(1)
}

/// The places of the bits that are set, lowest first.
pub fn bits(mask: u64) -> impl Iterator<Item = u32> {
    let some = |mask: u64| (mask != 0).then_some(mask);
    std::iter::successors(some(mask), move |mask| some(mask & (mask - 1)))
        .map(|mask| mask.trailing_zeros())
}

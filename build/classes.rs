//! What each character is to the split patterns, by the Unicode tables of the regex engine that the
//! reference uses.

use regex_syntax::hir::{Class, HirKind};
use std::collections::HashMap;

/// Characters to a block of the table.
const BLOCK: usize = 128;

/// Each kind's bits, and the characters that have them; the names are in `classes.rs`.
const KINDS: [(u8, &str); 7] = [
    (1, r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"),
    (2, r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"),
    (4, r"\p{L}"),
    (8, r"\p{N}"),
    (16, r"\s"),
    (32, r"[\r\n]"),
    (64, r"[^\s\p{L}\p{N}]"),
];

/// The number of each block of characters, and the blocks that differ.
pub fn tables() -> (Vec<u8>, Vec<u8>) {
    let mut kinds = vec![0u8; 0x11_0000];
    for (bit, class) in KINDS {
        for (first, last) in ranges(class) {
            kinds[first as usize..=last as usize].iter_mut().for_each(|kind| *kind |= bit);
        }
    }
    let mut numbers = HashMap::new();
    let mut distinct = Vec::new();
    let mut blocks = Vec::new();
    for block in kinds.chunks(BLOCK) {
        let number = *numbers.entry(block).or_insert_with(|| {
            distinct.extend_from_slice(block);
            distinct.len() / BLOCK - 1
        });
        blocks.push(u8::try_from(number).expect("few blocks differ"));
    }
    (blocks, distinct)
}

fn ranges(class: &str) -> Vec<(char, char)> {
    let hir = regex_syntax::parse(class).expect("a class");
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{class} is no class") };
    class.iter().map(|range| (range.start(), range.end())).collect()
}

//! The engine is held to tiktoken: the same tokens, not only as many, on whatever text.

use super::masks::WINDOW;
use super::merge::Merger;
use super::{Cl100k, O200k, Vocabulary, classes, count, window};
use proptest::prelude::*;
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// Where the tokens end, by the reference. Equal ends are equal tokens.
fn reference(vocabulary: &CoreBPE, text: &str) -> Vec<usize> {
    let bytes = |token: u32| vocabulary.decode_bytes(&[token]).expect("a token").len();
    ends(vocabulary.encode_ordinary(text).into_iter().map(bytes))
}

fn ends(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    lengths
        .scan(0, |end, len| {
            Some({
                *end += len;
                *end
            })
        })
        .collect()
}

/// Where the tokens end, by the scanner and the merger.
fn ours<V: Vocabulary>(text: &str) -> Vec<usize> {
    let mut merger = Merger::new();
    let mut lengths = Vec::new();
    for piece in pieces::<V>(text.as_bytes()) {
        lengths.extend(merger.lengths(V::ranks(), piece).into_iter().map(usize::from));
    }
    ends(lengths.into_iter())
}

/// The pieces, by the scanner. What begins in the window at each must be the same by the window.
fn pieces<V: Vocabulary>(text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut starts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = V::end(text, at);
        assert!(end > at, "no piece is empty: {:?}", String::from_utf8_lossy(text));
        pieces.push(&text[at..end]);
        starts.push(at);
        at = end;
    }
    for (nth, at) in starts.iter().enumerate() {
        let Some(window) = text[*at..].first_chunk::<WINDOW>() else { break };
        let known = window::bits(V::starts(window)).map(|bit| at + bit as usize);
        assert!(
            known.eq(starts[nth..].iter().copied().take(V::starts(window).count_ones() as usize)),
            "the window differs from the scanner: {:?}",
            String::from_utf8_lossy(window),
        );
    }
    pieces
}

fn same(text: &str) {
    let expected = reference(o200k_base_singleton(), text);
    assert_eq!(ours::<O200k>(text), expected, "o200k: {text:?}");
    assert_eq!(count::<O200k>(text), expected.len() as u64, "o200k: {text:?}");
    let expected = reference(cl100k_base_singleton(), text);
    assert_eq!(ours::<Cl100k>(text), expected, "cl100k: {text:?}");
    assert_eq!(count::<Cl100k>(text), expected.len() as u64, "cl100k: {text:?}");
}

/// A part of each sort that the patterns, the windows and the merger treat in their own way.
const PARTS: [&str; 64] = [
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\n    ",
    "    \n",
    "/",
    "//",
    "/*",
    "'",
    "'s",
    "'S",
    "'ſ",
    "'t",
    "'re",
    "'VE",
    "'m",
    "'ll",
    "'lL",
    "'d",
    "'x",
    "a",
    "b",
    "word",
    "Word",
    "WORD",
    "camelCase",
    "Z",
    "é",
    "É",
    "ß",
    "ǅ",
    "ʰ",
    "中",
    "文字",
    "\u{301}",
    "\u{93f}",
    "1",
    "22",
    "12345",
    "٣",
    "Ⅷ",
    "½",
    ".",
    ";",
    "();",
    "{",
    "\"",
    "_",
    "-",
    "=====",
    "🙂",
    "\0",
];

fn mixture(parts: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PARTS[..]), parts).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn short_mixtures_are_the_same(text in mixture(0..9)) {
        same(&text);
    }

    #[test]
    fn any_characters_are_the_same(text in "\\PC{0,12}|.{0,6}[ \n]{0,3}.{0,6}") {
        same(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Long enough for windows.
    #[test]
    fn long_mixtures_are_the_same(text in mixture(30..120)) {
        same(&text);
    }

    /// Long enough to be merged a stretch at a time.
    #[test]
    fn long_words_are_the_same(text in "[ab]{100,300}|[a-z]{100,300}|[!-/]{100,300}|[中文字的]{40,90}") {
        same(&text);
    }
}

#[test]
fn every_character_has_its_class() {
    let all: String = ('\0'..=char::MAX).collect();
    let classes = [
        (classes::UPPER, r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"),
        (classes::LOWER, r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"),
        (classes::LETTER, r"\p{L}"),
        (classes::NUMBER, r"\p{N}"),
        (classes::SPACE, r"\s"),
        (classes::NEWLINE, r"[\r\n]"),
        (classes::OTHER, r"[^\s\p{L}\p{N}]"),
    ];
    for (class, pattern) in classes {
        let pattern = regex::Regex::new(pattern).unwrap();
        let mut members = pattern.find_iter(&all).map(|found| found.start()).peekable();
        for (at, c) in all.char_indices() {
            let is = members.next_if_eq(&at).is_some();
            assert_eq!(classes::char_at(all.as_bytes(), at).is(class), is, "{pattern} of {c:?}");
        }
    }
}

#[test]
fn every_character_is_the_same_in_context() {
    let all = ('\0'..=char::MAX).filter(|c| *c < '\u{2100}' || (*c as u32).is_multiple_of(197));
    for c in all {
        same(&format!("{c}"));
        same(&format!("a{c}B{c}{c}b 1{c}\n{c}. {c}'s\t{c}"));
    }
}

#[test]
fn the_files_of_this_repository_are_the_same() {
    for path in ["src/context/tokens", "src/outputs", "references", "assets/migrations"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        for entry in ignore::Walk::new(path).flatten() {
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                same(&text);
            }
        }
    }
}

/// What is hard on a splitter or a merger: one long run. (`benches/exactness.rs` has them by the
/// megabyte, and sees to the time.)
#[test]
fn long_runs_are_the_same() {
    let runs = [
        "a", "A", " ", "\n", "\t", "=", "0", "🙂", "\u{301}", "中", "ab", "'s", "\r\n ", "\0", "/",
        "\u{3000}",
    ];
    for run in runs {
        let run = run.repeat(6000 / run.len());
        same(&run);
        same(&format!("{run}x"));
        same(&format!("x{run}1"));
    }
}

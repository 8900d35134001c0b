//! Context-free cuts: places where both vocabularies always begin a new piece, whatever stands further
//! left or right, so that the counts of the two sides add up to the count of the whole.
//!
//! A cut is between two characters, and known by them alone:
//!
//! - behind `\n`, before what neither is white space nor `/`. `\s*[\r\n]+` ends there, the end of a run
//!   of signs (`[\r\n/]*`) too, and nothing else goes on behind a newline;
//! - between an ASCII letter and another ASCII character, but not `'`. A word goes on with letters,
//!   marks and contractions only, and of those ASCII has the letters and the apostrophe;
//! - between an ASCII digit and another ASCII character. Numbers stand alone.

use super::engine::classes::{SPACE, char_at};

/// The first cut within `text`, not at its ends.
pub(in crate::context) fn first_cut(text: &str) -> Option<usize> {
    cut_after(text, 0)
}

/// The last cut within `text`, not at its ends.
pub(in crate::context) fn last_cut(text: &str) -> Option<usize> {
    (1..text.len()).rev().find(|at| is_cut(text.as_bytes(), *at))
}

/// The first cut within `text` at `from` or behind it.
pub(super) fn cut_after(text: &str, from: usize) -> Option<usize> {
    (from.max(1)..text.len()).find(|at| is_cut(text.as_bytes(), *at))
}

/// Whether `0 < at < text.len()` is a cut.
fn is_cut(text: &[u8], at: usize) -> bool {
    let (before, after) = (text[at - 1], text[at]);
    match before {
        b'\n' => after != b'/' && !char_at(text, at).is(SPACE),
        b'0'..=b'9' => after.is_ascii() && !after.is_ascii_digit(),
        b'a'..=b'z' | b'A'..=b'Z' => {
            after.is_ascii() && !after.is_ascii_alphabetic() && after != b'\''
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

    fn counts(text: &str) -> [usize; 2] {
        [o200k_base_singleton().count_ordinary(text), cl100k_base_singleton().count_ordinary(text)]
    }

    fn together(left: [usize; 2], right: [usize; 2]) -> [usize; 2] {
        [left[0] + right[0], left[1] + right[1]]
    }

    /// Characters of each kind that the patterns tell apart, those most often that meet at cuts.
    const CHARS: &str = "   \t\r\n\n\n\n\u{b}//''aabszABSZtmdlLvVrReE0189.,;(){}\"#é中ⅷ٣ʰ\u{301}\u{a0}\u{85}\u{2028}ſǅ🙂-";

    fn text(len: usize) -> impl Strategy<Value = String> {
        let chars: Vec<char> = CHARS.chars().collect();
        prop::collection::vec(prop::sample::select(chars), 0..len)
            .prop_map(|chars| chars.into_iter().collect())
    }

    #[test]
    fn cuts_are_where_they_are_said_to_be() {
        let cuts = |text: &str| {
            (1..text.len()).filter(|at| is_cut(text.as_bytes(), *at)).collect::<Vec<_>>()
        };
        assert_eq!(cuts("ab c1.22x\n\ny\n/\n z"), [2, 4, 5, 8, 9, 11, 12]);
        assert_eq!(cuts("don't é1中\n中\n\u{3000}\nm\u{301}\n\u{b}x\n"), [5, 13, 21, 27]);
        assert_eq!((first_cut("a"), last_cut("\n"), cut_after("", 0)), (None, None, None));
        assert_eq!((first_cut("ab cd ef"), last_cut("ab cd ef")), (Some(2), Some(5)));
        assert_eq!(cut_after("ab cd ef", 3), Some(5));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn both_sides_of_a_cut_add_up(text in text(24), before in text(6), after in text(6)) {
            let whole = counts(&text);
            let around = format!("{before}{text}{after}");
            let whole_around = counts(&around);
            for at in (1..text.len()).filter(|at| is_cut(text.as_bytes(), *at)) {
                let sides = together(counts(&text[..at]), counts(&text[at..]));
                prop_assert_eq!(sides, whole, "cut at {} of {:?}", at, &text);
                let at = before.len() + at;
                let sides = together(counts(&around[..at]), counts(&around[at..]));
                prop_assert_eq!(sides, whole_around, "cut at {} of {:?}", at, &around);
            }
        }
    }
}

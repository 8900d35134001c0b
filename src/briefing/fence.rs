//! Delimiters that the text between them cannot contain.

use super::escape::longest_backticks;
use memchr::memmem;
use std::borrow::Cow;

/// Hex digits a boundary has at least.
const SHORTEST_BOUNDARY: usize = 8;

/// `text` in a fence of backticks longer than any run of them inside; a final newline is added
/// where it is missing. Ends with the closing fence, without a newline.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let ticks = ticks(longest_backticks(text));
    let language = info_string(language);
    let newline = missing_newline(text);
    format!("{ticks}{language}\n{text}{newline}{ticks}")
}

/// A fence for a text whose longest run of backticks has that length.
pub(super) fn ticks(longest: usize) -> String {
    "`".repeat(longest.max(2) + 1)
}

/// What `text` lacks to end a line; nothing if it is empty, so that it takes up no line.
pub(super) fn missing_newline(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }
}

/// A language as the word after a fence, without what could end the line or the word.
pub(super) fn info_string(language: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+#.-_".contains(c);
    if language.chars().all(is_plain) {
        return language.into();
    }
    language.chars().filter(|c| is_plain(*c)).collect()
}

/// `text` in an element that only its own closing tag can end. A text of one line stays in it.
/// Ends without a newline; `attributes` is empty or begins with a space.
pub(super) fn tagged(name: &str, attributes: &str, text: &str) -> String {
    let boundary = boundary(text);
    let (before, after) =
        if text.contains(['\n', '\r']) { ("\n", missing_newline(text)) } else { ("", "") };
    format!("<{name}-{boundary}{attributes}>{before}{text}{after}</{name}-{boundary}>")
}

/// The beginning of the text's blake3, as long as it must be not to occur in the text.
pub(super) fn boundary(text: &str) -> String {
    // A text that holds the whole of its own hash is beyond reach; the counter is there so that
    // the promise does not rest on that.
    boundary_of(text, &derived(text, 0))
}

/// The same, where the text's blake3 in hex is at hand.
pub fn boundary_of(text: &str, hash: &str) -> String {
    absent_prefix(text, hash)
        .or_else(|| (1u64..).find_map(|counter| absent_prefix(text, &derived(text, counter))))
        .expect("a text is finite, the hashes are not")
}

fn derived(text: &str, counter: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    if counter > 0 {
        hasher.update(&counter.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn absent_prefix(text: &str, hash: &str) -> Option<String> {
    (SHORTEST_BOUNDARY..=hash.len())
        .step_by(SHORTEST_BOUNDARY)
        .map(|length| &hash[..length])
        .find(|prefix| memmem::find(text.as_bytes(), prefix.as_bytes()).is_none())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts rich in what could close a block.
    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[`~ a\n\r<>/\"-]{0,60}", "(```+[a-z]*\n){0,9}"]
    }

    /// Lines as CommonMark has them: `\n`, `\r` and `\r\n` all end one.
    fn closes(line: &str, fence: usize) -> bool {
        let line = line.trim_end_matches([' ', '\t']);
        let bare = line.trim_start_matches(' ');
        line.len() - bare.len() <= 3 && bare.len() >= fence && bare.bytes().all(|b| b == b'`')
    }

    #[test]
    fn a_boundary_grows_until_it_is_absent() {
        assert_eq!(boundary("").len(), SHORTEST_BOUNDARY);
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(absent_prefix("01234567", &hash).unwrap().len(), 16);
        assert_eq!(absent_prefix(&hash, &hash), None);
        assert_ne!(derived("x", 0), derived("x", 1));
    }

    #[test]
    fn a_fence_takes_the_language_as_one_word() {
        assert_eq!(fenced("x", "rust"), "```rust\nx\n```");
        assert_eq!(fenced("", "c++"), "```c++\n```");
        assert_eq!(fenced("\n", ""), "```\n\n```");
        assert_eq!(fenced("````\n", "a`b\n# c"), "`````ab#c\n````\n`````");
        assert_eq!(tagged("t", "", "one").matches('\n').count(), 0);
    }

    proptest! {
        #[test]
        fn only_the_last_line_closes_a_fence(text in hostile()) {
            let block = fenced(&text, "rust");
            let fence = block.bytes().take_while(|b| *b == b'`').count();
            let closing: Vec<usize> = block
                .split(['\n', '\r'])
                .enumerate()
                .filter(|(_, line)| closes(line, fence))
                .map(|(at, _)| at)
                .collect();
            prop_assert_eq!(closing, vec![block.split(['\n', '\r']).count() - 1]);
            let inner = block[..block.len() - fence].split_once('\n').unwrap().1;
            prop_assert_eq!(inner.strip_suffix(missing_newline(&text)).unwrap(), text);
        }

        #[test]
        fn an_element_holds_its_closing_tag_once(text in hostile()) {
            let block = tagged("file", "", &text);
            let boundary = boundary(&text);
            let closing = format!("</file-{boundary}>");
            prop_assert_eq!(block.matches(&closing).count(), 1);
            prop_assert!(block.ends_with(&closing));
            prop_assert_eq!(block.matches(&boundary).count(), 2);
        }
    }
}

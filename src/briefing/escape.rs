//! Text made safe for one place: a name, an attribute, a line or a table cell of Markdown.

use crate::model::is_hidden;
use std::borrow::Cow;

/// `text` on one line with nothing hidden: `\n`, `\u{202e}`. A backslash is doubled, so that no
/// two texts look alike.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\\' || is_hidden(c)) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' => shown.push_str(r"\\"),
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// The length of the longest run of backticks.
pub fn longest_backticks(text: &str) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for at in memchr::memchr_iter(b'`', text.as_bytes()) {
        run = if last.is_some_and(|last| last + 1 == at) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(at);
    }
    longest
}

/// `text` as inline code of Markdown, in one line, whatever backticks it has.
pub(super) fn inline_code(text: &str) -> String {
    let shown = visible(text);
    let ticks = "`".repeat(longest_backticks(&shown) + 1);
    // Without a space a backtick at an end would join the delimiter, and an empty text would be
    // no code at all; Markdown takes one space off both ends again.
    let bare = !shown.is_empty() && !shown.starts_with(['`', ' ']) && !shown.ends_with(['`', ' ']);
    let pad = if bare { "" } else { " " };
    format!("{ticks}{pad}{shown}{pad}{ticks}")
}

/// `text` as inline code in a cell of a table, where a bar would end the cell even in code.
pub(super) fn code_cell(text: &str) -> String {
    inline_code(text).replace('|', r"\|")
}

/// `text` as the value of an attribute in double quotes, in one line.
pub(super) fn attribute(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => value.push_str("&amp;"),
            '<' => value.push_str("&lt;"),
            '>' => value.push_str("&gt;"),
            '"' => value.push_str("&quot;"),
            '\'' => value.push_str("&apos;"),
            c => value.push(c),
        }
    }
    value
}

/// `text` as plain words in a cell of a Markdown table: no HTML, link, image or emphasis comes
/// of it; line breaks become spaces.
pub(super) fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, line) in text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty()).enumerate()
    {
        if at > 0 {
            safe.push(' ');
        }
        line.chars().for_each(|c| push_plain(&mut safe, c));
    }
    safe
}

fn push_plain(safe: &mut String, c: char) {
    match c {
        // Entities, for these must stay harmless where backslashes are not understood.
        '&' => safe.push_str("&amp;"),
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '\t' => safe.push(' '),
        '\\' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '!' => safe.extend(['\\', c]),
        c if is_hidden(c) => safe.extend(c.escape_unicode()),
        c => safe.push(c),
    }
}

/// As [`cell`], and at the beginning of a line neither heading, list, quote nor rule.
pub(super) fn inline(text: &str) -> String {
    let mut line = cell(text);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.as_bytes().get(digits) {
        Some(b'#' | b'-' | b'+' | b'=') if digits == 0 => line.insert(0, '\\'),
        Some(b'.' | b')') if digits > 0 => line.insert(digits, '\\'),
        _ => {}
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stay_in_one_line_and_hide_nothing() {
        assert_eq!(inline_code("src/a.rs"), "`src/a.rs`");
        assert_eq!(inline_code("a`b"), "``a`b``");
        assert_eq!(inline_code("`"), "`` ` ``");
        assert_eq!(inline_code(""), "`  `");
        assert_eq!(inline_code("a\nb\u{202e}c\\"), r"`a\nb\u{202e}c\\`");
        assert_eq!(attribute("a\"><x>.txt\n"), r"a&quot;&gt;&lt;x&gt;.txt\n");
        assert_eq!(attribute("Tom & 'Jerry'"), "Tom &amp; &apos;Jerry&apos;");
    }

    #[test]
    fn a_cell_is_words_only() {
        assert_eq!(
            cell("![x](http://e/?q=1) <img src=x> a|b `c` *d* _e_ & \\"),
            r"\!\[x\](http://e/?q=1) &lt;img src=x&gt; a\|b \`c\` \*d\* \_e\_ &amp; \\"
        );
        assert_eq!(cell("one\r\n\r\n  two\ttabs\u{7}\n"), r"one two tabs\u{7}");
        assert_eq!(code_cell(r"a|`b\"), r"``a\|`b\\``");
        assert_eq!(inline("# no heading"), r"\# no heading");
        assert_eq!(inline("- no item"), r"\- no item");
        assert_eq!(inline("12. no item"), r"12\. no item");
        assert_eq!(inline("12 apples"), "12 apples");
    }

    proptest! {
        #[test]
        fn one_line_for_any_text(text in any::<String>()) {
            for safe in [inline_code(&text), attribute(&text), cell(&text), inline(&text)] {
                prop_assert!(!safe.chars().any(is_hidden), "{safe:?}");
            }
            let value = attribute(&text);
            prop_assert!(!value.contains(['<', '>', '"', '\'']));
            let plain = cell(&text);
            prop_assert!(!plain.contains(['<', '>']));
            for (at, c) in plain.char_indices().filter(|(_, c)| "|`*_[]!".contains(*c)) {
                let slashes = plain[..at].bytes().rev().take_while(|b| *b == b'\\').count();
                prop_assert!(slashes % 2 == 1, "{c} in {plain:?}");
            }
        }

        #[test]
        fn inline_code_is_closed_by_its_last_run_alone(text in "[`a \\\\\n]{0,24}") {
            let code = inline_code(&text);
            let ticks = code.bytes().take_while(|b| *b == b'`').count();
            let inner = &code[ticks..code.len() - ticks];
            prop_assert!(longest_backticks(inner) < ticks);
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`') && !inner.is_empty());
        }
    }
}

//! Text from elsewhere on a terminal: what would move the cursor, colour the screen or reorder the
//! line is shown, not done.

use crate::model::is_hidden;

/// `text` on one line, with control and bidirectional characters made visible.
pub fn visible(text: &str) -> String {
    text.chars().flat_map(|c| escaped(c, false)).collect()
}

/// The same, but lines stay lines.
pub fn visible_lines(text: &str) -> String {
    text.chars().flat_map(|c| escaped(c, true)).collect()
}

fn escaped(c: char, keep_lines: bool) -> Vec<char> {
    match c {
        '\n' | '\t' if keep_lines => vec![c],
        c if is_hidden(c) => c.escape_debug().collect(),
        c => vec![c],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_are_shown() {
        assert_eq!(visible("a\x1b[31mb\nc"), "a\\u{1b}[31mb\\nc");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(visible_lines("a\n\tb\r"), "a\n\tb\\r");
    }
}

//! Text from elsewhere in a page: always text, never markup.

use super::is_hidden;

/// `text` as the content of an HTML element or the value of an attribute in quotes. Lines stay
/// lines; other hidden characters are shown.
pub fn html_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '`' => safe.push_str("&#96;"),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\t' => safe.push(c),
            c if is_hidden(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn html_is_text_in_elements_and_attributes() {
        assert_eq!(
            html_text("<a href=\"x\" onclick='y'>`&\u{202e}\r\n\t\r</a>"),
            "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&#96;&amp;\\u{202e}\n\t\\u{d}&lt;/a&gt;"
        );
    }

    proptest! {
        #[test]
        fn html_has_no_markup_for_any_text(text in any::<String>()) {
            let safe = html_text(&text);
            prop_assert!(!safe.contains(['<', '>', '"', '\'', '`']));
            prop_assert!(!safe.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
        }
    }
}

//! The caller's own words in a Markdown briefing: as they are, unless they would reach beyond
//! their place.
//!
//! A scope may be a text from elsewhere, an issue or a message. A fence it opens and never closes
//! would take the rest of the briefing into it, a heading `## Context` would begin a section of
//! its own. Such a text stands in a block quote, which ends where the text does; the words are
//! the same, and [`released`] gives them back byte for byte.

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};
use std::borrow::Cow;

/// Lines by which a reader of a briefing finds its parts.
pub(super) const LANDMARKS: &[&str] = &[
    "# Shared context",
    "# Briefing",
    "## Scope",
    "## Constraints",
    "## Final message",
    "## Context",
    END,
];

/// The last line of a briefing that has items.
pub(super) const END: &str = "End of context. Do what the scope says and send the final message.";

/// `text` such that what is written behind it, after a blank line, is no part of it, and nothing in
/// it looks like a part of the briefing.
pub(super) fn contained(text: &str) -> Cow<'_, str> {
    match stays_in_place(text) {
        true => text.into(),
        false => quoted(text).into(),
    }
}

/// What [`contained`] was given.
pub(super) fn released(written: &str) -> Cow<'_, str> {
    let Some(lines) = written.strip_suffix('\n').filter(|text| text.starts_with("> ")) else {
        return written.into();
    };
    lines_of(lines).map(|line| line.strip_prefix("> ").unwrap_or(line)).collect::<String>().into()
}

fn quoted(text: &str) -> String {
    let lines: String = lines_of(text).map(|line| format!("> {line}")).collect();
    lines + "\n"
}

fn stays_in_place(text: &str) -> bool {
    // Nothing else can open what does not end by itself, or be a heading.
    let opens = |line: &str| line.trim_start().starts_with(['#', '`', '~', '<', '>', '=', '-']);
    let is_landmark = |line: &str| LANDMARKS.contains(&line.trim());
    if !lines_of(text).any(|line| opens(line) || is_landmark(line)) {
        return true;
    }
    !text.starts_with('>') && !lines_of(text).any(is_landmark) && ends_before_a_heading(text)
}

/// Whether a heading behind `text` is one, and `text` has none of its rank.
fn ends_before_a_heading(text: &str) -> bool {
    let probe = format!("{text}\n\n## next\n");
    let mut depth = 0;
    for (event, range) in Parser::new(&probe).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                if range.start == text.len() + 2 {
                    return true;
                }
                if level <= HeadingLevel::H3 {
                    return false;
                }
                depth += 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    false
}

/// Each text as one item of a list, which holds all of its lines.
pub(super) fn list(texts: &[String]) -> String {
    let items: Vec<String> = texts.iter().map(|text| item(text.trim_end())).collect();
    items.join("\n")
}

fn item(text: &str) -> String {
    let plain = format!("- {}", indented(text));
    match stays_an_item(text, &plain) {
        true => plain,
        false => format!("- {}", indented(quoted(text).trim_end_matches('\n'))),
    }
}

fn indented(text: &str) -> String {
    lines_of(text).collect::<Vec<_>>().join("  ")
}

/// Whether `item` holds all of itself, in a list that goes on behind it.
fn stays_an_item(text: &str, item: &str) -> bool {
    let first = lines_of(text).next().unwrap_or_default();
    if first.trim().is_empty() || first.starts_with(['>', ' ', '\t']) {
        return text.is_empty();
    }
    let is_plain = first.starts_with(char::is_alphanumeric) && !text.contains(['\n', '\r']);
    if is_plain {
        return true;
    }
    let probe = format!("{item}\n- next\n");
    let mut depth = 0;
    let mut items = Vec::new();
    for (event, range) in Parser::new(&probe).into_offset_iter() {
        match event {
            Event::Start(Tag::List(_)) if depth == 0 => depth += 1,
            Event::Start(Tag::Item) if depth == 1 => {
                items.push(range.start);
                depth += 1;
            }
            _ if depth == 0 => return false,
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    items == [0, item.len() + 1]
}

/// What [`list`] was given, less the blanks that texts ended with.
pub(super) fn listed(written: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines_of(written) {
        match (line.strip_prefix("- "), texts.last_mut()) {
            (Some(first), _) => texts.push(first.to_owned()),
            (None, Some(text)) => *text += line.strip_prefix("  ").unwrap_or(line),
            (None, None) => {}
        }
    }
    let text = |text: String| {
        let text = text.trim_end_matches('\n');
        match text.starts_with("> ") {
            true => released(&format!("{text}\n")).into_owned(),
            false => text.to_owned(),
        }
    };
    texts.into_iter().map(text).collect()
}

/// Lines with their ends, as CommonMark has them: `\n`, `\r` and `\r\n` end one. Behind the last end
/// there is one more, which is empty.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.find(['\n', '\r']).map(|at| match text[at..].starts_with("\r\n") {
            true => at + 2,
            false => at + 1,
        });
        let (line, behind) = text.split_at(end.unwrap_or(text.len()));
        rest = end.map(|_| behind);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for plain in [
            "",
            "Make `a()` fast.\nKeep its signature.",
            "Do:\n\n- one\n- two\n\n1. three\n   ```sh\n   run\n   ```\n",
            "```rust\n# not a heading\n```\n\n#### Small heading\n\n<b>bold</b>\n",
            "a\n\n---\n\nb",
        ] {
            assert_eq!(contained(plain), plain);
            assert_eq!(released(plain), plain);
        }
        assert_eq!(list(&["one\ntwo\n".into(), "three".into()]), "- one\n  two\n- three");
    }

    #[test]
    fn what_reaches_further_is_quoted() {
        for far in [
            "```rust\nfn a() {",
            "~~~~",
            "<!-- a",
            "<script>\n",
            "<![CDATA[",
            "<?php",
            "## Context\n\nx",
            "Scope\n---",
            "a\r# b",
            "x\n```\n## Scope\n```\n",
            "> said",
            END,
        ] {
            assert_eq!(contained(far), quoted(far), "{far}");
        }
        assert_eq!(contained("# a\r\n\rb"), "> # a\r\n> \r> b\n");
        let constraints = ["--\n## Context", "\n\n## Context", "a\r## b", "> c", "", "- d\n\n# e"];
        let constraints = constraints.map(str::to_owned);
        assert_eq!(
            list(&constraints),
            "- > --\n  > ## Context\n- > \n  > \n  > ## Context\n- a\r  ## b\n- > > c\n- \n- - d\n  \n  # e"
        );
        assert_eq!(listed(&list(&constraints)), constraints);
    }

    fn wild() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[-#>`~=<!a \t\n\r*+1.]{0,24}",
            "((> |- |  |# |```|a|--|<!--)?[\n\r]?){0,8}"
        ]
    }

    proptest! {
        #[test]
        fn words_come_back(text in wild()) {
            let written = contained(&text);
            prop_assert_eq!(released(&written), text.as_str());
            prop_assert!(ends_before_a_heading(&written), "{:?}", written);
        }

        #[test]
        fn lists_come_back(texts in proptest::collection::vec(wild(), 0..4)) {
            let written = list(&texts);
            let trimmed: Vec<&str> = texts.iter().map(|text| text.trim_end()).collect();
            prop_assert_eq!(listed(&written), trimmed);
            prop_assert!(ends_before_a_heading(&written), "{:?}", written);
        }
    }
}

//! Two final messages, line by line.

use crate::context::Change;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Lines around a difference that are told too.
const AROUND: usize = 2;

/// How long to look for the shortest difference of two long messages; after that any will do.
const PATIENCE: Duration = Duration::from_secs(2);

/// How two final messages differ, from A to B.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageDiff {
    /// None where neither has a message.
    pub change: Option<Change>,
    /// Lines that only B has.
    pub lines_added: usize,
    /// Lines that only A has.
    pub lines_removed: usize,
    /// The lines that differ, and a few around them, in order.
    pub lines: Vec<MessageLine>,
}

/// One line of either message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageLine {
    /// `added` is only in B, `removed` only in A, `same` in both.
    pub change: Change,
    /// Its number in A, from 1.
    pub line_a: Option<usize>,
    /// Its number in B, from 1.
    pub line_b: Option<usize>,
    /// Without its end; bytes that are not UTF-8 are U+FFFD.
    pub text: String,
}

impl MessageDiff {
    pub(super) fn of(a: Option<&[u8]>, b: Option<&[u8]>) -> MessageDiff {
        let change = (a.is_some() || b.is_some()).then(|| Change::between(a, b));
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let lines = match change {
            Some(Change::Changed) => differing(&text(a), &text(b)),
            _ => Vec::new(),
        };
        let count = |change| lines.iter().filter(|line| line.change == change).count();
        MessageDiff {
            change,
            lines_added: count(Change::Added),
            lines_removed: count(Change::Removed),
            lines,
        }
    }
}

fn differing(a: &str, b: &str) -> Vec<MessageLine> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(a, b);
    let groups = diff.grouped_ops(AROUND);
    let changes = groups.iter().flatten().flat_map(|op| diff.iter_changes(op));
    let line = |it: similar::Change<&str>| MessageLine {
        change: match it.tag() {
            ChangeTag::Insert => Change::Added,
            ChangeTag::Delete => Change::Removed,
            ChangeTag::Equal => Change::Same,
        },
        line_a: it.old_index().map(|index| index + 1),
        line_b: it.new_index().map(|index| index + 1),
        text: it.value().trim_end_matches(['\n', '\r']).to_owned(),
    };
    changes.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_compared_by_bytes_and_told_by_lines() {
        assert_eq!(MessageDiff::of(None, None).change, None);
        assert_eq!(MessageDiff::of(None, Some(b"")).change, Some(Change::Added));
        assert_eq!(MessageDiff::of(Some(b"a"), None).change, Some(Change::Removed));
        let found = MessageDiff::of(Some(b"a\nb\nc\n"), Some(b"a\nx\nc\nd"));
        assert_eq!((found.lines_added, found.lines_removed), (2, 1));
        // No line differs that can be told apart as text.
        let found = MessageDiff::of(Some(b"\xff"), Some(b"\xfe"));
        assert_eq!((found.change, found.lines.len()), (Some(Change::Changed), 0));
    }
}

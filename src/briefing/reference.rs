//! Blocks that stand elsewhere: written as a line that says where, and put back again.

use super::escape::visible;
use crate::model::BlockReference;
use memchr::memmem;
use std::borrow::Cow;

/// What a line that refers to lines begins with, after its brackets.
const MARK: &str = "same: ";

/// `text` with a line in place of each block that stands elsewhere: `[[same: src/a.rs:1-17]]`, in
/// more brackets than stand before such a word in the text itself.
pub fn with_references<'t>(text: &'t str, references: &[BlockReference]) -> Cow<'t, str> {
    if references.is_empty() {
        return text.into();
    }
    let brackets = bracket_runs(text);
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for reference in references {
        let (start, end) = (reference.start as usize, reference.end as usize);
        written += &text[at..start];
        written += &reference_line(reference, brackets, text[..end].ends_with('\n'));
        at = end;
    }
    written += &text[at..];
    written.into()
}

/// The line for one block of a text whose longest run of brackets before the mark is that.
pub fn reference_line(reference: &BlockReference, bracket_runs: usize, newline: bool) -> String {
    let brackets = (bracket_runs + 1).max(2);
    let (open, close) = ("[".repeat(brackets), "]".repeat(brackets));
    let newline = if newline { "\n" } else { "" };
    format!("{open}{MARK}{}{close}{newline}", visible(&reference.same_as))
}

/// The longest run of brackets before the mark.
pub fn bracket_runs(text: &str) -> usize {
    let runs = memmem::find_iter(text.as_bytes(), MARK).map(|at| {
        let before = text[..at].bytes().rev();
        before.take_while(|byte| *byte == b'[').count()
    });
    runs.max().unwrap_or(0)
}

/// The texts that `written` ones stand for: item by item, in the bundle's order, each as
/// [`with_references`] wrote it. `None` if a reference leads nowhere.
pub fn expand(written: &[(&str, &[BlockReference])]) -> Option<Vec<String>> {
    let mut whole: Vec<String> = Vec::with_capacity(written.len());
    for (text, references) in written {
        let mut out = String::new();
        let mut at = 0;
        for reference in *references {
            // What stands before the reference has the length it has in the whole text.
            let own = (reference.start as usize).checked_sub(out.len())?;
            out += text.get(at..at + own)?;
            let line = text.get(at + own..)?;
            at += own + line.find('\n').map_or(line.len(), |end| end + 1);
            let from = reference.offset as usize;
            let length = reference.end.checked_sub(reference.start)? as usize;
            let source =
                if reference.item == whole.len() { &out } else { whole.get(reference.item)? };
            let block = source.get(from..from + length)?.to_owned();
            out += &block;
        }
        out += text.get(at..)?;
        whole.push(out);
    }
    Some(whole)
}

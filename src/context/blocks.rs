//! A text in blocks: paragraphs, headings, fenced code, functions, comments, each of whole lines.
//!
//! Blocks are small on purpose. Those that follow each other in two texts are taken together, so
//! that a function of several paragraphs, or a section, is found as one.

use std::ops::Range;

/// One block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Bytes of the text; the blocks of a text make the whole of it.
    pub range: Range<usize>,
    /// The line it begins at, from 0.
    pub line: usize,
    /// Whether it is only lines that are empty but for the marks of a comment.
    pub is_blank: bool,
}

/// The blocks of `text`, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut before, mut at) = ("", 0);
    for (line, whole) in text.split_inclusive('\n').enumerate() {
        let is_blank = is_blank_line(whole);
        let end = at + whole.len();
        match blocks.last_mut() {
            Some(last) if last.is_blank == is_blank && (is_blank || !parts(before, whole)) => {
                last.range.end = end;
            }
            _ => blocks.push(Block { range: at..end, line, is_blank }),
        }
        (before, at) = (whole, end);
    }
    blocks
}

/// Nothing, or ` *`, `//`, `#`, `/*`, `-->`: what parts the paragraphs of a comment.
fn is_blank_line(line: &str) -> bool {
    line.trim_matches(|c: char| c.is_whitespace() || "*/#;%<!->".contains(c)).is_empty()
}

/// Whether a block ends between two lines that are not empty.
fn parts(before: &str, line: &str) -> bool {
    is_fence(before)
        || is_fence(line)
        || is_end(before)
        || (line.starts_with('#') && !before.starts_with('#'))
        || comment(before) != comment(line)
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with("```") || line.starts_with("~~~")
}

/// The end of a function or a type that stands at the margin.
fn is_end(line: &str) -> bool {
    matches!(line.trim_end(), "}" | "};" | "})" | "});" | "end" | "fi" | "done")
}

/// The mark of a line comment at the margin.
fn comment(line: &str) -> Option<&'static str> {
    ["//", "#", "--", ";", "%"].into_iter().find(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(text: &str) -> Vec<&str> {
        let filled = blocks(text).into_iter().filter(|block| !block.is_blank);
        filled.map(|block| &text[block.range]).collect()
    }

    #[test]
    fn paragraphs_comments_functions_and_fences_are_blocks() {
        let code = "// Licence\n// text\nuse a;\n\nfn f() {\n    a();\n\n    b();\n}\nfn g() {}\n";
        assert_eq!(
            seen(code),
            [
                "// Licence\n// text\n",
                "use a;\n",
                "fn f() {\n    a();\n",
                "    b();\n}\n",
                "fn g() {}\n"
            ]
        );
        let text = "Intro\n# Head\nWords\n```c\nint x;\n```\nmore";
        assert_eq!(
            seen(text),
            ["Intro\n", "# Head\n", "Words\n", "```c\n", "int x;\n", "```\n", "more"]
        );
    }

    proptest! {
        #[test]
        fn blocks_make_the_whole(text in "([a#/`}*]{0,4}[ \r]{0,2}\n){0,12}[a ]{0,3}") {
            let found = blocks(&text);
            let whole: String = found.iter().map(|block| &text[block.range.clone()]).collect();
            prop_assert_eq!(&whole, &text);
            for block in found {
                let lines = text[..block.range.start].matches('\n').count();
                prop_assert_eq!(block.line, lines);
            }
        }
    }
}

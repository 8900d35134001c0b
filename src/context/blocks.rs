//! A text in blocks: paragraphs, headings, fenced code, functions, comments, each of whole lines.
//!
//! Blocks are small on purpose. Those that follow each other in two texts are taken together, so
//! that a function of several paragraphs, or a section, is found as one.

/// The beginning of a block's blake3. What has the same is taken for the same text, which half of a
/// blake3 is good for.
pub type Key = u128;

/// One block of a text; the blocks of a text make the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number in the text.
    pub at: u32,
    /// Where it begins, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The line it begins at, from 0.
    pub line: u32,
    /// How many lines it has.
    pub lines: u32,
    /// Whether it is only lines that are empty but for the marks of a comment.
    pub is_blank: bool,
    pub key: Key,
}

/// The blocks of a text, as small as they are kept: of each its bytes, its lines and its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks(Vec<u8>);

impl Blocks {
    /// Takes a text apart.
    pub fn of(text: &str) -> Blocks {
        let mut blocks = Blocks::default();
        let mut open: Option<Open> = None;
        let mut before = Line::default();
        let mut at = 0;
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1);
        for end in newlines.chain((!text.is_empty() && !text.ends_with('\n')).then_some(text.len()))
        {
            let line = Line::of(&text[at..end]);
            match &mut open {
                Some(it)
                    if it.is_blank == line.is_blank && (it.is_blank || !parts(before, line)) =>
                {
                    (it.end, it.lines) = (end, it.lines + 1);
                }
                _ => {
                    blocks.close(text, open.take());
                    open = Some(Open { start: at, end, lines: 1, is_blank: line.is_blank });
                }
            }
            (before, at) = (line, end);
        }
        blocks.close(text, open);
        blocks
    }

    fn close(&mut self, text: &str, open: Option<Open>) {
        let Some(it) = open else { return };
        let hash = blake3::hash(&text.as_bytes()[it.start..it.end]);
        self.number((it.end - it.start) << 1 | usize::from(it.is_blank));
        self.number(it.lines);
        self.0.extend_from_slice(&hash.as_bytes()[..size_of::<Key>()]);
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// What [`Blocks::packed`] gave, of a text of so many bytes; none of anything else.
    pub fn from_packed(packed: Vec<u8>, bytes: usize) -> Option<Blocks> {
        let blocks = Blocks(packed);
        let end = blocks.iter().last().map_or(0, |block| block.end);
        (end as usize == bytes).then_some(blocks)
    }

    /// The bytes to keep of it.
    pub fn packed(&self) -> &[u8] {
        &self.0
    }

    /// The blocks, in order.
    pub fn iter(&self) -> impl Iterator<Item = Block> {
        let mut rest = self.0.as_slice();
        let (mut at, mut start, mut line) = (0, 0, 0);
        std::iter::from_fn(move || {
            let bytes = u32::try_from(take_number(&mut rest)?).ok()?;
            let lines = u32::try_from(take_number(&mut rest)?).ok()?;
            let (key, after) = rest.split_first_chunk()?;
            rest = after;
            let (end, is_blank) = (start + (bytes >> 1), bytes & 1 == 1);
            let key = Key::from_le_bytes(*key);
            let block = Block { at, start, end, line, lines, is_blank, key };
            (at, start, line) = (at + 1, end, line + lines);
            Some(block)
        })
    }
}

/// A block that may go on.
struct Open {
    start: usize,
    end: usize,
    lines: usize,
    is_blank: bool,
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    let (mut number, mut shift) = (0usize, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if *byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// What a line is to the blocks around it.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// Nothing, or ` *`, `//`, `#`, `/*`, `-->`: what parts the paragraphs of a comment.
    is_blank: bool,
    is_fence: bool,
    /// The end of a function or a type that stands at the margin.
    is_end: bool,
    is_heading: bool,
    /// The mark of a line comment at the margin.
    comment: Option<&'static str>,
}

impl Line {
    fn of(line: &str) -> Line {
        // What most lines are: an indentation, then a word.
        if let Some(b' ' | b'\t') = line.as_bytes().first()
            && line.trim_start_matches([' ', '\t']).starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            return Line::default();
        }
        Line {
            is_blank: is_blank(line),
            is_fence: is_fence(line),
            is_end: is_end(line),
            is_heading: line.starts_with('#'),
            comment: comment(line),
        }
    }
}

fn is_blank(line: &str) -> bool {
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b"\x0b*/#;%<!->".contains(byte);
    match line.bytes().find(|byte| !is_mark(byte)) {
        None => true,
        Some(byte) if byte.is_ascii() => false,
        // Other white space is rare.
        Some(_) => line.chars().all(|c| c.is_whitespace() || "*/#;%<!->".contains(c)),
    }
}

/// Whether a block ends between two lines that are not empty.
fn parts(before: Line, line: Line) -> bool {
    before.is_fence
        || line.is_fence
        || before.is_end
        || (line.is_heading && !before.is_heading)
        || before.comment != line.comment
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with("```") || line.starts_with("~~~")
}

fn is_end(line: &str) -> bool {
    line.starts_with(['}', 'e', 'f', 'd'])
        && matches!(line.trim_end(), "}" | "};" | "})" | "});" | "end" | "fi" | "done")
}

fn comment(line: &str) -> Option<&'static str> {
    ["//", "#", "--", ";", "%"].into_iter().find(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(text: &str) -> Vec<&str> {
        let blocks = Blocks::of(text);
        let filled = blocks.iter().filter(|block| !block.is_blank);
        filled.map(|block| &text[block.start as usize..block.end as usize]).collect()
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
        fn blocks_make_the_whole(text in "([a#/`}*\u{a0}]{0,4}[ \r]{0,2}\n){0,12}[a ]{0,3}") {
            let blocks = Blocks::of(&text);
            let own = |it: &Block| &text[it.start as usize..it.end as usize];
            let whole: String = blocks.iter().map(|it| own(&it)).collect();
            prop_assert_eq!(&whole, &text);
            let kept = Blocks::from_packed(blocks.packed().to_vec(), text.len());
            prop_assert_eq!(kept.as_ref(), Some(&blocks));
            for (at, block) in blocks.iter().enumerate() {
                let own = own(&block);
                let before = &text[..block.start as usize];
                prop_assert_eq!(block.at as usize, at);
                prop_assert_eq!(block.line as usize, before.matches('\n').count());
                prop_assert_eq!(block.lines as usize, own.split_inclusive('\n').count());
                let is_mark = |c: char| c.is_whitespace() || "*/#;%<!->".contains(c);
                prop_assert_eq!(block.is_blank, own.chars().all(is_mark));
                let hash = blake3::hash(own.as_bytes());
                prop_assert_eq!(&block.key.to_le_bytes(), &hash.as_bytes()[..16]);
            }
        }
    }
}

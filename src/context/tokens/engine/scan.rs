//! Where a piece of the split patterns ends, one piece after the other: for any text, in linear time.

use super::classes::{LETTER, LOWER, NEWLINE, NUMBER, OTHER, SPACE, UPPER, char_at};

/// The end of the o200k piece that begins at `at < text.len()`.
pub fn o200k(text: &[u8], at: usize) -> usize {
    let first = char_at(text, at);
    if first.is(UPPER | LOWER) {
        return cased_word(text, at);
    }
    let next = at + first.len;
    if !first.is(NEWLINE | NUMBER) && char_at(text, next).is(UPPER | LOWER) {
        return cased_word(text, next);
    }
    if first.is(NUMBER) {
        return numbers(text, at);
    }
    if let Some(end) = signs(text, at) {
        return skip_bytes(text, end, b"\r\n/");
    }
    let run = Spaces::at(text, at);
    run.behind_last_newline.unwrap_or_else(|| run.before_what_follows(text, at))
}

/// The end of the cl100k piece that begins at `at < text.len()`.
pub fn cl100k(text: &[u8], at: usize) -> usize {
    let contraction = contraction(text, at);
    if contraction > 0 {
        return at + contraction;
    }
    let first = char_at(text, at);
    let next = at + first.len;
    if first.is(LETTER) || !first.is(NEWLINE | NUMBER) && char_at(text, next).is(LETTER) {
        return skip(text, next, LETTER);
    }
    if first.is(NUMBER) {
        return numbers(text, at);
    }
    if let Some(end) = signs(text, at) {
        return skip_bytes(text, end, b"\r\n");
    }
    let run = Spaces::at(text, at);
    match run.behind_last_newline {
        Some(end) if run.end < text.len() => end,
        _ => run.before_what_follows(text, at),
    }
}

/// The end of an o200k word, whose first letter (or mark) is at `at`: `U*L+` with as many of both as
/// can be, else `U+`; then a contraction. What is upper and lower at once may stand in both parts, so
/// where no lower letter follows, the word gives back what stands behind the last such one.
fn cased_word(text: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut behind_both = None;
    let mut next = char_at(text, end);
    while next.is(UPPER) {
        end += next.len;
        if next.is(LOWER) {
            behind_both = Some(end);
        }
        next = char_at(text, end);
    }
    let end = if next.is(LOWER) { skip(text, end, LOWER) } else { behind_both.unwrap_or(end) };
    end + contraction(text, end)
}

/// The bytes of `(?i:'s|'t|'re|'ve|'m|'ll|'d)` at `at`. `ſ` is an `s` where case does not matter.
fn contraction(text: &[u8], at: usize) -> usize {
    let lower = |offset: usize| text.get(at + offset).map_or(0, |byte| byte | 0x20);
    if text.get(at) != Some(&b'\'') {
        return 0;
    }
    match (lower(1), lower(2)) {
        (b's' | b't' | b'm' | b'd', _) => 2,
        (b'r' | b'v', b'e') | (b'l', b'l') => 3,
        _ if text[at + 1..].starts_with("ſ".as_bytes()) => 3,
        _ => 0,
    }
}

/// `\p{N}{1,3}`
fn numbers(text: &[u8], at: usize) -> usize {
    let mut end = at;
    for _ in 0..3 {
        let next = char_at(text, end);
        if !next.is(NUMBER) {
            break;
        }
        end += next.len;
    }
    end
}

/// ` ?[^\s\p{L}\p{N}]+`, if that is what stands here.
fn signs(text: &[u8], at: usize) -> Option<usize> {
    let from = at + usize::from(text[at] == b' ');
    let end = skip(text, from, OTHER);
    (end > from).then_some(end)
}

/// A run of white space.
struct Spaces {
    behind_last_newline: Option<usize>,
    last: usize,
    end: usize,
}

impl Spaces {
    fn at(text: &[u8], at: usize) -> Spaces {
        let mut run = Spaces { behind_last_newline: None, last: at, end: at };
        loop {
            let next = char_at(text, run.end);
            if !next.is(SPACE) {
                return run;
            }
            run.last = run.end;
            run.end += next.len;
            if next.is(NEWLINE) {
                run.behind_last_newline = Some(run.end);
            }
        }
    }

    /// `\s+(?!\S)|\s+`: all but the last one, which belongs to what follows, if anything does.
    fn before_what_follows(&self, text: &[u8], at: usize) -> usize {
        if self.end == text.len() || self.last == at { self.end } else { self.last }
    }
}

fn skip(text: &[u8], mut at: usize, class: u8) -> usize {
    loop {
        let next = char_at(text, at);
        if !next.is(class) {
            return at;
        }
        at += next.len;
    }
}

fn skip_bytes(text: &[u8], at: usize, any: &[u8]) -> usize {
    at + text[at..].iter().take_while(|byte| any.contains(byte)).count()
}

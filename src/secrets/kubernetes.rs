//! The values of Kubernetes Secrets.

use super::placeholder;
use std::ops::Range;

/// How far a manifest is looked through on either side of its kind.
const REACH: usize = 16 << 10;

/// The values under `data:` of the manifest that has `kind:` at `key`, if its kind is `Secret`.
pub fn values(text: &[u8], key: usize) -> Vec<Range<usize>> {
    if !text[key..].starts_with(b"kind:") {
        return Vec::new();
    }
    let kind = text[key + 5..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let kind = kind.trim_ascii();
    let kind = kind.strip_prefix(b"\"").or(kind.strip_prefix(b"'")).unwrap_or(kind);
    let kind = kind.strip_suffix(b"\"").or(kind.strip_suffix(b"'")).unwrap_or(kind);
    let alone =
        text[..key].iter().rev().take_while(|it| **it != b'\n').all(|it| b" \t-".contains(it));
    if !kind.eq_ignore_ascii_case(b"secret") || !alone {
        return Vec::new();
    }
    let mut reading = Reading::default();
    let manifest = manifest(text, key);
    let mut at = manifest.start;
    for line in text[manifest].split_inclusive(|byte| *byte == b'\n') {
        reading.line(line, at);
        at += line.len();
    }
    reading.values
}

/// The document between two lines of dashes.
fn manifest(text: &[u8], key: usize) -> Range<usize> {
    let (from, to) = (key.saturating_sub(REACH), text.len().min(key + REACH));
    let before = memchr::memmem::rfind(&text[from..key], b"\n---").map_or(from, |at| from + at + 4);
    let after = memchr::memmem::find(&text[key..to], b"\n---").map_or(to, |at| key + at);
    before..after
}

/// Which lines are under `data:`.
#[derive(Default)]
struct Reading {
    /// How far the line `data:` is indented, as long as we are under it.
    data: Option<usize>,
    /// Whether the value comes on the next line.
    block: bool,
    values: Vec<Range<usize>>,
}

impl Reading {
    fn line(&mut self, line: &[u8], at: usize) {
        let indent = line.iter().take_while(|byte| b" \t".contains(byte)).count();
        let content = line.trim_ascii();
        if content.is_empty() || content.starts_with(b"#") {
            return;
        }
        if content == b"data:" {
            self.data = Some(indent);
            return;
        }
        if self.data.is_some_and(|data| indent <= data) {
            self.data = None;
        }
        if self.data.is_none() {
            return;
        }
        let colon = memchr::memmem::find(content, b":").filter(|_| !self.block);
        let value = match colon {
            Some(colon) => content[colon + 1..].trim_ascii(),
            None => content,
        };
        self.block =
            colon.is_some() && value.iter().all(|byte| b"|>-+".contains(byte)) && !value.is_empty();
        let value = value.trim_ascii();
        let bare = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
        let bare = bare.strip_suffix(b"\"").or(bare.strip_suffix(b"'")).unwrap_or(bare);
        let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        if bare.len() >= 10 && bare.iter().all(base64) && !placeholder::is(bare) {
            let start = at + memchr::memmem::rfind(line, bare).unwrap_or(0);
            self.values.push(start..start + bare.len());
        }
    }
}

//! Private keys in PEM, also within a string of JSON or of code, and PuTTY's.

use std::ops::Range;

/// The longest key that is looked at.
const LONGEST: usize = 32 << 10;

/// Letters of base64 that a key has at least.
const LEAST: usize = 64;

/// The body of the key whose header has `PRIVATE KEY` at `key`.
pub fn pem(text: &[u8], key: usize) -> Option<Range<usize>> {
    let line = text[..key].iter().rev().take(40).take_while(|it| **it != b'\n').count();
    let begin = memchr::memmem::rfind(&text[key - line..key], b"-----BEGIN ")? + key - line;
    let label = &text[begin + 11..key];
    if !label.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ')
    {
        return None;
    }
    let rest = &text[key..text.len().min(key + LONGEST)];
    let header = ["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"];
    let header = header.iter().find(|it| rest.starts_with(it.as_bytes()))?.len();
    let end = memchr::memmem::find(&rest[header..], b"-----").map_or(rest.len(), |at| at + header);
    trimmed(text, key + header..key + end)
}

/// The body without what surrounds it, if it is a key's.
fn trimmed(text: &[u8], body: Range<usize>) -> Option<Range<usize>> {
    let inner = &text[body.clone()];
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    // Code that puts a key together, or prose about one, is no body.
    let strange =
        inner.iter().filter(|it| !base64(it) && !b"\r\n \t\\\"',+#*-:>|.".contains(it)).count();
    let longest = inner.split(|byte| !base64(byte)).map(<[u8]>::len).max().unwrap_or(0);
    let letters = inner.iter().filter(|byte| base64(byte)).count();
    if letters < LEAST || longest < 24 || strange * 50 > inner.len() {
        return None;
    }
    let first = inner.iter().position(base64)?;
    // An escaped newline is no letter of the key.
    let first = if inner[..first].ends_with(b"\\") { first + 1 } else { first };
    let last = inner.iter().rposition(base64)?;
    let last = match inner.get(last.checked_sub(1)?) {
        Some(b'\\') => inner[..last - 1].iter().rposition(base64)?,
        _ => last,
    };
    let kinds = super::entropy::bits(&inner[first..=last]);
    (kinds >= 3.5).then_some(body.start + first..body.start + last + 1)
}

/// The lines behind `Private-Lines:` of a PuTTY key.
pub fn putty(text: &[u8], key: usize) -> Option<Range<usize>> {
    if !text[key..].starts_with(b"Private-Lines:") {
        return None;
    }
    let from = key + memchr::memchr(b'\n', &text[key..])? + 1;
    let rest = &text[from..text.len().min(from + LONGEST)];
    let body = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte);
    let length = rest.iter().take_while(|byte| body(byte)).count();
    // The line that follows begins with letters, too: `Private-MAC`.
    let length = memchr::memrchr(b'\n', &rest[..length])?;
    (length >= LEAST).then_some(from..from + length)
}

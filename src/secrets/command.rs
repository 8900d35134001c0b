//! What is handed to curl: `-u user:password`, and headers with a key.

use super::entropy;
use super::value;
use std::ops::Range;

/// How far a command goes, over its lines.
const LONGEST: usize = 800;

/// The credentials of the curl command at `key`.
pub fn curl(text: &[u8], key: usize) -> Option<Range<usize>> {
    let rest = &text[key..text.len().min(key + LONGEST)];
    if !rest.starts_with(b"curl ") {
        return None;
    }
    let rest = &rest[..command(rest)];
    let options = [&b" -u "[..], b" --user ", b" --user=", b"\n-u ", b"\t-u ", b" -u="];
    let (at, option) = options
        .iter()
        .filter_map(|option| memchr::memmem::find(rest, option).map(|at| (at, option.len())))
        .min()?;
    let mut from = at + option;
    from += rest[from..].iter().take_while(|it| **it == b' ').count();
    let quote = rest.get(from).copied().filter(|it| matches!(it, b'"' | b'\''));
    from += usize::from(quote.is_some());
    let goes_on = |byte: &&u8| match quote {
        Some(quote) => **byte != quote && **byte != b'\n',
        None => byte.is_ascii_graphic(),
    };
    let length = rest[from..].iter().take_while(goes_on).count();
    let mut end = from + length;
    // `"user":"password"` is one word, too.
    if quote.is_some() && rest[end..].starts_with(b"\":\"") {
        end += 3 + rest[end + 3..].iter().take_while(goes_on).count();
    }
    let pair = std::str::from_utf8(&rest[from..end]).ok()?;
    let (user, password) = pair.split_once(':')?;
    let secret = if password.is_empty() { user } else { password };
    let bare = secret.trim_matches(['"', '\'']);
    let digits = bare.bytes().any(|byte| byte.is_ascii_digit());
    let good =
        value::padded("", bare) && literal(bare) && (digits || entropy::drawn(bare.as_bytes()));
    good.then(|| {
        let start = key + from + pair.find(bare).unwrap_or(0);
        start..start + bare.len()
    })
}

/// A dollar within a password is not yet a variable.
fn literal(secret: &str) -> bool {
    !secret.contains(['(', '<', '[']) && secret.find('$').is_none_or(|at| at > 4)
}

/// Where a command ends: at a line that does not go on.
fn command(text: &[u8]) -> usize {
    let ends = memchr::memchr_iter(b'\n', text).find(|end| {
        let line = text[..*end].trim_ascii_end();
        !line.ends_with(b"\\")
    });
    ends.unwrap_or(text.len())
}

/// The value of a header such as `X-Api-Key: …` whose name ends at `key`.
pub fn header(text: &[u8], key: usize) -> Option<Range<usize>> {
    let line = text[..key].iter().rev().take(300).take_while(|it| **it != b'\n').count();
    let before = &text[key - line..key];
    let option = memchr::memmem::find(before, b"-H ").is_some()
        || memchr::memmem::find(before, b"--header ").is_some();
    let from = key + memchr::memchr(b' ', &text[key..])?;
    let from = from + text[from..].iter().take_while(|byte| **byte == b' ').count();
    let goes_on = |byte: &&u8| byte.is_ascii_alphanumeric() || b"=~@.+/_-".contains(byte);
    let length = text[from..].iter().take(300).take_while(goes_on).count();
    let value = &text[from..from + length];
    let closed = matches!(text.get(from + length), Some(b'"' | b'\''));
    let good =
        option && closed && length >= 10 && entropy::drawn(value) && !super::placeholder::is(value);
    good.then_some(from..from + length)
}

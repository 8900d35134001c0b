//! Passwords in addresses: URLs with a user, and connection strings of databases.

use super::entropy;
use super::finding::Confidence::{self, High, Medium};
use super::value;
use std::ops::Range;

/// The longest user and password together.
const LONGEST: usize = 320;

/// Hosts that nobody else reaches, or that stand for any.
const NOWHERE: [&str; 9] =
    ["localhost", "127.0.0.1", "0.0.0.0", "::1", "example.", "host", "test", "[", "db"];

/// The password of the URL whose `://` is at `key`.
pub fn url(text: &[u8], key: usize) -> Option<(Range<usize>, Confidence)> {
    let schemed = text[..key].last().is_some_and(u8::is_ascii_alphanumeric);
    let from = key + 3;
    let rest = &text[from..text.len().min(from + LONGEST)];
    let goes_on = |byte: &&u8| byte.is_ascii_graphic() && !b"/\"'`<>\\|".contains(byte);
    let length = rest.iter().take_while(goes_on).count();
    let at = rest[..length].iter().rposition(|byte| *byte == b'@')?;
    let colon = rest[..at].iter().position(|byte| *byte == b':')?;
    let (user, password) = (&rest[..colon], &rest[colon + 1..at]);
    let (user, secret) = (std::str::from_utf8(user).ok()?, std::str::from_utf8(password).ok()?);
    let spelled = secret.bytes().all(|byte| !b"{}()$<>[] ,".contains(&byte));
    if !schemed
        || !spelled
        || value::escaped(password)
        || user.contains(['{', '$', '<', '(', ','])
        || !value::padded(user, secret)
    {
        return None;
    }
    let host = String::from_utf8_lossy(&rest[at + 1..]).to_ascii_lowercase();
    let nowhere = NOWHERE.iter().any(|it| host.starts_with(it)) || host.contains("example.");
    let confidence = plausible(password, nowhere)?;
    Some((from + colon + 1..from + at, confidence))
}

/// The password of the connection string that has `;password=` at `key`.
pub fn connection(text: &[u8], key: usize) -> Option<(Range<usize>, Confidence)> {
    let option = text[key..].iter().take(12).position(|byte| *byte == b'=')?;
    let named = text[key + 1..key + option].trim_ascii();
    if !named.eq_ignore_ascii_case(b"password") && !named.eq_ignore_ascii_case(b"pwd") {
        return None;
    }
    let from = key + option + 1;
    let goes_on = |byte: &&u8| byte.is_ascii_graphic() && !b";\"'`<>\\".contains(byte);
    let length = text[from..].iter().take(LONGEST).take_while(goes_on).count();
    let secret = std::str::from_utf8(&text[from..from + length]).ok()?;
    let line = text[..key].iter().rev().take(300).take_while(|it| **it != b'\n').count();
    let before = String::from_utf8_lossy(&text[key - line..key]).to_ascii_lowercase();
    let known = ["server=", "data source=", "host=", "user", "uid=", "endpoint=", "addr="];
    if !known.iter().any(|word| before.contains(word)) || !value::padded("", secret) {
        return None;
    }
    let nowhere = NOWHERE.iter().any(|it| before.contains(&format!("={it}")));
    plausible(secret.as_bytes(), nowhere).map(|confidence| (from..from + length, confidence))
}

/// A password that was drawn leaves no doubt; a weak one of another machine is worth a warning.
fn plausible(password: &[u8], nowhere: bool) -> Option<Confidence> {
    let any = |is: fn(&u8) -> bool| password.iter().any(is);
    let words = !any(u8::is_ascii_digit) && !any(u8::is_ascii_punctuation);
    let drawn = entropy::drawn(password) && password.len() >= 8;
    match (drawn, nowhere) {
        (true, false) => Some(High),
        (true, true) => Some(Medium),
        (false, false) if !words && password.len() >= 6 => Some(Medium),
        _ => None,
    }
}

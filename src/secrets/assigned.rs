//! Values assigned to telling names: a provider's keys, and whatever looks drawn at random.

use super::entropy;
use super::finding::Confidence::{self, High, Medium};
use super::names::{self, Says};
use super::pattern;
use super::placeholder;
use super::rules::{GENERIC_PASSWORD, GENERIC_SECRET, RULES};
use super::value::{self, Value};
use std::ops::Range;

/// A rule's number, where the secret stands, and how sure it is.
pub type Assigned = (u16, Range<usize>, Confidence);

/// How much of a name is looked at, to the left and to the right of the keyword.
const BEFORE: usize = 60;
const AFTER: usize = 40;

/// The secret that is assigned to a name which has a keyword at `key`.
pub fn look(text: &[u8], key: usize) -> Option<Assigned> {
    let name = name(text, key)?;
    let flag = text[..name.start].ends_with(b"-");
    let found = value::after(text, name.end, flag)?;
    let value = &text[found.place.clone()];
    // Most of what code assigns to a token is a word: nothing more is asked of it.
    let digit = value.iter().any(u8::is_ascii_digit);
    let shaped = value.len() >= 8 && value.iter().all(u8::is_ascii_graphic);
    if !shaped || !(digit || entropy::drawn(value)) || entropy::bits(value) < 2.0 {
        return None;
    }
    let spelled = std::str::from_utf8(&text[name]).ok()?;
    let says = names::says(spelled)?;
    if placeholder::is(value) || value::variable(value) {
        return None;
    }
    let small = spelled.to_ascii_lowercase();
    let rule = provider(&small, says, value).or_else(|| generic(says, value, &found))?;
    Some((rule.0, found.place, rule.1))
}

/// The whole name that the keyword is in; a keyword may begin before it.
fn name(text: &[u8], key: usize) -> Option<Range<usize>> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let key = if part(&text[key]) { key } else { key + 1 };
    let before = text[..key].iter().rev().take(BEFORE).take_while(|byte| part(byte)).count();
    let after = text[key..].iter().take(AFTER).take_while(|byte| part(byte)).count();
    let start = key - before;
    let dashes =
        text[start..key + after].iter().take_while(|byte| matches!(byte, b'-' | b'.')).count();
    let mut name = start + dashes..key + after;
    // `token.` at the end of `token.=` belongs to the operator.
    while name.end > name.start && matches!(text[name.end - 1], b'.' | b'-') {
        name.end -= 1;
    }
    // “Jira API token: …” in prose: words before it belong to the name.
    let line = text[..name.start]
        .iter()
        .rev()
        .take(24)
        .take_while(|it| **it == b' ' || it.is_ascii_alphanumeric());
    let prose = line.count();
    if prose > 1 && text[name.start - 1] == b' ' && !text[name.clone()].contains(&b'_') {
        let from = name.start - prose;
        let word = text[from..name.start].iter().position(|it| *it != b' ').unwrap_or(prose);
        name.start = from + word;
    }
    (name.len() >= 3).then_some(name)
}

/// The provider whose key it is, by name and form.
fn provider(name: &str, says: Says, value: &[u8]) -> Option<(u16, Confidence)> {
    let fits = |number: &usize| {
        let rule = &RULES[*number];
        let named = rule.names.iter().any(|word| name.contains(word));
        named
            && (rule.identifier || says != Says::Identifier)
            && entropy::bits(value) >= rule.entropy
            && (value.iter().any(u8::is_ascii_digit) || entropy::drawn(value))
            && pattern::whole(rule, value)
    };
    let mut fitting: Vec<usize> = (0..RULES.len()).filter(fits).collect();
    // What is an id comes last, and the longest name first: it says most.
    let longest = |number: &usize| {
        let rule = &RULES[*number];
        let named = rule.names.iter().filter(|word| name.contains(**word));
        (rule.identifier, std::cmp::Reverse(named.map(|word| word.len()).max()))
    };
    fitting.sort_by_key(longest);
    let number = *fitting.first()?;
    let rule = &RULES[number];
    let sure = !rule.identifier && !rule.medium && (says == Says::Secret || says == Says::Password);
    Some((number as u16, if sure { High } else { Medium }))
}

/// Something drawn at random, or a password that nobody would take for an example.
fn generic(says: Says, value: &[u8], found: &Value) -> Option<(u16, Confidence)> {
    let shaped = !value.starts_with(b"/")
        && !value.starts_with(b"0x")
        && !entropy::worded(value)
        && !file(value)
        && !value.starts_with(b"./")
        && memchr::memmem::find(value, b"://").is_none()
        && memchr::memmem::find(value, b"::").is_none();
    if !shaped {
        return None;
    }
    match says {
        Says::Secret => secret(value).map(|sure| (GENERIC_SECRET, sure)),
        Says::Password => secret(value)
            .map(|sure| (GENERIC_SECRET, sure))
            .or_else(|| password(value, found.quoted).then_some((GENERIC_PASSWORD, Medium))),
        Says::Key | Says::Identifier => None,
    }
}

/// Whether a value is the path of a file: `man3/SRP_user_pwd_new.pod`.
fn file(value: &[u8]) -> bool {
    let dot = memchr::memrchr(b'.', value).filter(|_| value.contains(&b'/'));
    let ending = dot.map_or(&[][..], |dot| &value[dot + 1..]);
    (1..=5).contains(&ending.len()) && ending.iter().all(u8::is_ascii_lowercase)
}

/// How sure it is that a value was drawn as a secret is.
fn secret(value: &[u8]) -> Option<Confidence> {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.=+/-~!@$%^&*".contains(byte);
    let any = |is: fn(&u8) -> bool| value.iter().any(is);
    let (digit, letter) = (any(u8::is_ascii_digit), any(u8::is_ascii_alphabetic));
    let bits = entropy::bits(value);
    let floor = if value.len() < 16 { 3.0 } else { 3.3 };
    if value.len() < 12
        || !value.iter().all(alphabet)
        || !(digit && letter)
        || bits < floor
        || !entropy::drawn(value)
    {
        return None;
    }
    let mixed = any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase) && bits >= 4.0;
    let hex = value.iter().all(u8::is_ascii_hexdigit) && value.len() >= 32;
    let plain = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_+/=-".contains(byte));
    Some(if plain && value.len() >= 24 && (mixed || hex) { High } else { Medium })
}

/// Whether a value is a password that somebody thought of.
fn password(value: &[u8], quoted: bool) -> bool {
    let any = |is: fn(&u8) -> bool| value.iter().any(is);
    let kinds = [
        any(u8::is_ascii_lowercase),
        any(u8::is_ascii_uppercase),
        any(u8::is_ascii_digit),
        value.iter().any(|byte| b"!@#$%^&*?~+".contains(byte)),
    ];
    let code = value.iter().any(|byte| b"(){}[]<>|;,\"'`".contains(byte));
    let kinds = kinds.iter().filter(|it| **it).count();
    let spelled = std::str::from_utf8(value).unwrap_or_default();
    value.len() >= 8
        && !code
        && any(u8::is_ascii_digit)
        && (kinds >= 4 || (kinds >= 3 && quoted))
        && value::padded("", spelled)
        && !value::escaped(value)
        && !spelled.to_ascii_lowercase().contains("password")
        && !spelled.to_ascii_lowercase().contains("test")
}

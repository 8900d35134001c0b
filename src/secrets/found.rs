//! What the parts of the scanner found in a text, and which of it is told.

use super::check::Verdict;
use super::finding::Confidence::{self, High, Medium};
use super::finding::Finding;
use super::rules::{
    CURL_USER, GENERIC_PASSWORD, GENERIC_SECRET, KUBERNETES_SECRET, PRIVATE_KEY, PUTTY_PRIVATE_KEY,
    RULES, SQL_SERVER_PASSWORD, Trigger, URL_PASSWORD,
};
use super::{address, assigned, command, entropy, kubernetes, pattern, pem, placeholder};
use std::ops::Range;

/// What was found in a text so far.
pub struct Found<'t> {
    text: &'t [u8],
    all: Vec<(u16, Range<usize>, Confidence)>,
}

impl<'t> Found<'t> {
    pub fn of(text: &'t [u8]) -> Found<'t> {
        Found { text, all: Vec::new() }
    }

    /// Looks at what a keyword at `key` wakes.
    pub fn look(&mut self, trigger: Trigger, key: usize) {
        let text = self.text;
        let sure = |place: Option<Range<usize>>, rule| place.map(|place| (rule, place, High));
        let found = match trigger {
            Trigger::Rule { rule, back } => token(text, rule, usize::from(back), key),
            Trigger::Name => assigned::look(text, key),
            Trigger::Pem => sure(pem::pem(text, key), PRIVATE_KEY),
            Trigger::Putty => sure(pem::putty(text, key), PUTTY_PRIVATE_KEY),
            Trigger::Url => {
                address::url(text, key).map(|(place, sure)| (URL_PASSWORD, place, sure))
            }
            Trigger::Connection => address::connection(text, key)
                .map(|(place, sure)| (SQL_SERVER_PASSWORD, place, sure)),
            Trigger::Curl => sure(command::curl(text, key), CURL_USER),
            Trigger::Header => {
                command::header(text, key).map(|place| (GENERIC_SECRET, place, Medium))
            }
            Trigger::Kubernetes => {
                let values = kubernetes::values(text, key).into_iter();
                self.all.extend(values.map(|place| (KUBERNETES_SECRET, place, Medium)));
                None
            }
        };
        self.all.extend(found);
    }

    /// One finding for each place: what is surer before what is not, a provider's before anybody's, the
    /// longer before the shorter.
    pub fn findings(mut self) -> Vec<Finding> {
        let anybodys = |rule: u16| rule == GENERIC_SECRET || rule == GENERIC_PASSWORD;
        self.all.sort_by_key(|(rule, place, confidence)| {
            (anybodys(*rule), std::cmp::Reverse((*confidence, place.len())), place.start, *rule)
        });
        let mut told: Vec<(u16, Range<usize>, Confidence)> = Vec::new();
        for found in self.all {
            let apart = |it: &(u16, Range<usize>, Confidence)| {
                it.1.end <= found.1.start || found.1.end <= it.1.start
            };
            if told.iter().all(apart) {
                told.push(found);
            }
        }
        told.sort_by_key(|(_, place, _)| place.start);
        let finding = |(rule, place, confidence): (u16, Range<usize>, Confidence)| {
            Finding::new(&RULES[usize::from(rule)], self.text, place.start, place.end, confidence)
        };
        told.into_iter().map(finding).collect()
    }
}

/// A token by its own form, whose keyword is at `key`.
fn token(
    text: &[u8],
    number: u16,
    back: usize,
    key: usize,
) -> Option<(u16, Range<usize>, Confidence)> {
    let rule = &RULES[usize::from(number)];
    for at in key.saturating_sub(back)..=key {
        if !(rule.inside || begins(text, at)) {
            continue;
        }
        let Some(found) = pattern::at(rule, text, at) else { continue };
        let ends = !text.get(found.whole.end).is_some_and(u8::is_ascii_alphanumeric);
        if found.whole.end <= key || !(rule.inside || ends) {
            continue;
        }
        let secret = &text[found.secret.clone()];
        if entropy::bits(secret) < rule.entropy || placeholder::is(secret) {
            return None;
        }
        let verdict = rule.check.map_or(Verdict::Right, |check| check.verdict(secret));
        let sure = match verdict {
            Verdict::Wrong => return None,
            Verdict::Doubtful => Medium,
            Verdict::Right if rule.medium => Medium,
            Verdict::Right => High,
        };
        return Some((number, found.secret, sure));
    }
    None
}

/// Whether a word may begin here: after no letter or digit, but for the end of an escape (`\n`, `%3D`).
fn begins(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    match before {
        [.., b'\\', b'n' | b'r' | b't' | b'"'] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
}

//! What the parts of the scanner found in a text, and which of it is told.

use super::check::Verdict;
use super::finding::Confidence::{self, High, Medium};
use super::finding::Finding;
use super::rules::{
    CURL_USER, GENERIC_PASSWORD, GENERIC_SECRET, KUBERNETES_SECRET, PRIVATE_KEY, PUTTY_PRIVATE_KEY,
    RULES, Rule, SQL_SERVER_PASSWORD, Trigger, URL_PASSWORD,
};
use super::{address, assigned, command, entropy, kubernetes, pattern, pem, placeholder};
use std::collections::BTreeMap;
use std::ops::Range;

/// What was found in a text so far.
pub struct Found<'t> {
    text: &'t [u8],
    all: Vec<(u16, Range<usize>, Confidence)>,
    /// For rules that were tried, where what they took for a token ends: none begins within another.
    tried: Vec<(u16, usize)>,
    /// Where the last manifest ends that was read.
    read: usize,
}

impl<'t> Found<'t> {
    pub fn of(text: &'t [u8]) -> Found<'t> {
        Found { text, all: Vec::new(), tried: Vec::new(), read: 0 }
    }

    /// Looks at what a keyword at `key` wakes.
    pub fn look(&mut self, trigger: Trigger, key: usize) {
        let text = self.text;
        let sure = |place: Option<Range<usize>>, rule| place.map(|place| (rule, place, High));
        let found = match trigger {
            Trigger::Rule { rule, back } => self.token(rule, usize::from(back), key),
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
            Trigger::Kubernetes if key < self.read => None,
            Trigger::Kubernetes => {
                let (values, end) = kubernetes::values(text, key);
                self.all.extend(values.into_iter().map(|it| (KUBERNETES_SECRET, it, Medium)));
                self.read = end;
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
        // What is told, by where it begins: nothing in it overlaps.
        let mut told: BTreeMap<usize, (u16, usize, Confidence)> = BTreeMap::new();
        for (rule, place, confidence) in self.all {
            let before = told.range(..place.end).next_back();
            if before.is_none_or(|(_, (_, end, _))| *end <= place.start) {
                told.insert(place.start, (rule, place.end, confidence));
            }
        }
        let mut lines = Lines::of(self.text);
        let finding = |(start, (rule, end, confidence)): (usize, (u16, usize, Confidence))| {
            let rule = &RULES[usize::from(rule)];
            Finding::new(rule, &self.text[start..end], start, confidence, lines.at(start))
        };
        told.into_iter().map(finding).collect()
    }

    /// A token by its own form, whose keyword is at `key`.
    fn token(
        &mut self,
        number: u16,
        back: usize,
        key: usize,
    ) -> Option<(u16, Range<usize>, Confidence)> {
        let (text, rule) = (self.text, &RULES[usize::from(number)]);
        let tried = self.tried.iter().position(|(it, _)| *it == number);
        let from = tried.map_or(0, |tried| self.tried[tried].1);
        for at in key.saturating_sub(back).max(from)..=key {
            if !(rule.inside || begins(text, at)) {
                continue;
            }
            let Some(found) = pattern::at(rule, text, at) else { continue };
            let ends = !text.get(found.whole.end).is_some_and(u8::is_ascii_alphanumeric);
            if found.whole.end <= key || !(rule.inside || ends) {
                continue;
            }
            match tried {
                Some(tried) => self.tried[tried].1 = found.whole.end,
                None => self.tried.push((number, found.whole.end)),
            }
            return sure(rule, &text[found.secret.clone()])
                .map(|sure| (number, found.secret, sure));
        }
        None
    }
}

/// How sure it is that what has a rule's form is a secret.
fn sure(rule: &Rule, secret: &[u8]) -> Option<Confidence> {
    if entropy::bits(secret) < rule.entropy || placeholder::is(secret) {
        return None;
    }
    match rule.check.map_or(Verdict::Right, |check| check.verdict(secret)) {
        Verdict::Wrong => None,
        Verdict::Doubtful => Some(Medium),
        Verdict::Right if rule.medium => Some(Medium),
        Verdict::Right => Some(High),
    }
}

/// The lines of a text, counted as one goes through it: places come in their order.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    column: usize,
}

impl<'t> Lines<'t> {
    fn of(text: &'t [u8]) -> Lines<'t> {
        Lines { text, at: 0, line: 1, column: 1 }
    }

    /// The line and the column of a place, from 1, in characters.
    fn at(&mut self, place: usize) -> (usize, usize) {
        let mut passed = &self.text[self.at..place];
        if let Some(last) = memchr::memrchr(b'\n', passed) {
            self.line += memchr::memchr_iter(b'\n', passed).count();
            self.column = 1;
            passed = &passed[last + 1..];
        }
        // Bytes that do not go on with a character begin one.
        self.column += passed.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        self.at = place;
        (self.line, self.column)
    }
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

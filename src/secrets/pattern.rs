//! Matching a pattern: steps over sets of bytes, each greedy, with a way back.

use super::rules::{Rule, SETS, STEPS, Sequence, Step};
use std::ops::Range;

/// What a pattern matched: all of it, and the secret in it.
pub struct Match {
    pub whole: Range<usize>,
    pub secret: Range<usize>,
}

/// The longest match of the rule's pattern that begins at `at`.
pub fn at(rule: &Rule, text: &[u8], at: usize) -> Option<Match> {
    let matches = rule.sequences().iter().filter_map(|sequence| run(sequence, text, at, false));
    matches.max_by_key(|found| found.whole.end)
}

/// Whether the pattern matches the whole text.
pub fn whole(rule: &Rule, text: &[u8]) -> bool {
    rule.sequences().iter().any(|sequence| run(sequence, text, 0, true).is_some())
}

fn run(sequence: &Sequence, text: &[u8], at: usize, to_end: bool) -> Option<Match> {
    let first = usize::from(sequence.first);
    let steps = &STEPS[first..first + usize::from(sequence.len)];
    let mut marks = Marks { open: sequence.open, close: sequence.close, start: at, end: None };
    let end = go(steps, 0, text, at, to_end, &mut marks)?;
    Some(Match { whole: at..end, secret: marks.start..marks.end.unwrap_or(end) })
}

/// Where the group begins and ends, by steps and then by bytes.
struct Marks {
    open: u8,
    close: u8,
    start: usize,
    end: Option<usize>,
}

/// Goes on from `step`; the end of the match. Recursion is as deep as a pattern has steps.
fn go(
    steps: &[Step],
    step: usize,
    text: &[u8],
    at: usize,
    to_end: bool,
    marks: &mut Marks,
) -> Option<usize> {
    if step == usize::from(marks.open) {
        marks.start = at;
    }
    if step == usize::from(marks.close) {
        marks.end = Some(at);
    }
    let Some(now) = steps.get(step) else {
        return (!to_end || at == text.len()).then_some(at);
    };
    let set = &SETS[usize::from(now.set)];
    let has = |byte: &u8| set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1;
    let most = text[at..].iter().take(usize::from(now.max)).take_while(|byte| has(byte)).count();
    let least = usize::from(now.min);
    (least..=most).rev().find_map(|count| go(steps, step + 1, text, at + count, to_end, marks))
}

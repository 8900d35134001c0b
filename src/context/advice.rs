//! What to drop or narrow when a briefing is over its budget, with what each step saves.

use super::read::Loaded;
use super::sections::{Section, sections};
use super::tokens::{Count, Counter};
use crate::model::{Priority, Selection};
use serde::Serialize;

/// A briefing that does not fit, and the steps that make it.
#[derive(Debug, Clone, Serialize)]
pub struct OverBudget {
    /// The model it was counted for.
    pub model: String,
    /// False where the counts are estimates.
    pub exact: bool,
    /// Tokens it may have.
    pub budget: u64,
    /// Tokens it has, the likely number.
    pub total_tokens: u64,
    /// The upper end of the estimate, which was checked.
    pub total_tokens_upper: u64,
    /// How much is too much: the upper end less the budget.
    pub over_by: u64,
    /// In the order to take them.
    pub steps: Vec<Step>,
}

/// One way to save tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What to do with the item.
    pub action: Action,
    /// What to leave out, or what to ask for instead.
    pub item: String,
    /// The item's priority.
    pub priority: Priority,
    /// Tokens it costs now.
    pub tokens: u64,
    /// Tokens that taking this step saves, by the upper end.
    pub saves: u64,
    /// Whether this step and those above it together make the briefing fit; of the ways to narrow
    /// one file only the first counts.
    pub fits: bool,
}

/// What a [`Step`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Leave the item out.
    Drop,
    /// Ask for this part of the file instead of all of it.
    Narrow,
}

/// How many of the largest files are looked into for parts to take instead.
const LOOKED_INTO: usize = 5;

/// How many parts of one file are proposed.
const PARTS: usize = 8;

/// The steps: drop what is optional, then what is recommended, each the largest first; then narrow
/// the largest of the required.
pub fn steps(
    loaded: &[Loaded],
    counts: &[Count],
    over_by: u64,
    counter: &Counter<'_>,
) -> Vec<Step> {
    let mut order: Vec<usize> = (0..loaded.len()).collect();
    order.sort_by_key(|at| {
        (std::cmp::Reverse(loaded[*at].priority), std::cmp::Reverse(counts[*at].upper))
    });
    let mut steps = Vec::new();
    let mut saved = 0;
    let mut looked_into = 0;
    for at in order {
        let (it, count) = (&loaded[at], counts[at]);
        let found = match it.priority {
            Priority::Required if looked_into < LOOKED_INTO => {
                looked_into += 1;
                narrow(it, count, counter)
            }
            Priority::Required => break,
            _ => vec![step(Action::Drop, it.label(), it.priority, count, count.upper)],
        };
        saved += found.first().map_or(0, |step| step.saves);
        let fits = saved >= over_by;
        steps.extend(found.into_iter().map(|step| Step { fits, ..step }));
        if fits {
            break;
        }
    }
    steps
}

fn step(action: Action, item: String, priority: Priority, count: Count, saves: u64) -> Step {
    Step { action, item, priority, tokens: count.tokens, saves, fits: false }
}

/// Parts of a file to take instead of all of it, the smallest saving last.
fn narrow(it: &Loaded, count: Count, counter: &Counter<'_>) -> Vec<Step> {
    if it.selection != Selection::Whole {
        return Vec::new();
    }
    let mut parts = match it.kind {
        "markdown" => headings(it, counter),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        parts.extend(first_half(it, counter));
    }
    parts.sort_by_key(|(_, part)| part.upper);
    let priority = it.priority;
    let worthwhile = parts.into_iter().filter(|(_, part)| part.upper < count.upper);
    worthwhile
        .take(PARTS)
        .map(|(item, part)| step(Action::Narrow, item, priority, part, count.upper - part.upper))
        .collect()
}

/// The sections of the highest level that has more than one, with their sizes.
fn headings(it: &Loaded, counter: &Counter<'_>) -> Vec<(String, Count)> {
    let all = sections(&it.text);
    let of_level = |level: u8| all.iter().filter(move |section| section.level == level);
    let Some(level) = (1..=6).find(|level| of_level(*level).count() > 1) else { return Vec::new() };
    let part = |section: &Section| {
        let text = &it.text[section.range.clone()];
        (format!("{}#{}", it.source, section.title), counter.count(text, it.kind))
    };
    of_level(level).map(part).collect()
}

fn first_half(it: &Loaded, counter: &Counter<'_>) -> Option<(String, Count)> {
    let lines: Vec<&str> = it.text.split_inclusive('\n').collect();
    let half = lines.len() / 2;
    (half > 10).then(|| {
        let text = lines[..half].concat();
        (format!("{}:1-{half}", it.source), counter.count(&text, it.kind))
    })
}

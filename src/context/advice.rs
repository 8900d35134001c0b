//! What to drop or narrow when a briefing is over its budget, with what each step saves.

use super::attempt::{Attempt, Material};
use super::read::Loaded;
use super::sections::{Section, sections};
use super::tokens::Counter;
use crate::error::Result;
use crate::model::{ContextItem, Count, Priority, Selection};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

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
    /// Whether this step and those above it make the briefing fit; ways to narrow the same thing are
    /// alternatives.
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

/// How many parts of one thing are proposed.
const PARTS: usize = 8;

/// From so many required files on, directories are proposed instead of parts of files.
const MANY: usize = 20;

/// The steps: drop what is optional, then what is recommended, each the largest first; then narrow
/// what is required.
pub fn steps(
    material: &Material,
    attempt: &Attempt,
    over_by: u64,
    counter: &Counter<'_>,
) -> Result<Vec<Step>> {
    let loaded = &material.loaded;
    let counts = savings(&attempt.bundle.context_items, &attempt.measured.items);
    let mut items: Vec<(&Loaded, Count)> = loaded.iter().zip(counts).collect();
    items.sort_by_key(|(it, count)| {
        (std::cmp::Reverse(it.priority), std::cmp::Reverse(count.upper))
    });
    let required = items.iter().position(|(it, _)| it.priority == Priority::Required);
    let (spare, required) = items.split_at(required.unwrap_or(items.len()));
    // Of a text that stands twice, what is left then costs what the reference did.
    let mut least: HashMap<&str, u64> = HashMap::new();
    for (it, count) in &items {
        let cost = least.entry(&it.content_hash).or_insert(count.upper);
        *cost = (*cost).min(count.upper);
    }
    let drops = spare.iter().map(|(it, count)| {
        let saves = least[it.content_hash.as_str()];
        vec![step(Action::Drop, it.label(), it.priority, *count, saves)]
    });
    let mut ways: Vec<Vec<Step>> = drops.collect();
    match required.len() {
        MANY.. => ways.push(directories(required)),
        _ => {
            for (it, count) in required.iter().take(LOOKED_INTO) {
                let text = material.texts.get(&it.content_hash)?;
                ways.push(narrow(it, &text, *count, counter));
            }
        }
    }
    Ok(until_it_fits(ways, over_by))
}

/// What goes when an item goes: its tokens less those of blocks that others refer to, which would
/// then be sent in full elsewhere.
fn savings(items: &[ContextItem], counts: &[Count]) -> Vec<Count> {
    let mut stays = vec![0u64; items.len()];
    let mut seen = HashSet::new();
    for reference in items.iter().flat_map(|item| &item.references) {
        if seen.insert((reference.item, reference.offset, reference.end - reference.start)) {
            stays[reference.item] += reference.end - reference.start;
        }
    }
    let left = items.iter().zip(counts).zip(stays).map(|((item, count), stays)| {
        let share = stays.min(item.bytes) as f64 / item.bytes.max(1) as f64;
        let without =
            |tokens: u64| tokens - (tokens as f64 * share).ceil().min(tokens as f64) as u64;
        Count { tokens: count.tokens, upper: without(count.upper) }
    });
    left.collect()
}

/// As many of the ways as are needed, one after the other; of each the alternatives, of which the
/// first saves least and is counted on.
fn until_it_fits(ways: Vec<Vec<Step>>, over_by: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut saved = 0;
    for alternatives in ways {
        if saved >= over_by {
            break;
        }
        let least = alternatives.first().map_or(0, |step| step.saves);
        let fits = |step: &Step| saved + step.saves >= over_by;
        steps.extend(alternatives.into_iter().map(|step| Step { fits: fits(&step), ..step }));
        saved += least;
    }
    steps
}

fn step(action: Action, item: String, priority: Priority, count: Count, saves: u64) -> Step {
    Step { action, item, priority, tokens: count.tokens, saves, fits: false }
}

/// Parts of a file to take instead of all of it, the largest first: the saving to count on is the
/// least.
fn narrow(it: &Loaded, text: &str, count: Count, counter: &Counter<'_>) -> Vec<Step> {
    let mut parts = match it.selection {
        Selection::Whole if it.kind == "markdown" => headings(it, text, counter),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        parts.extend(first_half(it, text, counter));
    }
    // A part has the same wrapper as the whole.
    let bare = counter.count(text, it.kind);
    let wrapper = Count {
        tokens: count.tokens.saturating_sub(bare.tokens),
        upper: count.upper.saturating_sub(bare.upper),
    };
    for (label, part) in &mut parts {
        let suffix = label.strip_prefix(it.source.as_str()).unwrap_or(label);
        *part = *part + wrapper + counter.count(suffix, "text");
    }
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.upper));
    let priority = it.priority;
    let worthwhile = parts.into_iter().filter(|(_, part)| part.upper < count.upper);
    worthwhile
        .take(PARTS)
        .map(|(item, part)| step(Action::Narrow, item, priority, part, count.upper - part.upper))
        .collect()
}

/// The sections of the highest level that has more than one, with their sizes.
fn headings(it: &Loaded, text: &str, counter: &Counter<'_>) -> Vec<(String, Count)> {
    let all = sections(text);
    let of_level = |level: u8| all.iter().filter(move |section| section.level == level);
    let Some(level) = (1..=6).find(|level| of_level(*level).count() > 1) else { return Vec::new() };
    let part = |section: &Section| {
        let own = &text[section.range.clone()];
        (format!("{}#{}", it.source, section.title), counter.count(own, it.kind))
    };
    of_level(level).map(part).collect()
}

/// The first half of a file, or of the lines taken of it.
fn first_half(it: &Loaded, text: &str, counter: &Counter<'_>) -> Option<(String, Count)> {
    let first = match it.selection {
        Selection::Whole => 1,
        Selection::Lines { first, .. } => first,
        Selection::Sections(_) => return None,
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let half = lines.len() / 2;
    (half > 10).then(|| {
        let text = lines[..half].concat();
        let label = format!("{}:{first}-{}", it.source, first + half - 1);
        (label, counter.count(&text, it.kind))
    })
}

/// The directories that the files lie in, one level below what they have in common, largest first.
fn directories(required: &[(&Loaded, Count)]) -> Vec<Step> {
    let all: u64 = required.iter().map(|(_, count)| count.upper).sum();
    let first = required.first().map_or("", |(it, _)| it.source.as_str());
    let common = required.iter().fold(parent(first), |common, (it, _)| shared(common, &it.source));
    let mut found: BTreeMap<&str, Count> = BTreeMap::new();
    for (it, count) in required {
        let below =
            it.source[common.len()..].find('/').map_or(it.source.len(), |at| common.len() + at);
        let sum = found.entry(&it.source[..below]).or_default();
        *sum = *sum + *count;
    }
    let mut found: Vec<(&str, Count)> = found.into_iter().collect();
    found.sort_by_key(|(_, count)| std::cmp::Reverse(count.upper));
    let part = |(name, count): (&str, Count)| {
        step(Action::Narrow, name.to_owned(), Priority::Required, count, all - count.upper)
    };
    found.into_iter().take(PARTS).map(part).collect()
}

/// The directory of a path, with its `/`.
fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// The directory that `common` and `path` both lie in.
fn shared<'p>(mut common: &'p str, path: &str) -> &'p str {
    while !path.starts_with(common) {
        common = parent(common.trim_end_matches('/'));
    }
    common
}

//! A session against the last one of the same scope.

use super::context::{Delta, Previous, SynthesisContext};
use crate::render::{duration, grouped};

/// What a figure counts, and so how it is told.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Tokens,
    Percent,
    Millis,
}

/// What more of it means.
#[derive(Clone, Copy)]
enum More {
    Better,
    Worse,
    Neither,
}

type Figure = (&'static str, &'static str, Unit, More, fn(&SynthesisContext) -> Option<i64>);

const FIGURES: &[Figure] = &[
    ("deployments", "deployments", Unit::Count, More::Neither, |it| count(it.summary.deployed)),
    ("success_percent", "success", Unit::Percent, More::Better, success),
    ("tokens", "tokens", Unit::Tokens, More::Neither, |it| signed(it.context.total_tokens)),
    ("wall_ms", "wall time", Unit::Millis, More::Neither, |it| it.summary.wall_ms),
    ("gates_passed", "gates passed", Unit::Count, More::Better, |it| {
        count(it.summary.gates_passed)
    }),
    ("gates_failed", "gates failed", Unit::Count, More::Worse, |it| count(it.summary.gates_failed)),
    ("deliverables", "deliverables", Unit::Count, More::Neither, |it| count(it.changes.files)),
    ("lines_changed", "lines changed", Unit::Count, More::Neither, |it| {
        signed(it.changes.lines_added + it.changes.lines_modified + it.changes.lines_removed)
    }),
    ("dedup_saved_tokens", "tokens saved by deduplication", Unit::Tokens, More::Neither, |it| {
        signed(it.context.dedup_saved_tokens)
    }),
];

/// What the sentence tells, where it differs; the table has all.
const TOLD: &[&str] =
    &["deployments", "success_percent", "tokens", "wall_ms", "gates_passed", "gates_failed"];

fn count(number: usize) -> Option<i64> {
    i64::try_from(number).ok()
}

fn signed(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

/// Of the deployments that are back, how many completed.
fn success(context: &SynthesisContext) -> Option<i64> {
    let back = context.summary.completed + context.summary.failed;
    let share = context.summary.completed as f64 * 100.0 / back as f64;
    (back > 0).then_some(share.round() as i64)
}

impl Previous {
    /// None if `before` is no session's.
    pub(super) fn of(before: &SynthesisContext, now: &SynthesisContext) -> Option<Previous> {
        let session = before.session.as_ref()?;
        let deltas: Vec<Delta> = FIGURES.iter().map(|it| Delta::of(it, before, now)).collect();
        let changed = deltas.iter().filter(|it| TOLD.contains(&it.key));
        let changed = changed.filter(|it| it.change.is_some_and(|change| change != 0));
        let changed: Vec<String> =
            changed.map(|it| format!("{} {}", it.label, it.change_text)).collect();
        let changes = match changed.is_empty() {
            true => "no difference".to_owned(),
            false => changed.join(", "),
        };
        Some(Previous {
            session_id: session.session_id.clone(),
            status: session.status,
            created_at: session.created_at,
            ended_at: session.ended_at,
            sentence: format!(
                "Against {} of {}: {changes}.",
                session.session_id,
                session.created_at.day()
            ),
            deltas,
        })
    }
}

impl Delta {
    fn of(
        (key, label, unit, more, figure): &Figure,
        before: &SynthesisContext,
        now: &SynthesisContext,
    ) -> Delta {
        let (before, now) = (figure(before), figure(now));
        let change = before.zip(now).map(|(before, now)| now - before);
        let told = |value: Option<i64>| value.map_or("-".to_owned(), |value| unit.told(value));
        Delta {
            key,
            label,
            before,
            now,
            change,
            before_text: told(before),
            now_text: told(now),
            change_text: match (before, change) {
                (_, Some(0)) => "same".to_owned(),
                (Some(before), Some(change)) => unit.change(before, change),
                _ => "-".to_owned(),
            },
            verdict: match (change, more) {
                (Some(0), _) => "same",
                (None, _) | (_, More::Neither) => "other",
                (Some(change), More::Better) if change > 0 => "better",
                (Some(change), More::Worse) if change < 0 => "better",
                _ => "worse",
            },
        }
    }
}

impl Unit {
    fn told(self, value: i64) -> String {
        match self {
            Self::Count | Self::Tokens => grouped(value.unsigned_abs()),
            Self::Percent => format!("{value} %"),
            Self::Millis => duration(value),
        }
    }

    /// With its sign; of tokens and time the share, too.
    fn change(self, before: i64, change: i64) -> String {
        let sign = if change < 0 { "−" } else { "+" };
        let size = match self {
            Self::Percent => format!("{} points", change.unsigned_abs()),
            _ => self.told(change.abs()),
        };
        let share = change.unsigned_abs() as f64 * 100.0 / before.unsigned_abs() as f64;
        match self {
            Self::Tokens | Self::Millis if before > 0 => {
                format!("{sign}{size} ({sign}{share:.0} %)")
            }
            _ => format!("{sign}{size}"),
        }
    }
}

//! Words and tones that several views share.

use crate::context::budget::BudgetStatus;
use crate::model::{SkipReason, Skipped};
use crate::render::{Tone, grouped};

/// How many items a summary lists.
pub(super) const LISTED: usize = 15;

/// What a status means to the reader.
pub(super) fn tone(status: BudgetStatus) -> Tone {
    match status {
        BudgetStatus::Ok => Tone::Good,
        BudgetStatus::Warning => Tone::Warning,
        BudgetStatus::Critical | BudgetStatus::Over => Tone::Bad,
    }
}

/// “3 ignored, 1 binary”.
pub(super) fn skipped_in_words(skipped: &[Skipped]) -> String {
    let of = |reason: SkipReason| skipped.iter().filter(|it| it.reason == reason).count();
    let counts = SkipReason::ALL.iter().map(|reason| (reason, of(*reason)));
    let told: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{} {reason}", grouped(count as u64)))
        .collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

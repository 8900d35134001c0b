//! Words and tones that several views share.

use crate::context::budget::BudgetStatus;
use crate::context::fault::skipped_in_words;
use crate::model::Skipped;
use crate::render::{Cell, Tone};

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

/// What was left out, by its reasons.
pub(super) fn skipped(skipped: &[Skipped]) -> Cell {
    skipped_in_words(skipped).map_or_else(|| "nothing".into(), Cell::from)
}

//! Words and tones that several views share.

use crate::context::budget::BudgetStatus;
use crate::render::Tone;

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

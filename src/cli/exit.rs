//! Exit codes, and how an error becomes one. `references/exit-codes.md` explains them to users; a
//! test holds the two equal.

use sortie::Kind;
use std::process::ExitCode;

/// Done.
pub const DONE: u8 = 0;
/// The machine or the surroundings refused.
pub const FAILED: u8 = 1;
/// The call or the configuration is wrong.
pub const USAGE: u8 = 2;
/// Something named does not exist, or cannot be included.
pub const NOT_FOUND: u8 = 3;
/// The context does not fit the budget.
pub const OVER_BUDGET: u8 = 4;
/// The record says otherwise already.
pub const CONFLICT: u8 = 5;
/// Another process held the history too long; try again.
pub const BUSY: u8 = 6;
/// The history is damaged, newer, or not ours.
pub const REFUSED: u8 = 7;
/// What was checked does not hold.
pub const CHECK_FAILED: u8 = 8;
/// A secret would go out.
pub const SECRET: u8 = 9;

/// Only of `ctx check-bounds` and `ctx track-budget`: the warning threshold is reached.
pub const BOUNDS_WARNING: u8 = 1;
/// Only of `ctx check-bounds`: the critical threshold is reached.
pub const BOUNDS_CRITICAL: u8 = 2;

/// The exit code of a kind of error.
pub fn code(kind: Kind) -> ExitCode {
    ExitCode::from(match kind {
        Kind::Failed => FAILED,
        Kind::Usage => USAGE,
        Kind::NotFound => NOT_FOUND,
        Kind::OverBudget => OVER_BUDGET,
        Kind::Conflict => CONFLICT,
        Kind::Busy => BUSY,
        Kind::Refused => REFUSED,
        Kind::Secret => SECRET,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_every_code() {
        let text = include_str!("../../references/exit-codes.md");
        let documented: Vec<u8> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        let codes = [
            DONE,
            FAILED,
            USAGE,
            NOT_FOUND,
            OVER_BUDGET,
            CONFLICT,
            BUSY,
            REFUSED,
            CHECK_FAILED,
            SECRET,
        ];
        assert_eq!(documented, codes);
        assert!(text.contains("check-bounds") && text.contains("track-budget"));
        assert_eq!((BOUNDS_WARNING, BOUNDS_CRITICAL), (1, 2));
    }
}

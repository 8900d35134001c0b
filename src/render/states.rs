//! How a deployment, a session or a gate stands, which more than one area shows.

use super::cells::{Cell, Tone};
use crate::model::{ExecutionStatus, SessionStatus};

/// How a deployment stands.
pub fn status_cell(status: ExecutionStatus) -> Cell {
    Cell::toned(status, status_tone(status.as_str()))
}

/// How a session stands.
pub fn session_cell(status: SessionStatus) -> Cell {
    Cell::toned(status, status_tone(status.as_str()))
}

/// What the word for either means.
pub fn status_tone(status: &str) -> Tone {
    match status {
        "deployed" => Tone::Warning,
        "completed" => Tone::Good,
        "failed" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// The answer of a check.
pub fn valid_cell(valid: bool) -> Cell {
    match valid {
        true => Cell::toned("valid", Tone::Good),
        false => Cell::toned("not valid", Tone::Bad),
    }
}

/// What the result of a gate means, by its word.
pub fn gate_tone(result: &str) -> Tone {
    match result {
        "pass" => Tone::Good,
        "fail" => Tone::Bad,
        _ => Tone::Plain,
    }
}

//! What a bundle needs to know of a text without having it.

use super::kind;
use crate::briefing::{boundary_of, bracket_runs, longest_backticks};
use crate::model::BlockReference;
use crate::secrets::{self, Finding};
use serde::{Deserialize, Serialize};

/// What is known of a text from having read it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its length.
    pub bytes: usize,
    /// Whether it is not empty and has no newline at its end.
    pub lacks_newline: bool,
    /// The length of its longest run of backticks.
    pub backticks: usize,
    /// The longest run of brackets before what a reference begins with.
    pub brackets: usize,
    /// A word of hex digits that is not in it.
    pub boundary: String,
    /// What its looks are to its estimate.
    pub looks: kind::Looks,
    /// What in it looks like a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Finding>,
    /// By which rules that was looked for.
    rules: u64,
}

impl Facts {
    /// Of the text whose blake3 that is.
    pub fn of(text: &str, content_hash: &str) -> Facts {
        Facts {
            bytes: text.len(),
            lacks_newline: !text.is_empty() && !text.ends_with('\n'),
            backticks: longest_backticks(text),
            brackets: bracket_runs(text),
            boundary: boundary_of(text, content_hash),
            looks: kind::Looks::of(text),
            secrets: secrets::scan(text),
            rules: secrets::VERSION,
        }
    }

    /// Whether they say of secrets what the rules of today say.
    pub fn are_current(&self) -> bool {
        self.rules == secrets::VERSION
    }

    /// Whether a block of the text, which is of whole lines, ends with a newline.
    pub fn ends_line(&self, reference: &BlockReference) -> bool {
        !(self.lacks_newline && reference.end as usize == self.bytes)
    }
}

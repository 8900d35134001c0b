//! What was found: everything about a secret but the secret.

use super::rules::{RULES, Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How sure it is that something is a secret.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Worth a warning: it may be a value of a test, an id, a hash.
    Medium,
    /// By its form it can hardly be anything else.
    High,
}

/// Where a secret stands, and what it is by which rule. The value itself is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id, as in `github-pat`.
    pub rule: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The first byte of the secret in the text.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
    pub confidence: Confidence,
    /// The beginning of the blake3 of rule and value: the same secret has the same one everywhere.
    pub fingerprint: String,
}

/// Hex digits of a fingerprint.
const DIGITS: usize = 16;

impl Finding {
    /// Of the secret that begins at `start`, in that line and column.
    pub(super) fn new(
        rule: &Rule,
        secret: &[u8],
        start: usize,
        confidence: Confidence,
        (line, column): (usize, usize),
    ) -> Finding {
        let mut hasher = blake3::Hasher::new();
        hasher.update(rule.id.as_bytes()).update(b"\0").update(secret);
        Finding {
            rule: rule.id.to_owned(),
            line,
            column,
            start,
            end: start + secret.len(),
            confidence,
            fingerprint: hasher.finalize().to_hex()[..DIGITS].to_owned(),
        }
    }

    /// What kind of secret it is, in a few words.
    pub fn about(&self) -> &'static str {
        RULES.iter().find(|rule| rule.id == self.rule).map_or("secret", |rule| rule.about)
    }
}

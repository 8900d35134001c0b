//! What was found: everything about a secret but the secret.

use super::rules::{RULES, Rule};
use serde::{Deserialize, Serialize};

/// How sure it is that something is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Worth a warning: it may be a value of a test, an id, a hash.
    Medium,
    /// By its form it can hardly be anything else.
    High,
}

/// Where a secret stands, and what it is by which rule. The value itself is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(super) fn new(
        rule: &Rule,
        text: &[u8],
        start: usize,
        end: usize,
        confidence: Confidence,
    ) -> Finding {
        let before = &text[..start];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let mut hasher = blake3::Hasher::new();
        hasher.update(rule.id.as_bytes()).update(b"\0").update(&text[start..end]);
        Finding {
            rule: rule.id.to_owned(),
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            // Bytes that do not go on with a character begin one.
            column: before[line_start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1,
            start,
            end,
            confidence,
            fingerprint: hasher.finalize().to_hex()[..DIGITS].to_owned(),
        }
    }

    /// What kind of secret it is, in a few words.
    pub fn about(&self) -> &'static str {
        RULES.iter().find(|rule| rule.id == self.rule).map_or("secret", |rule| rule.about)
    }
}

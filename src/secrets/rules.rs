//! The rules, as the build script wrote them.

use super::check::Check;

/// A kind of secret.
pub struct Rule {
    pub id: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The first of its sequences.
    pub first: u16,
    pub sequences: u16,
    /// Of which the name assigned to must have one; none where a token is found by itself.
    pub names: &'static [&'static str],
    /// Whether the value is an identifier, so that the name need not speak of a secret.
    pub identifier: bool,
    pub check: Option<Check>,
    /// Bits a byte that a secret has at least.
    pub entropy: f32,
    /// Never more than a warning.
    pub medium: bool,
    /// Whether letters and digits may stand next to it.
    pub inside: bool,
}

/// One way through a pattern: steps, and which of them are the secret.
pub struct Sequence {
    pub first: u16,
    pub len: u8,
    pub open: u8,
    pub close: u8,
}

/// So many bytes of a set.
pub struct Step {
    pub set: u8,
    pub min: u16,
    pub max: u16,
}

/// Whom a keyword wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A token by its pattern, which may begin so many bytes before the keyword.
    Rule {
        rule: u16,
        back: u16,
    },
    Name,
    Pem,
    Putty,
    Url,
    Connection,
    Kubernetes,
    Curl,
    Header,
}

/// Four bytes, folded, that stand so far behind a keyword's beginning.
pub struct Gram {
    pub gram: u32,
    pub offset: u8,
    pub trigger: u16,
}

include!(concat!(env!("OUT_DIR"), "/secrets.rs"));

impl Rule {
    /// The ways through its pattern.
    pub fn sequences(&self) -> &'static [Sequence] {
        let first = usize::from(self.first);
        &SEQUENCES[first..first + usize::from(self.sequences)]
    }
}

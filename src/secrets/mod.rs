//! Secrets in a text: where they stand and by which rule, never what they are.
//!
//! One pass asks a filter of four-byte grams (`keywords`), and what it meets is looked at by the rule it
//! stands for: a token's pattern (`pattern`), a value assigned to a telling name (`assigned`), or one of
//! the forms that many share (`pem`, `address`, `kubernetes`, `command`). All tables are made while
//! building, of `assets/secrets.toml`. A [`Finding`] holds a fingerprint of the secret in its place.
//!
//! Pure: what becomes of findings (a refusal, a redaction, a note) is for others to say.

mod address;
mod allowed;
mod assigned;
mod check;
mod command;
mod entropy;
mod filter;
mod finding;
mod found;
mod keywords;
mod kubernetes;
mod names;
mod pattern;
mod pem;
mod placeholder;
mod redact;
mod rules;
mod value;

#[cfg(test)]
mod tests;

pub use allowed::Allowances;
pub use finding::{Confidence, Finding};
pub use redact::{Redacted, marks, redact, redacted, redacted_bytes};
pub use rules::VERSION;

/// The secrets in a text, in their order; no two overlap.
pub fn scan(text: &str) -> Vec<Finding> {
    scan_bytes(text.as_bytes())
}

/// The same of what may be no UTF-8.
pub fn scan_bytes(text: &[u8]) -> Vec<Finding> {
    let mut found = found::Found::of(text);
    keywords::each(text, |trigger, key| found.look(trigger, key));
    found.findings()
}

/// How many kinds of secret are known.
pub fn kinds() -> usize {
    rules::RULES.len()
}

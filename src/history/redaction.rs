//! Messages are kept without their secrets, unless somebody says otherwise.
//!
//! In the place of each stands its rule and its fingerprint, so the record itself says how many were
//! taken out, and which. The same message is redacted the same way: a retry is still a retry.

use super::History;
use crate::config::Config;
use crate::model::Allowance;
use crate::render::counted;
use crate::secrets::{self, Allowances, Finding};
use std::collections::BTreeSet;

/// What becomes of secrets in what is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'w> {
    pub allow: &'w [Allowance],
    /// Store everything as it comes.
    pub keep: bool,
}

impl<'w> Stored<'w> {
    /// What a project says of it.
    pub fn of(config: &'w Config) -> Stored<'w> {
        Stored { allow: &config.secrets.allow, keep: config.secrets.keep_in_messages }
    }

    /// What is stored of a message, and what was taken out of it.
    pub fn without_secrets(&self, message: &[u8]) -> (Vec<u8>, Vec<Finding>) {
        self.redacted(message).unwrap_or_else(|| (message.to_vec(), Vec::new()))
    }

    /// What is stored of a text in which there is something to take out.
    pub fn redacted(&self, text: &[u8]) -> Option<(Vec<u8>, Vec<Finding>)> {
        if self.keep {
            return None;
        }
        let allowances = Allowances::new(self.allow);
        secrets::redacted_bytes(text, |it| !allowances.allows(it, None))
    }
}

impl<'w> History<'w> {
    /// The same, storing messages as they come if `keep` says so.
    pub fn keeping_secrets(mut self, keep: bool) -> History<'w> {
        self.stored.keep |= keep;
        self
    }

    /// What is stored of a message, and what was taken out of it.
    pub fn without_secrets(&self, message: &[u8]) -> (Vec<u8>, Vec<Finding>) {
        self.stored.without_secrets(message)
    }

    /// The same of a text; what was taken out is added to `findings`.
    pub(crate) fn clean(&self, text: &str, findings: &mut Vec<Finding>) -> String {
        let (bytes, found) = self.without_secrets(text.as_bytes());
        findings.extend(found);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Says that something is not stored as it came, if so.
pub fn taken_out(redacted: &[Finding]) -> Option<String> {
    let rules: BTreeSet<&str> = redacted.iter().map(|it| it.rule.as_str()).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let count = counted(redacted.len(), "secret was", "secrets were");
    let rules = rules.join(", ");
    (!redacted.is_empty()).then(|| format!("{count} taken out before it was stored ({rules})"))
}

//! What a project says may go out although it looks like a secret.

use serde::Deserialize;

/// Something that looks like a secret and may go out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Allowance {
    pub what: Allowed,
    /// Why it may: not empty.
    pub reason: String,
}

/// Which findings are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// The one secret with this fingerprint, wherever it stands.
    Fingerprint(String),
    /// All in files that the glob matches, as in a `.gitignore`.
    Path(String),
}

/// An allowance as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fingerprint: Option<String>,
    path: Option<String>,
    reason: Option<String>,
}

impl TryFrom<Written> for Allowance {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Allowance, &'static str> {
        let reason = written.reason.unwrap_or_default();
        if reason.trim().is_empty() {
            return Err("an allowance needs a `reason`: why may it go out?");
        }
        let what = match (written.fingerprint, written.path) {
            (Some(it), None) if is_fingerprint(&it) => Allowed::Fingerprint(it),
            (Some(_), None) => {
                return Err("a fingerprint is 16 hex digits, as the refusal shows them");
            }
            (None, Some(path)) if !path.trim().is_empty() => Allowed::Path(path),
            _ => return Err("an allowance has either a `fingerprint` or a `path`"),
        };
        Ok(Allowance { what, reason })
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

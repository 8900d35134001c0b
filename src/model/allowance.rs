//! What a project says may go out although it looks like a secret.

use ignore::gitignore::GitignoreBuilder;
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
    type Error = String;

    fn try_from(written: Written) -> Result<Allowance, String> {
        let reason = written.reason.unwrap_or_default();
        if reason.trim().is_empty() {
            return Err("an allowance needs a `reason`: why may it go out?".to_owned());
        }
        let what = match (written.fingerprint, written.path) {
            (Some(it), None) if is_fingerprint(&it) => Allowed::Fingerprint(it),
            (Some(_), None) => {
                return Err("a fingerprint is 16 hex digits, as the refusal shows them".to_owned());
            }
            (None, Some(path)) if !path.trim().is_empty() => Allowed::Path(glob(path)?),
            _ => return Err("an allowance has either a `fingerprint` or a `path`".to_owned()),
        };
        Ok(Allowance { what, reason })
    }
}

/// A path that is no glob, or a comment, would allow nothing in silence.
fn glob(path: String) -> Result<String, String> {
    let mut builder = GitignoreBuilder::new("");
    let matches = match builder.add_line(None, &path) {
        Ok(builder) => builder.build().is_ok_and(|it| it.num_ignores() > 0),
        Err(error) => return Err(format!("this `path` is no glob: {error}")),
    };
    match matches {
        true => Ok(path),
        false => Err("this `path` matches nothing".to_owned()),
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

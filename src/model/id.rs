//! Identifiers as types: a session's name cannot be passed where an execution's is meant.

use crate::error::{Fault, Kind};
use serde::{Deserialize, Serialize};

/// The longest identifier, in bytes.
const MAX_LEN: usize = 64;

/// The word that names the newest of anything; no id may be called so.
pub const LATEST: &str = "latest";

/// A text that is no identifier.
#[derive(Debug, thiserror::Error)]
#[error("'{}' is not a valid {what} id: {why}", text.escape_debug())]
pub struct InvalidId {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl Fault for InvalidId {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "an id is 1 to {MAX_LEN} of the characters A-Z a-z 0-9 . _ - and does not begin with '-'"
        ))
    }
}

fn check(what: &'static str, text: &str) -> Result<(), InvalidId> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.len() > MAX_LEN {
        "it is too long"
    } else if text.starts_with('-') {
        "it begins with '-'"
    } else if text == LATEST {
        "it is the word for the newest"
    } else if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        "it has a character outside A-Z a-z 0-9 . _ -"
    } else {
        return Ok(());
    };
    Err(InvalidId { what, text: text.to_owned(), why })
}

/// Whether a text that has no type of its own can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    check("", text).is_ok()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// What such an id names, in messages.
            pub const WHAT: &str = $what;

            /// `text` as an id: 1 to 64 of `A-Z a-z 0-9 . _ -`, not beginning with `-`.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(Self::WHAT, &text)?;
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// Names a session, such as `orch-2025-01-17-001`.
    SessionId,
    "session"
);
id!(
    /// Names one deployment of an agent, such as `exec-001`.
    ExecutionId,
    "execution"
);
id!(
    /// Names a bundle after its content, such as `bundle-3f9a2c1b7d20`.
    BundleId,
    "bundle"
);
id!(
    /// Names one collected output after its content, such as `out-3f9a2c1b7d20`.
    OutputId,
    "output"
);
id!(
    /// Names a kept synthesis report, such as `report-3f9a2c1b7d20`.
    ReportId,
    "report"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_plain_and_no_option() {
        for good in ["a", "orch-2025-01-17-001", "exec_1.2", &"x".repeat(64)] {
            assert!(SessionId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "latest", "-x", "a b", "é", "a/b", "a\n", &"x".repeat(65)] {
            assert!(SessionId::new(bad).is_err(), "{bad}");
        }
    }
}

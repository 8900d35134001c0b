//! The kind of an agent: a name that harnesses and people give, printed and compared, never opened.

use super::hidden::is_hidden;
use crate::error::{Fault, Kind};
use serde::{Deserialize, Serialize};

/// The longest name, in characters.
const LONGEST: usize = 64;

/// What kind of agent it is, such as `reviewer`, `plugin:agent` or `code reviewer`: 1 to 64 characters
/// that a reader sees, beginning with no `-`, with no blank at either end. Harnesses name their agents
/// so; an id's characters would not do.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub struct AgentType(String);

/// A text that is no kind of agent.
#[derive(Debug, thiserror::Error)]
#[error("'{}' is not a valid agent type: {why}", text.escape_debug())]
pub struct InvalidAgentType {
    text: String,
    why: &'static str,
}

impl Fault for InvalidAgentType {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!("give 1 to {LONGEST} visible characters, such as reviewer or plugin:agent"))
    }
}

impl AgentType {
    /// `text` as a kind of agent, if it can be one.
    pub fn new(text: impl Into<String>) -> Result<AgentType, InvalidAgentType> {
        let text = text.into();
        let why = if text.is_empty() {
            "it is empty"
        } else if text.chars().count() > LONGEST {
            "it is longer than 64 characters"
        } else if text.starts_with('-') {
            "it begins with '-'"
        } else if text.chars().any(is_hidden) {
            "it has a character that is not seen"
        } else if text.trim() != text {
            "it begins or ends with a blank"
        } else {
            return Ok(AgentType(text));
        };
        Err(InvalidAgentType { text, why })
    }

    /// The kind of agent that a harness names so, whatever it is: what cannot be in a name is left out,
    /// for what ran must be on record. A name of nothing else is `agent`.
    pub fn nearest(text: &str) -> AgentType {
        let seen: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
        let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        let name: String = words.trim_start_matches(['-', ' ']).chars().take(LONGEST).collect();
        AgentType::new(name.trim_end()).unwrap_or_default()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AgentType {
    /// An agent of no kind in particular.
    fn default() -> AgentType {
        AgentType("agent".to_owned())
    }
}

impl std::fmt::Display for AgentType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for AgentType {
    type Err = InvalidAgentType;

    fn from_str(text: &str) -> Result<AgentType, InvalidAgentType> {
        AgentType::new(text)
    }
}

impl TryFrom<String> for AgentType {
    type Error = InvalidAgentType;

    fn try_from(text: String) -> Result<AgentType, InvalidAgentType> {
        AgentType::new(text)
    }
}

impl From<AgentType> for String {
    fn from(agent_type: AgentType) -> String {
        agent_type.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_harnesses_call_their_agents_is_a_type() {
        let longest = "é".repeat(64);
        for good in
            ["reviewer", "general-purpose", "plugin:agent", "code reviewer", "漢字", &longest]
        {
            assert_eq!(AgentType::new(good).unwrap().as_str(), good);
            assert_eq!(AgentType::nearest(good).as_str(), good);
        }
        let long = "é".repeat(65);
        for bad in ["", "-x", " a", "a\n", "a\u{202e}b", "a\u{200b}", &long] {
            assert!(AgentType::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn any_name_has_a_nearest_type() {
        for (text, name) in [
            ("", "agent"),
            ("--\u{202e}\n", "agent"),
            (" --help ", "help"),
            ("code\treviewer\r\n", "code reviewer"),
        ] {
            assert_eq!(AgentType::nearest(text).as_str(), name, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_nearest_type_is_one(text in any::<String>()) {
            let nearest = AgentType::nearest(&text);
            prop_assert_eq!(&AgentType::new(nearest.as_str()).unwrap(), &nearest);
            prop_assert_eq!(&AgentType::nearest(nearest.as_str()), &nearest);
        }
    }
}

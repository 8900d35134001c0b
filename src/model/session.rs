//! A session: one piece of work that a lead agent splits among others, in five phases.

use super::words::words;
use super::{SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words!(
    /// Where a session stands.
    SessionStatus {
        /// Begun; nothing was deployed yet.
        Planning = "planning",
        /// Something was deployed, or it was moved to phase 3 or later.
        Executing = "executing",
        /// Ended well.
        Completed = "completed",
        /// Ended badly.
        Failed = "failed",
    }
);

impl SessionStatus {
    /// Whether the session has ended, well or badly.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// One of the five phases of a session, 1 to 5.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8")]
pub struct Phase(u8);

impl Phase {
    /// 1: what is to be done.
    pub const ANALYZE: Phase = Phase(1);
    /// 2: what each agent gets.
    pub const PREPARE: Phase = Phase(2);
    /// 3: agents run.
    pub const DEPLOY: Phase = Phase(3);
    /// 4: what came back is brought together.
    pub const SYNTHESIZE: Phase = Phase(4);
    /// 5: the result is checked and the session ended.
    pub const CONFIRM: Phase = Phase(5);

    /// 1 to 5.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The phase in a word: `analyze` to `confirm`.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "analyze",
            2 => "prepare",
            3 => "deploy",
            4 => "synthesize",
            _ => "confirm",
        }
    }
}

impl TryFrom<u8> for Phase {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1..=5 => Ok(Phase(number)),
            _ => Err(format!("'{number}' is no phase: give 1 to 5")),
        }
    }
}

impl From<Phase> for u8 {
    fn from(phase: Phase) -> u8 {
        phase.0
    }
}

impl std::str::FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: u8 = text.parse().map_err(|_| format!("'{text}' is no phase: give 1 to 5"))?;
        number.try_into()
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_string())
    }
}

/// A session as the record has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRecord {
    pub session_id: SessionId,
    pub created_at: Timestamp,
    /// What it is about.
    pub scope: String,
    pub phase: Phase,
    pub status: SessionStatus,
    /// When it was completed or failed.
    pub ended_at: Option<Timestamp>,
    /// Why it failed, in the words given.
    pub error_message: Option<String>,
    /// Whatever the caller wants kept beside it: a JSON object.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl SessionRecord {
    /// Whether both are about the same, whatever the case and the blanks it is written with.
    pub fn has_scope_of(&self, other: &SessionRecord) -> bool {
        let words =
            |scope: &str| scope.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
        words(&self.scope) == words(&other.scope)
    }
}

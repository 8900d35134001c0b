//! An execution: one deployment of a one-shot agent, from the context it got to its final message.

use super::words::words;
use super::{BundleId, ExecutionId, ItemType, Phase, Priority, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words!(
    /// Where a deployment stands. Between `deployed` and the end nothing can be seen, so there is
    /// no “running”.
    ExecutionStatus {
        /// Handed over, and not back.
        Deployed = "deployed",
        Completed = "completed",
        Failed = "failed",
    }
);

words!(
    /// How a deployment ended.
    CompletionStatus {
        Completed = "completed",
        Failed = "failed",
    }
);

impl From<CompletionStatus> for ExecutionStatus {
    fn from(status: CompletionStatus) -> Self {
        match status {
            CompletionStatus::Completed => Self::Completed,
            CompletionStatus::Failed => Self::Failed,
        }
    }
}

/// A deployment as the record has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionRecord {
    pub execution_id: ExecutionId,
    pub session_id: SessionId,
    pub agent_type: String,
    /// When it was recorded as deployed.
    pub deployed_at: Timestamp,
    /// When its end was recorded; none while it is open.
    pub completed_at: Option<Timestamp>,
    pub status: ExecutionStatus,
    pub scope: String,
    /// The session's phase at deployment.
    pub phase: Phase,
    /// Tokens of the whole briefing, by the model's tokenizer.
    pub context_token_count: u64,
    /// The upper end of that count, which budgets are checked against; equal where it is exact.
    pub context_tokens_upper: u64,
    /// Whether that count is exact, or an estimate for a tokenizer that is not public.
    pub context_tokens_exact: bool,
    /// The tokens the briefing was allowed, where a bundle said so.
    pub context_budget: Option<u64>,
    /// The model it runs on, where that is known.
    pub model: Option<String>,
    /// The bundle it was given, where there was one.
    pub bundle_id: Option<BundleId>,
    /// blake3 of the briefing's bytes, kept in the store.
    pub briefing_hash: Option<String>,
    /// The commit that was checked out at deployment: what “lines added” is counted from.
    pub base_commit: Option<String>,
    /// Whether it completed; none while it is open.
    pub success: Option<bool>,
    /// What went wrong, in the words given.
    pub error_message: Option<String>,
    /// The paths the completion named, as given.
    pub deliverables: Vec<String>,
    /// Length of the final message in bytes.
    pub final_message_bytes: Option<u64>,
    /// The final message, byte for byte; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none", with = "lossy_text", default)]
    #[schemars(with = "Option<String>")]
    pub final_message: Option<Vec<u8>>,
}

impl ExecutionRecord {
    /// Milliseconds from deployment to completion.
    pub fn duration_ms(&self) -> Option<i64> {
        self.completed_at.map(|end| end.millis_since(self.deployed_at))
    }

    /// The final message as text; bytes that are not UTF-8 become U+FFFD.
    pub fn final_message_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.final_message.as_deref().map(String::from_utf8_lossy)
    }

    /// Whether it was sent more than its budget.
    pub fn is_over_budget(&self) -> bool {
        self.context_budget.is_some_and(|budget| self.context_tokens_upper > budget)
    }
}

/// Bytes that are nearly always UTF-8, as a JSON string.
mod lossy_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, out: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => out.serialize_str(&String::from_utf8_lossy(bytes)),
            None => out.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(String::into_bytes))
    }
}

/// A completion that an amendment replaced.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CompletionVersion {
    /// 1 is the oldest.
    pub version: u32,
    /// When the amendment came.
    pub replaced_at: Timestamp,
    pub completed_at: Timestamp,
    pub status: ExecutionStatus,
    pub error_message: Option<String>,
    pub deliverables: Vec<String>,
    /// Byte for byte; in JSON, bytes that are not UTF-8 become U+FFFD.
    #[serde(with = "lossy_text")]
    #[schemars(with = "Option<String>")]
    pub final_message: Option<Vec<u8>>,
}

/// One piece of context that a deployment was given, or that was left out of it to fit the budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Allocation {
    pub allocation_id: String,
    pub execution_id: ExecutionId,
    pub context_type: ItemType,
    /// The path with its selection; for `briefing` the template's name.
    pub context_source: String,
    /// Tokens it costs in the briefing, wrapper included.
    pub token_count: u64,
    /// False where it was trimmed to fit the budget.
    pub included_in_deployment: bool,
    pub priority: Priority,
    /// blake3 of the text sent.
    pub content_hash: Option<String>,
}

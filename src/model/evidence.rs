//! What a harness has told of one deployment, put together from events and transcripts.
//!
//! Each source says a part, in any order, twice or never. [`Evidence::merge`] is commutative, associative
//! and idempotent, so that what is known in the end depends on what was told, and not on when.

use super::{Timestamp, Usage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text that is kept: blake3 of its bytes, and how many there are. The longer one is the greater.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct TextRef {
    pub bytes: u64,
    pub hash: String,
}

/// Everything told of one deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The call that spawned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The prompt that was put in the place of the call's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injected: Option<TextRef>,
    /// When the agent first began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The kind of agent, where the call is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<String>,
    /// What it is to do, where the call is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The model that the harness took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether its caller went on without waiting for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
    /// The ends of its turns, by the hash of the message that ended each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: BTreeMap<String, Turn>,
    /// What its caller got, by the hash of the message, or by how it failed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deliveries: BTreeMap<String, Delivery>,
    /// What its transcript says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript: Option<TranscriptSeen>,
}

/// The call that spawned an agent, as its caller made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    pub at: Timestamp,
    pub prompt: Option<TextRef>,
    pub description: Option<String>,
    pub agent_type: Option<String>,
    pub model: Option<String>,
    /// The commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_commit: Option<String>,
    /// What the prompt says it belongs to.
    #[serde(default, skip_serializing_if = "Markers::is_empty")]
    pub markers: Markers,
    /// Tokens of the prompt.
    pub tokens: u64,
    /// The upper end of that count; equal where it is exact.
    pub tokens_upper: u64,
    pub tokens_exact: bool,
}

/// What `sortie:NAME=ID` in a prompt names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Markers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl Markers {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        *self == Markers::default()
    }
}

/// The end of a turn, as the agent's own harness told it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Turn {
    pub at: Timestamp,
    pub bytes: u64,
}

/// What the caller got back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Delivery {
    pub at: Timestamp,
    /// Whether the harness says that it went well.
    pub success: bool,
    pub text: Option<TextRef>,
    /// What went wrong, in the harness's words.
    pub error: Option<String>,
    pub usage: Option<Usage>,
    /// What the harness says it used.
    pub reported_tokens: Option<u64>,
    pub tool_uses: Option<u64>,
    pub duration_ms: Option<u64>,
}

/// What an agent's transcript says, as far as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptSeen {
    /// So much of it was read; who read further knows more.
    pub bytes: u64,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    /// The prompt that the agent really got.
    pub prompt: Option<TextRef>,
    /// Its first line.
    pub title: Option<String>,
    pub tokens: u64,
    pub tokens_upper: u64,
    pub tokens_exact: bool,
    /// What the agent said last: all of it, where it is split over several records.
    pub last_message: Option<TextRef>,
    /// Whether it stopped by itself after that.
    pub ended: bool,
    /// What its harness wrote at the end in the place of an answer: why none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    pub model: Option<String>,
    /// Usage by request: records that are parts of one answer repeat it.
    pub requests: BTreeMap<String, Usage>,
    pub tool_uses: u64,
    /// What else the agent was given.
    pub attachments: Vec<Attachment>,
}

/// Words of a harness where an agent's would stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    pub said: String,
    /// The same, as a caller may get it for a message.
    pub text: TextRef,
}

/// Something that an agent was given besides its prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The harness's word for it.
    pub kind: String,
    /// A path, or the kind again.
    pub source: String,
    pub text: TextRef,
    pub tokens: u64,
}

impl Evidence {
    /// Both together.
    pub fn merge(self, other: Evidence) -> Evidence {
        let mut turns = self.turns;
        for (hash, turn) in other.turns {
            let first = turns.get(&hash).map_or(turn.at, |ours| ours.at.min(turn.at));
            turns.insert(hash, Turn { at: first, ..turn });
        }
        let mut deliveries = self.deliveries;
        for (key, delivery) in other.deliveries {
            let both = match deliveries.remove(&key) {
                Some(ours) => ours.merge(delivery),
                None => delivery,
            };
            deliveries.insert(key, both);
        }
        Evidence {
            call: both(self.call, other.call, Call::merge),
            injected: self.injected.max(other.injected),
            started_at: both(self.started_at, other.started_at, Ord::min),
            agent_type: self.agent_type.max(other.agent_type),
            description: self.description.max(other.description),
            model: self.model.max(other.model),
            background: self.background || other.background,
            turns,
            deliveries,
            transcript: both(self.transcript, other.transcript, TranscriptSeen::further),
        }
    }
}

fn both<T>(ours: Option<T>, theirs: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(merge(ours, theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

impl Call {
    /// The same call, told twice: at its start and in the transcript.
    fn merge(self, other: Call) -> Call {
        let counted = (self.tokens_upper, self.tokens, self.tokens_exact);
        let counted = counted.max((other.tokens_upper, other.tokens, other.tokens_exact));
        Call {
            at: self.at.min(other.at),
            prompt: self.prompt.max(other.prompt),
            description: self.description.max(other.description),
            agent_type: self.agent_type.max(other.agent_type),
            model: self.model.max(other.model),
            base_commit: self.base_commit.max(other.base_commit),
            markers: Markers {
                bundle: self.markers.bundle.max(other.markers.bundle),
                execution: self.markers.execution.max(other.markers.execution),
                session: self.markers.session.max(other.markers.session),
            },
            tokens: counted.1,
            tokens_upper: counted.0,
            tokens_exact: counted.2,
        }
    }
}

impl Delivery {
    fn merge(self, other: Delivery) -> Delivery {
        Delivery {
            at: self.at.min(other.at),
            success: self.success && other.success,
            text: self.text.max(other.text),
            error: self.error.max(other.error),
            usage: both(self.usage, other.usage, |ours, theirs| ours.larger(&theirs)),
            reported_tokens: self.reported_tokens.max(other.reported_tokens),
            tool_uses: self.tool_uses.max(other.tool_uses),
            duration_ms: self.duration_ms.max(other.duration_ms),
        }
    }
}

impl TranscriptSeen {
    /// The one that was read further.
    fn further(self, other: TranscriptSeen) -> TranscriptSeen {
        let rank = |it: &TranscriptSeen| (it.bytes, serde_json::to_string(it).unwrap_or_default());
        match self.bytes.cmp(&other.bytes) {
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal if rank(&self) >= rank(&other) => self,
            std::cmp::Ordering::Equal => other,
        }
    }

    /// What all its requests used.
    pub fn usage(&self) -> Usage {
        self.requests.values().fold(Usage::default(), |sum, request| sum.plus(request))
    }
}

/// One deployment as a harness names it, and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    pub harness: String,
    pub harness_session_id: String,
    /// The call that spawned the agent.
    pub tool_use_id: Option<String>,
    /// The agent that runs.
    pub agent_id: Option<String>,
    /// The agent whose call spawned this one.
    pub parent_agent_id: Option<String>,
    pub execution_id: Option<super::ExecutionId>,
    /// The completion as it was last written from this.
    pub settled: Option<String>,
    /// When something was last told of it.
    pub seen_at: Timestamp,
    pub evidence: Evidence,
}

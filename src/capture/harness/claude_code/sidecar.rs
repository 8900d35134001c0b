//! `agent-<id>.meta.json`: the one file that says which call an agent was spawned by.

use crate::capture::fields::owned;
use crate::files::read_named;
use crate::model::Evidence;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Such a file has a few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// What is said beside an agent's transcript.
#[derive(Debug, Default, PartialEq)]
pub struct Sidecar {
    pub tool_use_id: Option<String>,
    pub parent_agent_id: Option<String>,
    pub evidence: Evidence,
}

impl Sidecar {
    /// That of a transcript; nothing, where there is none.
    pub fn beside(transcript: &Path) -> Sidecar {
        let read = read_named(&transcript.with_extension("meta.json"), LARGEST).ok();
        let value = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        value.map(|it| Sidecar::of(&it)).unwrap_or_default()
    }

    fn of(value: &Value) -> Sidecar {
        Sidecar {
            tool_use_id: owned(value, "toolUseId"),
            parent_agent_id: owned(value, "parentAgentId"),
            evidence: Evidence {
                agent_type: owned(value, "agentType"),
                description: owned(value, "description"),
                // A fork's is `inherit`, and others may be the short name that was asked for.
                model: owned(value, "model").filter(|model| model.starts_with("claude-")),
                ..Evidence::default()
            },
        }
    }
}

/// Where the transcript of an agent is, by that of its session.
pub fn transcript_of(session: &Path, agent_id: &str) -> PathBuf {
    session.with_extension("").join("subagents").join(format!("agent-{agent_id}.jsonl"))
}

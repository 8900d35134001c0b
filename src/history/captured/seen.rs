//! What a harness told of an execution, for who asks.

use super::settle;
use crate::config::{Config, Prices};
use crate::history::usage;
use crate::model::{Capture, Cost, ExecutionId, ExecutionUsage, TextRef};
use serde::Serialize;

/// Where an execution was seen, and what became of what it was given and what it gave back.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureDetail {
    /// `claude-code`, `codex` or `gemini`.
    pub harness: String,
    pub harness_session_id: String,
    /// The call that spawned the agent.
    pub tool_use_id: Option<String>,
    pub agent_id: Option<String>,
    /// The execution whose agent spawned this one.
    pub parent_execution_id: Option<ExecutionId>,
    /// Whether its caller went on without waiting for it.
    pub background: bool,
    /// How often it ended a turn: an agent can be woken again.
    pub turns: u64,
    /// Whether it got the briefing that was put in its prompt's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injected: Option<Injected>,
    /// The part of the final message that its caller did not get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<LostPart>,
    /// What it used, and what its harness said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<ExecutionUsage>,
    /// What that cost, where the model's price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// Whether an agent got the briefing that was put in the place of its prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Injected {
    /// Its transcript begins with it.
    Confirmed,
    /// Its transcript begins with something else.
    Ignored,
    /// There is no transcript yet.
    Unknown,
}

/// A message that was delivered otherwise than the agent wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostPart {
    /// What the caller got.
    pub delivered: TextRef,
    /// The longest there is: the final message on record.
    pub whole: TextRef,
}

impl CaptureDetail {
    /// Of the captures of one execution: its call's and its agent's, or one of both.
    pub(in crate::history) fn new(
        captures: Vec<Capture>,
        parent_execution_id: Option<ExecutionId>,
        usage: Option<ExecutionUsage>,
        config: &Config,
    ) -> Option<CaptureDetail> {
        let cost = usage::cost(usage.as_ref(), &Prices::new(config));
        let mut captures = captures.into_iter();
        let first = captures.next()?;
        let all = captures.fold(first, |all, other| Capture {
            tool_use_id: all.tool_use_id.or(other.tool_use_id),
            agent_id: all.agent_id.or(other.agent_id),
            parent_agent_id: all.parent_agent_id.or(other.parent_agent_id),
            evidence: all.evidence.merge(other.evidence),
            ..all
        });
        Some(CaptureDetail {
            injected: settle::injected(&all.evidence),
            lost: settle::lost(&all.evidence),
            turns: all.evidence.turns.len() as u64,
            background: all.evidence.background,
            harness: all.harness,
            harness_session_id: all.harness_session_id,
            tool_use_id: all.tool_use_id,
            agent_id: all.agent_id,
            parent_execution_id,
            usage,
            cost,
        })
    }
}

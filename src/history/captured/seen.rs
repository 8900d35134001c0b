//! What a harness told of an execution, for who asks.

use super::{settle, turns};
use crate::config::{Config, Prices};
use crate::error::Result;
use crate::history::usage;
use crate::model::{Capture, Cost, Evidence, ExecutionId, ExecutionUsage, TextRef, Timestamp};
use crate::render::beginning;
use crate::store::Reader;
use schemars::JsonSchema;
use serde::Serialize;

/// Where an execution was seen, and what became of what it was given and what it gave back.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
    /// The turns that it ended, oldest first: an agent can be woken again. The last one's message is the final
    /// message.
    pub turns: Vec<CapturedTurn>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Injected {
    /// Its transcript begins with it.
    Confirmed,
    /// Its transcript begins with something else.
    Ignored,
    /// There is no transcript yet.
    Unknown,
}

/// A turn that an agent ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CapturedTurn {
    /// The first is 1.
    pub turn: u32,
    pub ended_at: Timestamp,
    /// Milliseconds since it was deployed, or since the turn before ended.
    pub after_ms: i64,
    /// What the agent said at its end; none where it said nothing.
    pub message: Option<TextRef>,
    /// The first line of that.
    pub first_line: Option<String>,
    /// What its caller got of it; none where that is not known.
    pub delivered: Option<TextRef>,
}

/// A message that was delivered otherwise than the agent wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LostPart {
    /// What the caller got.
    pub delivered: TextRef,
    /// The longest there is: the final message on record.
    pub whole: TextRef,
}

impl CaptureDetail {
    /// Of the captures of one execution: its call's and its agent's, or one of both.
    pub(in crate::history) fn of(
        r: &Reader<'_>,
        id: &ExecutionId,
        config: &Config,
    ) -> Result<Option<CaptureDetail>> {
        let mut captures = r.captures_of(id)?.into_iter();
        let Some(first) = captures.next() else { return Ok(None) };
        let all = captures.fold(first, |all, other| Capture {
            tool_use_id: all.tool_use_id.or(other.tool_use_id),
            agent_id: all.agent_id.or(other.agent_id),
            parent_agent_id: all.parent_agent_id.or(other.parent_agent_id),
            evidence: all.evidence.merge(other.evidence),
            ..all
        });
        let usage = r.usage(id)?;
        Ok(Some(CaptureDetail {
            injected: settle::injected(&all.evidence),
            lost: settle::lost(&all.evidence),
            turns: turns(r, &all.evidence)?,
            background: all.evidence.background,
            harness: all.harness,
            harness_session_id: all.harness_session_id,
            tool_use_id: all.tool_use_id,
            agent_id: all.agent_id,
            parent_execution_id: r.parent_execution(id)?,
            cost: usage::cost(usage.as_ref(), &Prices::new(config)),
            usage,
        }))
    }
}

fn turns(r: &Reader<'_>, evidence: &Evidence) -> Result<Vec<CapturedTurn>> {
    let mut before = settle::deployed_at(evidence);
    let ends = turns::turns(evidence).into_iter().zip(1..);
    let turns = ends.map(|(end, turn)| {
        let after_ms = before.map_or(0, |before| end.at.millis_since(before).max(0));
        before = Some(end.at);
        Ok(CapturedTurn {
            turn,
            ended_at: end.at,
            after_ms,
            first_line: first_line(r, end.message.as_ref())?,
            message: end.message,
            delivered: end.delivered,
        })
    });
    turns.collect()
}

/// The most of a first line that is told, in characters.
const LINE: usize = 200;

fn first_line(r: &Reader<'_>, message: Option<&TextRef>) -> Result<Option<String>> {
    let Some(message) = message else { return Ok(None) };
    let text = r.content(&message.hash)?;
    Ok(text.and_then(|text| {
        let text = String::from_utf8_lossy(&text);
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(|line| beginning(line, LINE))
    }))
}

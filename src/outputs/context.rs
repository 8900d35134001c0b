//! The data of a synthesis report: its JSON, and what its template gets. No field is ever left out.

use super::pictures::Charts;
use crate::model::{
    ExecutionId, ExecutionStatus, SessionId, SessionRecord, SessionStatus, Timestamp,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A session, brought together.
#[derive(Debug, Clone, Serialize)]
pub struct SynthesisContext {
    pub generated_at: Timestamp,
    /// Null for a report without a history.
    pub session: Option<SessionRecord>,
    /// The figures at the top.
    pub summary: Summary,
    /// In the order of deployment.
    pub agents: Vec<AgentRow>,
    /// Each file of each deployment, as last collected.
    pub deliverables: Vec<DeliverableRow>,
    /// Each verdict of each deployment, the last one.
    pub gates: Vec<GateRow>,
    /// Numbers that gates reported, such as coverage.
    pub coverage: Vec<CoverageRow>,
    /// Lines over all deliverables.
    pub changes: ChangeTotals,
    /// What was learned, oldest first.
    pub insights: Vec<InsightRow>,
    /// The same message once, most frequent first.
    pub errors: Vec<ErrorGroup>,
    /// What the deployments were given.
    pub context: ContextUse,
    /// What happened, oldest first.
    pub timeline: Vec<Moment>,
    /// What follows from all this, most pressing first.
    pub recommendations: Vec<String>,
    /// The last session of the same scope and what differs; null if there is none.
    pub previous: Option<Previous>,
    /// The pictures, as places and widths in percent.
    pub charts: Charts,
}

/// The figures at the top.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// One sentence.
    pub headline: String,
    /// Deployments in all, or agents named.
    pub deployed: usize,
    pub completed: usize,
    pub failed: usize,
    /// Deployed and not back.
    pub open: usize,
    /// Files in all, there or not.
    pub deliverables: usize,
    pub deliverables_missing: usize,
    pub gates_passed: usize,
    pub gates_failed: usize,
    pub gates_skipped: usize,
    /// Deployments with a final message.
    pub results: usize,
    /// Milliseconds from the session's beginning to its end, else to the last completion; none
    /// while there is neither.
    pub wall_ms: Option<i64>,
    /// The same for people.
    pub wall: Option<String>,
}

/// One deployment.
#[derive(Debug, Clone, Serialize)]
pub struct AgentRow {
    pub execution_id: Option<ExecutionId>,
    pub agent_type: String,
    pub model: Option<String>,
    pub scope: Option<String>,
    pub status: Option<ExecutionStatus>,
    pub deployed_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    /// Milliseconds from deployment to completion.
    pub duration_ms: Option<i64>,
    /// For people: `4m 10s`.
    pub duration: Option<String>,
    /// The likely number; none without a history.
    pub context_tokens: Option<u64>,
    pub context_tokens_exact: bool,
    /// Tokens it was allowed, where a bundle said so.
    pub context_budget: Option<u64>,
    /// Whether it was given more than that.
    pub over_budget: bool,
    /// The beginning of its final message.
    pub result: Option<String>,
    /// Length of the whole message in bytes.
    pub final_message_bytes: Option<u64>,
    pub error_message: Option<String>,
}

/// One deliverable as last collected.
#[derive(Debug, Clone, Serialize)]
pub struct DeliverableRow {
    pub execution_id: Option<ExecutionId>,
    pub agent_type: Option<String>,
    pub file_path: String,
    pub exists: bool,
    /// Bytes; none if it is not there.
    pub size: Option<u64>,
    /// blake3; none if it is not there.
    pub content_hash: Option<String>,
    /// New since the deployment, by git; none where git cannot tell.
    pub lines_added: Option<u64>,
    /// Lines that replace others.
    pub lines_modified: Option<u64>,
    /// Lines removed without a replacement.
    pub lines_removed: Option<u64>,
}

/// One gate's last result for one deployment.
#[derive(Debug, Clone, Serialize)]
pub struct GateRow {
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub name: String,
    /// `pass`, `fail` or `skip`.
    pub result: String,
}

/// One figure, such as coverage in percent.
#[derive(Debug, Clone, Serialize)]
pub struct CoverageRow {
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub name: String,
    /// A number.
    pub value: Value,
}

/// Lines over all deliverables; those that git could not tell count nothing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChangeTotals {
    /// Files that were there when they were last looked at, each once.
    pub files: usize,
    /// Files that were not.
    pub missing: usize,
    pub lines_added: u64,
    pub lines_modified: u64,
    pub lines_removed: u64,
    /// Deliverables for which git could not tell.
    pub unknown: usize,
}

/// Something that was learned, and by whom.
#[derive(Debug, Clone, Serialize)]
pub struct InsightRow {
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub text: String,
}

/// One error message and where it came from.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorGroup {
    pub message: String,
    /// How often, over all deployments.
    pub count: usize,
    /// Agent types, each once.
    pub agents: Vec<String>,
    pub executions: Vec<ExecutionId>,
}

/// What the deployments were given.
#[derive(Debug, Clone, Serialize)]
pub struct ContextUse {
    /// The likely number, over all deployments.
    pub total_tokens: u64,
    /// Whether every count in the sum is exact.
    pub exact: bool,
    /// `≈` where it is not.
    pub approx: &'static str,
    /// Per deployment.
    pub average_tokens: u64,
    /// Of the deployment that was given most.
    pub largest_tokens: u64,
    /// What references to second copies saved.
    pub dedup_saved_tokens: u64,
    /// Of the tokens without them.
    pub dedup_saved_percent: f64,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    pub at: Timestamp,
    /// `session started`, `deployed`, `completed`, `failed`, `session completed` or `session failed`.
    pub event: &'static str,
    pub execution_id: Option<ExecutionId>,
    /// The agent, or the session's id.
    pub text: String,
}

/// The last session of the same scope, and how this one differs from it.
#[derive(Debug, Clone, Serialize)]
pub struct Previous {
    pub session_id: SessionId,
    pub status: SessionStatus,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What differs, in one sentence.
    pub sentence: String,
    pub deltas: Vec<Delta>,
}

/// One figure then and now.
#[derive(Debug, Clone, Serialize)]
pub struct Delta {
    /// `deployments`, `success_percent`, `tokens`, `wall_ms`, `gates_passed`, `gates_failed`,
    /// `deliverables`, `lines_changed` or `dedup_saved_tokens`.
    pub key: &'static str,
    /// The same for people.
    pub label: &'static str,
    /// None where nothing is known.
    pub before: Option<i64>,
    pub now: Option<i64>,
    pub change: Option<i64>,
    /// For people; `-` where nothing is known.
    pub before_text: String,
    pub now_text: String,
    pub change_text: String,
    /// `better` or `worse` where that can be said, else `same` or `other`.
    pub verdict: &'static str,
}

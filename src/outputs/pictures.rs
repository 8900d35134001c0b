//! The pictures of a report as plain data: places and widths in percent, so that a template only draws.

use crate::model::{ExecutionId, ExecutionStatus, Timestamp};
use serde::Serialize;

/// The pictures; each null where there is nothing to draw.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Charts {
    pub timeline: Option<TimelineChart>,
    pub tokens: Option<TokenChart>,
    pub gates: Option<GateGrid>,
    pub savings: Option<SavingsChart>,
}

/// Deployments over time, a row each.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineChart {
    pub from: Timestamp,
    pub to: Timestamp,
    /// From the first deployment to the last thing known, for people; none if that is no time.
    pub span: Option<String>,
    /// The most deployments that ran at the same time.
    pub most_at_once: usize,
    pub bars: Vec<TimelineBar>,
    pub ticks: Vec<Tick>,
    /// Deployments that have no row any more.
    pub left_out: usize,
}

/// A deployment's time, in percent of the picture's.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineBar {
    /// From 0.
    pub row: usize,
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub status: ExecutionStatus,
    pub left: f64,
    /// A deployment that is not back reaches to the right end.
    pub width: f64,
    /// For people; none while it is open.
    pub duration: Option<String>,
}

/// A mark on the time axis.
#[derive(Debug, Clone, Serialize)]
pub struct Tick {
    /// Percent from the left.
    pub at: f64,
    pub label: String,
    /// `start`, `middle` or `end`: which part of the label stands at the mark.
    pub anchor: &'static str,
}

/// What each deployment was given, against its budget.
#[derive(Debug, Clone, Serialize)]
pub struct TokenChart {
    /// Tokens at the right end.
    pub scale: u64,
    pub bars: Vec<TokenBar>,
    /// Deployments that have no row any more.
    pub left_out: usize,
}

/// A deployment's tokens, in percent of the scale.
#[derive(Debug, Clone, Serialize)]
pub struct TokenBar {
    pub row: usize,
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub tokens: u64,
    /// For people.
    pub tokens_text: String,
    pub width: f64,
    /// What references to second copies saved.
    pub saved: u64,
    pub saved_width: f64,
    pub budget: Option<u64>,
    pub budget_at: Option<f64>,
    pub over_budget: bool,
    /// For people: `31 % of 40,000`; none without a budget.
    pub of_budget: Option<String>,
}

/// What each deployment's gates said.
#[derive(Debug, Clone, Serialize)]
pub struct GateGrid {
    /// Names, in the order they were first reported.
    pub gates: Vec<String>,
    pub rows: Vec<GateGridRow>,
    /// Deployments that have no row any more.
    pub left_out: usize,
}

/// One deployment's row of a [`GateGrid`].
#[derive(Debug, Clone, Serialize)]
pub struct GateGridRow {
    pub row: usize,
    pub execution_id: ExecutionId,
    pub agent_type: String,
    /// As many as there are gates.
    pub cells: Vec<GateCell>,
}

/// One gate of one deployment.
#[derive(Debug, Clone, Serialize)]
pub struct GateCell {
    /// `pass`, `fail`, `skip`, `figure`, or `none` where it was not reported.
    pub result: String,
    /// The figure as text; else the result.
    pub text: String,
}

/// What deduplication saved, over all deployments.
#[derive(Debug, Clone, Serialize)]
pub struct SavingsChart {
    pub before: u64,
    pub after: u64,
    pub saved: u64,
    /// Percent of `before`.
    pub sent_width: f64,
    pub saved_width: f64,
}

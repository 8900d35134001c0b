//! From the data of a report to its pictures.

use super::context::{AgentRow, SynthesisContext};
use super::pictures::{
    Charts, GateCell, GateGrid, GateGridRow, SavingsChart, Tick, TimelineBar, TimelineChart,
    TokenBar, TokenChart,
};
use crate::history::most_at_once;
use crate::model::{ExecutionId, Timestamp};
use crate::render::{duration, grouped, tokens};
use std::collections::HashMap;

/// Rows of a picture; the tables have the rest.
const ROWS: usize = 100;

/// A bar shorter than this could not be seen.
const LEAST_WIDTH: f64 = 0.6;

/// How much of the known time is left for deployments that are not back, and at least how much.
const OPEN_SHARE: i64 = 4;
const OPEN_LEAST_MS: i64 = 60_000;

/// Marks on the time axis at most, so that they have room on a narrow page.
const TICKS: i64 = 6;

impl Charts {
    /// `saved` are the tokens that deduplication saved, by deployment.
    pub(super) fn of(context: &SynthesisContext, saved: &HashMap<ExecutionId, u64>) -> Charts {
        Charts {
            timeline: timeline(context),
            tokens: token_bars(context, saved),
            gates: gate_grid(context),
            savings: savings(context),
        }
    }
}

/// Agents of which there is a record, with their ids.
fn recorded(context: &SynthesisContext) -> impl Iterator<Item = (&ExecutionId, &AgentRow)> {
    context.agents.iter().filter_map(|it| Some((it.execution_id.as_ref()?, it)))
}

/// From when to when each deployment ran; an open one without an end.
fn timeline(context: &SynthesisContext) -> Option<TimelineChart> {
    let rows: Vec<(&ExecutionId, &AgentRow, Timestamp)> =
        recorded(context).filter_map(|(id, it)| Some((id, it, it.deployed_at?))).collect();
    let from = rows.iter().map(|(_, _, begun)| *begun).min()?;
    let known = rows.iter().map(|(_, it, begun)| it.completed_at.unwrap_or(*begun)).max()?;
    let span = known.millis_since(from).max(0);
    let is_open = rows.iter().any(|(_, it, _)| it.completed_at.is_none());
    let whole = match is_open {
        // What has been open for days would leave no room for what took minutes.
        true => span + (span / OPEN_SHARE).max(OPEN_LEAST_MS),
        false => span.max(1),
    };
    let place = |at: Timestamp| percent(at.millis_since(from).max(0) as u64, whole as u64);
    let bar = |(row, (id, it, begun)): (usize, &(&ExecutionId, &AgentRow, Timestamp))| {
        let left = place(*begun).min(100.0 - LEAST_WIDTH);
        let right = it.completed_at.map_or(100.0, place);
        Some(TimelineBar {
            row,
            execution_id: (*id).clone(),
            agent_type: it.agent_type.clone(),
            status: it.status?,
            left,
            width: rounded((right - left).max(LEAST_WIDTH)),
            duration: it.duration.clone(),
        })
    };
    Some(TimelineChart {
        from,
        to: from.plus_millis(whole),
        span: (span > 0).then(|| duration(span)),
        most_at_once: most_at_once(rows.iter().map(|(_, it, begun)| {
            let end = it.completed_at.map_or(i64::MAX, Timestamp::unix_millis);
            (begun.unix_millis(), end)
        })),
        bars: rows.iter().take(ROWS).enumerate().filter_map(bar).collect(),
        ticks: ticks(from, whole),
        left_out: rows.len().saturating_sub(ROWS),
    })
}

/// Round times, `TICKS` at most.
fn ticks(from: Timestamp, whole: i64) -> Vec<Tick> {
    const STEPS: &[i64] = &[
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
        86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
    ];
    let seconds = whole / 1_000;
    let step = STEPS.iter().find(|step| seconds / **step < TICKS).or(STEPS.last());
    let step = step.copied().unwrap_or(1).max(seconds / TICKS) * 1_000;
    let behind = from.unix_millis().rem_euclid(step);
    let first = if behind == 0 { 0 } else { step - behind };
    let tick = |at: i64| {
        let share = percent(at as u64, whole as u64);
        Tick {
            at: share,
            label: from.plus_millis(at).for_axis(step, whole),
            anchor: match share {
                ..6.0 => "start",
                94.0.. => "end",
                _ => "middle",
            },
        }
    };
    (first..=whole).step_by(step as usize).map(tick).collect()
}

fn token_bars(context: &SynthesisContext, saved: &HashMap<ExecutionId, u64>) -> Option<TokenChart> {
    let rows: Vec<(&ExecutionId, &AgentRow, u64)> =
        recorded(context).filter_map(|(id, it)| Some((id, it, it.context_tokens?))).collect();
    let saved = |id: &ExecutionId| saved.get(id).copied().unwrap_or(0);
    let reach = |(id, it, given): &(&ExecutionId, &AgentRow, u64)| {
        (given + saved(id)).max(it.context_budget.unwrap_or(0))
    };
    let scale = rows.iter().take(ROWS).map(reach).max()?.max(1);
    let bar = |(row, (id, it, given)): (usize, &(&ExecutionId, &AgentRow, u64))| TokenBar {
        row,
        execution_id: (*id).clone(),
        agent_type: it.agent_type.clone(),
        tokens: *given,
        tokens_text: tokens(*given, it.context_tokens_exact),
        width: percent(*given, scale).max(LEAST_WIDTH),
        saved: saved(id),
        saved_width: percent(saved(id), scale),
        budget: it.context_budget,
        budget_at: it.context_budget.map(|budget| percent(budget, scale)),
        over_budget: it.over_budget,
        of_budget: it
            .context_budget
            .map(|budget| format!("{:.0} % of {}", percent(*given, budget), grouped(budget))),
    };
    Some(TokenChart {
        scale,
        bars: rows.iter().take(ROWS).enumerate().map(bar).collect(),
        left_out: rows.len().saturating_sub(ROWS),
    })
}

fn gate_grid(context: &SynthesisContext) -> Option<GateGrid> {
    let verdicts = context.gates.iter().map(|it| {
        let cell = GateCell { result: it.result.clone(), text: it.result.clone() };
        (&it.execution_id, &it.name, cell)
    });
    let figures = context.coverage.iter().map(|it| {
        let cell = GateCell { result: "figure".to_owned(), text: it.value.to_string() };
        (&it.execution_id, &it.name, cell)
    });
    let mut gates: Vec<String> = Vec::new();
    let mut cells: HashMap<(&ExecutionId, &str), GateCell> = HashMap::new();
    for (id, name, cell) in verdicts.chain(figures) {
        if !gates.contains(name) {
            gates.push(name.clone());
        }
        cells.insert((id, name), cell);
    }
    let has_any = |id: &ExecutionId| gates.iter().any(|gate| cells.contains_key(&(id, gate)));
    let rows: Vec<_> = recorded(context).filter(|(id, _)| has_any(id)).collect();
    let none = || GateCell { result: "none".to_owned(), text: "not reported".to_owned() };
    let row = |(row, (id, it)): (usize, &(&ExecutionId, &AgentRow))| GateGridRow {
        row,
        execution_id: (*id).clone(),
        agent_type: it.agent_type.clone(),
        cells: gates
            .iter()
            .map(|gate| cells.get(&(*id, gate.as_str())).cloned().unwrap_or_else(none))
            .collect(),
    };
    let shown = rows.iter().take(ROWS).enumerate().map(row).collect();
    let left_out = rows.len().saturating_sub(ROWS);
    (!gates.is_empty()).then(|| GateGrid { gates: gates.clone(), rows: shown, left_out })
}

fn savings(context: &SynthesisContext) -> Option<SavingsChart> {
    let (after, saved) = (context.context.total_tokens, context.context.dedup_saved_tokens);
    (saved > 0).then(|| SavingsChart {
        before: after + saved,
        after,
        saved,
        sent_width: percent(after, after + saved),
        saved_width: percent(saved, after + saved),
    })
}

/// To a hundredth of a percent: no screen shows more.
fn percent(part: u64, whole: u64) -> f64 {
    rounded(part as f64 * 100.0 / whole.max(1) as f64)
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
#[path = "charts_tests.rs"]
mod tests;

//! The figures of a report: how the deployments ended, what they changed, what they were given.

use super::context::{ChangeTotals, ContextUse, DeliverableRow, Summary, SynthesisContext};
use super::gather::Gathered;
use crate::model::{ExecutionStatus, percent};
use crate::render;

impl Summary {
    pub(super) fn of(context: &SynthesisContext) -> Summary {
        let with = |status| context.agents.iter().filter(|it| it.status == Some(status)).count();
        let gates = |result| context.gates.iter().filter(|it| it.result == result).count();
        let mut summary = Summary {
            headline: String::new(),
            deployed: context.agents.len(),
            completed: with(ExecutionStatus::Completed),
            failed: with(ExecutionStatus::Failed),
            open: with(ExecutionStatus::Deployed),
            deliverables: context.changes.files + context.changes.missing,
            deliverables_missing: context.changes.missing,
            gates_passed: gates("pass"),
            gates_failed: gates("fail"),
            gates_skipped: gates("skip"),
            results: context.agents.iter().filter(|it| it.result.is_some()).count(),
            wall_ms: wall_ms(context),
            wall: wall_ms(context).map(render::duration),
        };
        summary.headline = summary.sentence(context.session.is_some());
        summary
    }

    fn sentence(&self, recorded: bool) -> String {
        let there = self.deliverables - self.deliverables_missing;
        let files = match self.deliverables {
            0 => "no deliverables".to_owned(),
            all => format!("{there} of {} delivered", render::counted(all, "file", "files")),
        };
        if !recorded {
            return format!("{} agents named; {files}.", self.deployed);
        }
        let mut ends = vec![format!("{} completed", self.completed)];
        if self.failed > 0 {
            ends.push(format!("{} failed", self.failed));
        }
        if self.open > 0 {
            ends.push(format!("{} not back", self.open));
        }
        let gates = match self.gates_passed + self.gates_failed {
            0 => "no gate was reported".to_owned(),
            all => format!("{} of {all} gates passed", self.gates_passed),
        };
        format!("{} deployed: {}; {files}; {gates}.", self.deployed, ends.join(", "))
    }
}

/// Until the session's end; while it is open, until the last completion.
fn wall_ms(context: &SynthesisContext) -> Option<i64> {
    let session = context.session.as_ref()?;
    let last = context.agents.iter().filter_map(|it| it.completed_at).max();
    session.ended_at.or(last).map(|end| end.millis_since(session.created_at).max(0))
}

impl ChangeTotals {
    pub(super) fn of(deliverables: &[DeliverableRow]) -> ChangeTotals {
        let there = || deliverables.iter().filter(|it| it.exists);
        let sum = |lines: fn(&DeliverableRow) -> Option<u64>| {
            there().filter_map(lines).fold(0, u64::saturating_add)
        };
        ChangeTotals {
            files: there().count(),
            missing: deliverables.iter().filter(|it| !it.exists).count(),
            lines_added: sum(|it| it.lines_added),
            lines_modified: sum(|it| it.lines_modified),
            lines_removed: sum(|it| it.lines_removed),
            unknown: there().filter(|it| it.lines_added.is_none()).count(),
        }
    }
}

impl ContextUse {
    pub(super) fn none() -> ContextUse {
        ContextUse {
            total_tokens: 0,
            exact: true,
            approx: "",
            average_tokens: 0,
            largest_tokens: 0,
            dedup_saved_tokens: 0,
            dedup_saved_percent: 0.0,
        }
    }

    pub(super) fn of(gathered: &Gathered) -> ContextUse {
        // A deployment of which nothing was said was not given nothing.
        let known = gathered.executions.iter().filter(|it| it.context_token_count > 0);
        let tokens: Vec<u64> = known.clone().map(|it| it.context_token_count).collect();
        let total_tokens: u64 = tokens.iter().sum();
        let saved: u64 = gathered
            .executions
            .iter()
            .filter_map(|it| it.bundle_id.as_ref())
            .filter_map(|id| gathered.saved_by_bundle.get(id))
            .sum();
        let exact = known.clone().all(|it| it.context_tokens_exact);
        ContextUse {
            total_tokens,
            exact,
            approx: if exact { "" } else { "≈" },
            average_tokens: total_tokens / tokens.len().max(1) as u64,
            largest_tokens: tokens.into_iter().max().unwrap_or(0),
            dedup_saved_tokens: saved,
            dedup_saved_percent: percent(saved, total_tokens + saved),
        }
    }
}

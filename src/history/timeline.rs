//! What ran when in a session, and how much of it beside each other.

use super::History;
use super::query::SessionDetail;
use super::usage::UsageSummary;
use crate::error::Result;
use crate::model::{ExecutionId, ExecutionRecord, ExecutionStatus, SessionId, Timestamp};
use serde::Serialize;

/// A session's deployments on one axis of time.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    pub session_id: SessionId,
    /// What the session is about.
    pub scope: String,
    /// Where the axis begins: the first deployment. None where nothing was deployed.
    pub started_at: Option<Timestamp>,
    /// Where it ends: the last return; now, while anything is open.
    pub ended_at: Option<Timestamp>,
    /// Milliseconds from begin to end.
    pub wall_ms: i64,
    /// Milliseconds of all deployments together.
    pub agent_ms: i64,
    /// Milliseconds of the axis in which nothing ran.
    pub idle_ms: i64,
    /// How many ran at once at most.
    pub max_parallel: usize,
    /// Deployments that have not come back; each is taken to run up to now.
    pub open: usize,
    /// In the order of their beginnings.
    pub runs: Vec<Run>,
    /// Where nothing ran between two deployments, in order.
    pub idle_gaps: Vec<IdleGap>,
    /// What they used; nothing where no harness told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageSummary>,
}

/// One deployment on the axis.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    pub execution_id: ExecutionId,
    pub agent_type: String,
    pub scope: String,
    pub status: ExecutionStatus,
    pub deployed_at: Timestamp,
    /// None while it is open.
    pub completed_at: Option<Timestamp>,
    /// Milliseconds from the begin of the axis.
    pub offset_ms: i64,
    /// Milliseconds to its return, or to now.
    pub duration_ms: i64,
}

impl Run {
    /// Milliseconds from the begin of the axis to its end.
    pub fn end_ms(&self) -> i64 {
        self.offset_ms + self.duration_ms
    }

    /// Whether it has not come back.
    pub fn is_open(&self) -> bool {
        self.completed_at.is_none()
    }
}

/// A stretch in which nothing ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdleGap {
    /// Milliseconds from the begin of the axis.
    pub offset_ms: i64,
    pub duration_ms: i64,
}

impl History<'_> {
    /// What ran when in a session.
    pub fn timeline(&self, session: &SessionId) -> Result<Timeline> {
        let SessionDetail { session, executions, usage } = self.show_session(session)?;
        let timeline = Timeline::of(session.session_id, session.scope, &executions, self.now);
        Ok(Timeline { usage, ..timeline })
    }
}

impl Timeline {
    fn of(
        session_id: SessionId,
        scope: String,
        executions: &[ExecutionRecord],
        now: Timestamp,
    ) -> Timeline {
        let started_at = executions.iter().map(|it| it.deployed_at).min();
        let begin = started_at.unwrap_or(now);
        let mut runs: Vec<Run> = executions.iter().map(|it| Run::new(it, begin, now)).collect();
        runs.sort_by_key(|run| run.offset_ms);
        let wall_ms = runs.iter().map(Run::end_ms).max().unwrap_or(0);
        let idle_gaps = idle_gaps(&runs);
        Timeline {
            session_id,
            scope,
            started_at,
            ended_at: started_at.map(|begin| begin.plus_millis(wall_ms)),
            wall_ms,
            agent_ms: runs.iter().map(|run| run.duration_ms).sum(),
            idle_ms: idle_gaps.iter().map(|gap| gap.duration_ms).sum(),
            max_parallel: most_at_once(runs.iter().map(|run| (run.offset_ms, run.end_ms()))),
            open: runs.iter().filter(|run| run.is_open()).count(),
            idle_gaps,
            runs,
            usage: None,
        }
    }
}

impl Run {
    fn new(execution: &ExecutionRecord, begin: Timestamp, now: Timestamp) -> Run {
        let start = execution.deployed_at;
        // A clock that was set back makes nothing end before it began.
        let end = execution.completed_at.unwrap_or(now).max(start);
        Run {
            execution_id: execution.execution_id.clone(),
            agent_type: execution.agent_type.clone(),
            scope: execution.scope.clone(),
            status: execution.status,
            deployed_at: start,
            completed_at: execution.completed_at,
            offset_ms: start.millis_since(begin),
            duration_ms: end.millis_since(start),
        }
    }
}

/// Where nothing ran; `runs` are in the order of their beginnings.
fn idle_gaps(runs: &[Run]) -> Vec<IdleGap> {
    let mut gaps = Vec::new();
    let mut busy_until = 0;
    for run in runs {
        if run.offset_ms > busy_until {
            let duration_ms = run.offset_ms - busy_until;
            gaps.push(IdleGap { offset_ms: busy_until, duration_ms });
        }
        busy_until = busy_until.max(run.end_ms());
    }
    gaps
}

/// How many ran at once at most, of runs from and to milliseconds. One that ends in the millisecond in
/// which another begins does not run beside it.
pub(crate) fn most_at_once(runs: impl Iterator<Item = (i64, i64)>) -> usize {
    let mut events: Vec<(i64, i64)> =
        runs.flat_map(|(from, to)| [(from, 1), (to.max(from + 1), -1)]).collect();
    events.sort_unstable();
    let (mut now, mut most) = (0, 0);
    for (_, step) in events {
        now += step;
        most = most.max(now);
    }
    usize::try_from(most).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(runs: &[Run]) -> usize {
        most_at_once(runs.iter().map(|run| (run.offset_ms, run.end_ms())))
    }

    fn run(offset_ms: i64, duration_ms: i64) -> Run {
        let at: Timestamp = "2025-01-17T09:30:00Z".parse().unwrap();
        Run {
            execution_id: ExecutionId::new("e").unwrap(),
            agent_type: String::new(),
            scope: String::new(),
            status: ExecutionStatus::Completed,
            deployed_at: at,
            completed_at: Some(at),
            offset_ms,
            duration_ms,
        }
    }

    #[test]
    fn what_ran_at_once_and_what_did_not() {
        let runs = [run(0, 10), run(5, 10), run(10, 5), run(20, 0), run(20, 0)];
        assert_eq!(at_once(&runs), 2);
        assert_eq!(at_once(&runs[..1]), 1);
        assert_eq!(at_once(&[]), 0);
        assert_eq!(idle_gaps(&runs), [IdleGap { offset_ms: 15, duration_ms: 5 }]);
    }
}

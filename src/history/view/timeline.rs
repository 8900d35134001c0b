//! What ran when, drawn: quiet hours take little room, so that the rest can be seen.

use crate::history::timeline::{Run, Timeline};
use crate::model::{ExecutionStatus, Timestamp};
use crate::render::{
    Cell, Column, Document, Lane, Lanes, Table, Tone, View, counted, duration, status_cell, to_json,
};
use serde_json::Value;

impl View for Timeline {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.runs.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let mut fields =
            vec![("session", self.session_id.clone().into()), ("scope", self.scope.clone().into())];
        let (Some(begin), Some(end)) = (self.started_at, self.ended_at) else {
            return Document::new().fields(fields).text("nothing was deployed");
        };
        fields.push(("from", Cell::when(begin)));
        fields.push(("to", if self.open > 0 { "now".into() } else { Cell::when(end) }));
        fields.push(("deployments", self.runs_in_words().into()));
        fields.push(("time", self.time_in_words().into()));
        let runs = self.runs.len() as u64;
        let used = self.usage.as_ref().and_then(|it| it.in_words(runs));
        fields.extend(used.map(|used| ("used", used.into())));
        let axis = Axis::of(self);
        let mut document = Document::new().fields(fields).lanes(axis.lanes(self, begin));
        if let Some(legend) = self.legend(&axis) {
            document = document.text(legend);
        }
        document
    }
}

impl Timeline {
    fn runs_in_words(&self) -> String {
        let at_once = format!("{} at once at most", self.max_parallel);
        match self.open {
            0 => format!("{}, {at_once}", self.runs.len()),
            open => format!("{}, {at_once}, {open} open", self.runs.len()),
        }
    }

    /// “1h 5m of agents in 41m 0s; idle 2m 0s (1 gap)”.
    fn time_in_words(&self) -> String {
        let (agents, wall) = (duration(self.agent_ms), duration(self.wall_ms));
        let gaps = counted(self.idle_gaps.len(), "gap", "gaps");
        match self.idle_ms {
            0 => format!("{agents} of agents in {wall}"),
            idle => format!("{agents} of agents in {wall}; idle {} ({gaps})", duration(idle)),
        }
    }

    fn legend(&self, axis: &Axis) -> Option<String> {
        let completed = self.runs.iter().any(|run| run.status == ExecutionStatus::Completed);
        let failed = self.runs.iter().any(|run| run.status == ExecutionStatus::Failed);
        let told = [
            (completed, "█ completed"),
            (failed, "▓ failed"),
            (self.open > 0, "░ open, up to now"),
            (!axis.cuts.is_empty(), "┊ quiet time, shortened"),
        ];
        let told: Vec<&str> = told.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
        (told != ["█ completed"]).then(|| told.join("   "))
    }
}

/// How milliseconds of the session become places on the drawing.
struct Axis {
    /// In order.
    stretches: Vec<Stretch>,
    /// The middle of each shortened stretch.
    cuts: Vec<u64>,
    length: i64,
}

/// A part of the axis.
struct Stretch {
    /// Milliseconds.
    from: i64,
    to: i64,
    /// The length that it has in the drawing.
    length: i64,
}

impl Stretch {
    fn is_shortened(&self) -> bool {
        self.length < self.to - self.from
    }
}

/// A quiet stretch is shortened from this part of the busy time on: half of it.
const LONG: i64 = 2;

/// What is left of it: this part of the busy time.
const SHORT: i64 = 24;

/// No more than so many times of day stand on the axis.
const TICKS: i64 = 12;

impl Axis {
    fn of(timeline: &Timeline) -> Axis {
        let quiet = quiet(timeline);
        let busy = timeline.wall_ms - quiet.iter().map(|(from, to)| to - from).sum::<i64>();
        let long = quiet.into_iter().filter(|(from, to)| busy > 0 && to - from > busy / LONG);
        let mut axis = Axis { stretches: Vec::new(), cuts: Vec::new(), length: 0 };
        let mut at = 0;
        for (from, to) in long {
            axis.push(at, from, from - at);
            axis.cuts.push((axis.length + busy / SHORT / 2) as u64);
            axis.push(from, to, (busy / SHORT).max(1));
            at = to;
        }
        axis.push(at, timeline.wall_ms, timeline.wall_ms - at);
        axis
    }

    fn push(&mut self, from: i64, to: i64, length: i64) {
        self.stretches.push(Stretch { from, to, length });
        self.length += length;
    }

    fn place(&self, ms: i64) -> u64 {
        let mut before = 0;
        for Stretch { from, to, length } in &self.stretches {
            if ms <= *to {
                let part = i128::from(ms - from) * i128::from(*length);
                let within = part / i128::from((to - from).max(1));
                return (before + within as i64) as u64;
            }
            before += length;
        }
        self.length as u64
    }

    fn lanes(&self, timeline: &Timeline, begin: Timestamp) -> Lanes {
        let lane = |run: &Run| {
            let (fill, tone, word) = match run.status {
                ExecutionStatus::Completed => ('█', Tone::Good, ""),
                ExecutionStatus::Failed => ('▓', Tone::Bad, "failed: "),
                ExecutionStatus::Deployed => ('░', Tone::Warning, "open: "),
            };
            Lane {
                label: run.execution_id.to_string(),
                start: self.place(run.offset_ms),
                end: self.place(run.end_ms()),
                fill,
                tone,
                figure: duration(run.duration_ms),
                words: format!("{word}{}", run.agent_type),
            }
        };
        let finest = steps(self.length).next().unwrap_or(1);
        let between =
            |step| self.round(begin, step).map(|ms| self.tick(begin, ms, finest)).collect();
        let steps = steps(self.length);
        Lanes {
            length: self.length.max(1) as u64,
            rows: timeline.runs.iter().map(lane).collect(),
            ticks: self.begins().map(|ms| self.tick(begin, ms, finest)).collect(),
            between: steps.map(between).collect(),
            cuts: self.cuts.clone(),
            listed: Some(listed(&timeline.runs)),
        }
    }

    /// Where the drawing and what follows a shortened stretch begin.
    fn begins(&self) -> impl Iterator<Item = i64> {
        let last = self.last();
        let jumps = self.stretches.iter().filter(|it| it.is_shortened()).map(|it| it.to);
        [0].into_iter().chain(jumps.filter(move |to| *to < last))
    }

    fn last(&self) -> i64 {
        self.stretches.last().map_or(0, |it| it.to)
    }

    /// Round times of day, `step` milliseconds apart, where nothing was shortened.
    fn round(&self, begin: Timestamp, step: i64) -> impl Iterator<Item = i64> {
        let linear = self.stretches.iter().filter(|it| !it.is_shortened());
        linear.flat_map(move |it| {
            let past = begin.plus_millis(it.from).unix_millis().rem_euclid(step);
            (it.from + step - past..it.to).step_by(step as usize)
        })
    }

    /// A place and the time of day there.
    fn tick(&self, begin: Timestamp, ms: i64, step: i64) -> (u64, String) {
        let at = begin.plus_millis(ms);
        let (day, clock) = (at.day(), at.clock());
        let days = begin.day() != begin.plus_millis(self.last()).day();
        let told = match (days, step < 60_000) {
            (true, _) => format!("{} {}", &day[5..], &clock[..5]),
            (false, true) => clock,
            (false, false) => clock[..5].to_owned(),
        };
        (self.place(ms), told)
    }
}

fn listed(runs: &[Run]) -> Table {
    let columns = vec![
        Column::left("execution"),
        Column::left("agent"),
        Column::left("status"),
        Column::left("deployed"),
        Column::left("ended"),
        Column::right("took"),
    ];
    let when = |at: Timestamp| format!("{} {}", at.day(), at.clock());
    let row = |run: &Run| {
        vec![
            run.execution_id.clone().into(),
            run.agent_type.clone().into(),
            status_cell(run.status),
            when(run.deployed_at).into(),
            Cell::or_dash(run.completed_at.map(when)),
            duration(run.duration_ms).into(),
        ]
    };
    Table::new(columns, "nothing was deployed").rows(runs.iter().map(row))
}

/// Round numbers of milliseconds that divide `length` into parts, from many to few.
fn steps(length: i64) -> impl Iterator<Item = i64> {
    let minutes = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
    let days = [1, 2, 7, 14, 30, 90, 365].map(|days| days * 86_400);
    let seconds = [1, 2, 5, 15, 30].into_iter().chain(minutes).chain(days);
    let steps = seconds.map(|seconds| seconds * 1_000);
    steps.skip_while(move |step| length / step > TICKS).take_while(move |step| *step <= length)
}

/// The stretches in which nothing began, ended, or ran that has come back.
fn quiet(timeline: &Timeline) -> Vec<(i64, i64)> {
    let mut points: Vec<i64> = vec![timeline.wall_ms];
    for run in &timeline.runs {
        points.push(run.offset_ms);
        points.extend((!run.is_open()).then(|| run.end_ms()));
    }
    points.sort_unstable();
    points.dedup();
    let closed: Vec<&Run> = timeline.runs.iter().filter(|run| !run.is_open()).collect();
    let mut ended = closed.iter().map(|run| (run.offset_ms, run.end_ms())).peekable();
    let mut busy_until = 0;
    let mut found = Vec::new();
    for pair in points.windows(2) {
        while let Some((_, end)) = ended.next_if(|(start, _)| *start <= pair[0]) {
            busy_until = busy_until.max(end);
        }
        if busy_until <= pair[0] {
            found.push((pair[0], pair[1]));
        }
    }
    found
}

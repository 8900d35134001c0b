//! How figures over many deployments look.

use super::usage::{Named, usage};
use crate::history::stats::{Figures, Group, Share, SourceGroup, SourceStats, Stats, Telling};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, duration, grouped, to_json, tokens,
};
use serde_json::{Value, json};

/// `83 %`; none where nothing came back.
fn percent(rate: Option<f64>) -> Cell {
    Cell::or_dash(rate.map(|rate| format!("{:.0} %", rate * 100.0)))
}

/// `63–93 %`.
fn interval(low: Option<f64>, high: Option<f64>) -> Option<String> {
    let (low, high) = low.zip(high)?;
    Some(format!("{:.0}–{:.0} %", low * 100.0, high * 100.0))
}

/// What a group without a name is called.
fn nameless(by: &str) -> &'static str {
    match by {
        "template" => "(no briefing on record)",
        "model" => "(model not given)",
        _ => "(not given)",
    }
}

impl View for Figures {
    fn json(&self) -> Value {
        self.view().json()
    }

    fn records(&self) -> Vec<Value> {
        self.view().records()
    }

    fn document(&self) -> Document {
        self.view().document()
    }
}

impl Figures {
    fn view(&self) -> &dyn View {
        match self {
            Self::Groups(it) => it,
            Self::Sources(it) => it,
        }
    }
}

impl View for Stats {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.groups.iter().map(flat).collect()
    }

    fn document(&self) -> Document {
        if self.groups.is_empty() {
            return Document::new().text("no deployments");
        }
        let mut groups: Vec<(Cell, &Group)> =
            self.groups.iter().map(|it| (self.name(it), it)).collect();
        if groups.len() > 1 || self.omitted > 0 {
            groups.push((Cell::toned("all", Tone::Faint), &self.total));
        }
        let document = Document::new()
            .heading("How it went")
            .table(outcomes(self.title(), &groups))
            .heading("What it took")
            .table(costs(self.title(), &groups));
        let Some(all) = &self.total.usage else { return document };
        let used: Vec<Named<'_>> =
            groups.iter().map(|(name, it)| (name.clone(), it.runs, it.usage.as_ref())).collect();
        usage(document, self.title(), &used, all)
    }
}

/// A group on one line: what it used stands beside the rest, so that a table of it has no JSON in its cells.
fn flat(group: &Group) -> Value {
    let mut record = to_json(group);
    if let Value::Object(fields) = &mut record
        && let Some(Value::Object(usage)) = fields.shift_remove("usage")
    {
        fields.extend(usage);
    }
    record
}

impl Stats {
    fn title(&self) -> &'static str {
        if self.by == "agent-type" { "agent" } else { self.by }
    }

    fn name(&self, group: &Group) -> Cell {
        match &group.name {
            Some(name) => name.into(),
            None => Cell::toned(nameless(self.by), Tone::Faint),
        }
    }
}

fn outcomes(title: &str, groups: &[(Cell, &Group)]) -> Table {
    let columns = vec![
        Column::wide(title),
        Column::right("runs"),
        Column::right("done"),
        Column::right("failed"),
        Column::right("open"),
        Column::right("success"),
        Column::right("95 % CI"),
        Column::left(""),
    ];
    let row = |(name, it): &(Cell, &Group)| {
        let few = it.few_runs && it.success_rate.is_some();
        vec![
            name.clone(),
            grouped(it.runs).into(),
            grouped(it.completed).into(),
            Cell::toned(grouped(it.failed), if it.failed > 0 { Tone::Bad } else { Tone::Plain }),
            grouped(it.open).into(),
            percent(it.success_rate),
            Cell::or_dash(interval(it.success_low, it.success_high)),
            Cell::toned(if few { "few runs" } else { "" }, Tone::Warning),
        ]
    };
    Table::new(columns, "").rows(groups.iter().map(row))
}

fn costs(title: &str, groups: &[(Cell, &Group)]) -> Table {
    let columns = vec![
        Column::wide(title),
        Column::right("context a run"),
        Column::right("in all"),
        Column::right("took p50"),
        Column::right("p95"),
    ];
    let row = |(name, it): &(Cell, &Group)| {
        let total = it.tokens_mean.map(|_| tokens(it.tokens_total, it.tokens_exact));
        vec![
            name.clone(),
            Cell::or_dash(it.tokens_mean.map(|mean| tokens(mean, it.tokens_exact))),
            Cell::or_dash(total),
            Cell::or_dash(it.duration_p50_ms.map(duration)),
            Cell::or_dash(it.duration_p95_ms.map(duration)),
        ]
    };
    Table::new(columns, "").rows(groups.iter().map(row))
}

impl View for SourceStats {
    fn json(&self) -> Value {
        json!({
            "by": self.by,
            "finished": self.finished,
            "completed": self.completed,
            "sources": self.records(),
            "omitted": self.omitted,
        })
    }

    fn records(&self) -> Vec<Value> {
        self.sources.iter().map(record).collect()
    }

    fn document(&self) -> Document {
        let runs = counted(self.finished as usize, "run", "runs");
        if self.sources.is_empty() {
            return Document::new().text("no deployment with a context has come back yet");
        }
        let columns = vec![
            Column::wide("source"),
            Column::right("with it"),
            Column::right("95 % CI"),
            Column::right("without"),
            Column::right("95 % CI"),
            Column::left("it went"),
        ];
        let table = Table::new(columns, "").rows(self.sources.iter().map(row));
        let told = format!(
            "{runs} with a context on record came back, {} completed. “Better” and\n\
             “worse” only where the two 95 % ranges do not overlap; what goes together\n\
             need not be cause and effect.",
            grouped(self.completed)
        );
        Document::new().table(table).text(told)
    }
}

/// Flat, so that each figure has a column of its own.
fn record(it: &SourceGroup) -> Value {
    let SourceGroup { source, with, without, difference, telling, .. } = it;
    json!({
        "source": source,
        "with_finished": with.finished,
        "with_completed": with.completed,
        "with_rate": with.rate,
        "with_low": with.low,
        "with_high": with.high,
        "without_finished": without.finished,
        "without_completed": without.completed,
        "without_rate": without.rate,
        "without_low": without.low,
        "without_high": without.high,
        "difference": difference,
        "telling": telling,
    })
}

fn row(it: &SourceGroup) -> Vec<Cell> {
    let share = |it: &Share| format!("{} of {}", grouped(it.completed), grouped(it.finished));
    let range = |it: &Share| Cell::or_dash(interval(it.low, it.high));
    let points = it.difference.map_or(0.0, |by| by * 100.0);
    let went = match it.telling {
        Some(Telling::Better) => Cell::toned(format!("better, {points:+.0}"), Tone::Good),
        Some(Telling::Worse) => Cell::toned(format!("worse, {points:+.0}"), Tone::Bad),
        None if it.difference.is_none() => Cell::toned("always there", Tone::Faint),
        None => Cell::toned("cannot tell", Tone::Faint),
    };
    vec![
        it.source.clone().into(),
        share(&it.with).into(),
        range(&it.with),
        share(&it.without).into(),
        range(&it.without),
        went,
    ]
}

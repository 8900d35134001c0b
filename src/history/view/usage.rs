//! How it looks what deployments used, and what that cost.

use crate::history::usage::{UsageSummary, UsedExecution};
use crate::model::{Cost, ExecutionUsage};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, beginning, counted, dollars, grouped, status_cell,
    to_json, visible,
};
use serde_json::{Value, json};

/// Some deployments under one name: how many, and what they used.
pub(super) type Named<'g> = (Cell, u64, Option<&'g UsageSummary>);

/// What the deployments of each name used and what that cost.
pub(super) fn usage(
    document: Document,
    title: &str,
    rows: &[Named<'_>],
    all: &UsageSummary,
) -> Document {
    let document = match all.usage_known {
        0 => document.heading("What it used"),
        _ => document
            .heading("What it used")
            .table(used(title, rows))
            .heading("What a run cost")
            .table(cost(title, rows)),
    };
    match all.remarks() {
        remarks if remarks.is_empty() => document,
        remarks => document.text(remarks.join("\n")),
    }
}

fn used(title: &str, rows: &[Named<'_>]) -> Table {
    let columns = vec![
        Column::wide(title),
        Column::right("known"),
        Column::right("used a run"),
        Column::right("in all"),
        Column::right("harness said"),
        Column::right("off by"),
    ];
    let none = UsageSummary::default();
    let row = |(name, runs, it): &Named<'_>| {
        let it = it.unwrap_or(&none);
        let factor = it.reported_factor.map(|times| format!("{times:.1}×"));
        vec![
            name.clone(),
            format!("{} of {}", grouped(it.usage_known), grouped(*runs)).into(),
            Cell::or_dash(it.used_mean.map(grouped)),
            Cell::or_dash(it.used_mean.map(|_| grouped(it.used_tokens))),
            Cell::or_dash(it.reported_tokens.map(grouped)),
            Cell::or_dash(factor),
        ]
    };
    Table::new(columns, "").rows(rows.iter().map(row))
}

fn cost(title: &str, rows: &[Named<'_>]) -> Table {
    let columns = vec![
        Column::wide(title),
        Column::right("input"),
        Column::right("cache read"),
        Column::right("cache write"),
        Column::right("output"),
        Column::right("cost"),
        Column::right("in all"),
    ];
    let none = UsageSummary::default();
    let row = |(name, _, it): &Named<'_>| {
        let it = it.unwrap_or(&none);
        let mean = |tokens: u64| Cell::or_dash(it.mean(tokens).map(grouped));
        let tokens = &it.tokens;
        vec![
            name.clone(),
            mean(tokens.input_tokens),
            mean(tokens.cache_read_tokens),
            mean(tokens.cache_write_tokens.saturating_add(tokens.cache_write_1h_tokens)),
            mean(tokens.output_tokens),
            Cell::or_dash(it.cost_mean_usd.map(dollars)),
            Cell::or_dash(it.cost()),
        ]
    };
    Table::new(columns, "").rows(rows.iter().map(row))
}

impl UsageSummary {
    /// `$12.34`; `≥ $12.34` where some has no price.
    fn cost(&self) -> Option<String> {
        let least = if self.cost_known < self.usage_known { "≥ " } else { "" };
        self.cost_usd.map(|usd| format!("{least}{}", dollars(usd)))
    }

    /// `prices of 2026-10-10`.
    fn priced_by(&self) -> String {
        match (&self.prices_as_of, self.own_prices) {
            (Some(day), false) => format!("prices of {day}"),
            (Some(day), true) => format!("prices of {day}, and of sortie.toml"),
            (None, _) => "prices of sortie.toml".to_owned(),
        }
    }

    /// What to know of these figures.
    fn remarks(&self) -> Vec<String> {
        let priced = self.cost_usd.map(|_| format!("US dollars, by the {}.", self.priced_by()));
        let without = (self.cost_known < self.usage_known).then(|| self.without_price());
        let unread = (self.usage_reported_only > 0).then(|| {
            let more =
                if self.usage_known > 0 { ["more run", "more runs"] } else { ["run", "runs"] };
            let count = counted(self.usage_reported_only as usize, more[0], more[1]);
            format!(
                "Of {count} there is only what the harness said; `sortie import` reads transcripts."
            )
        });
        [priced, without, unread].into_iter().flatten().collect()
    }

    fn without_price(&self) -> String {
        let runs = counted((self.usage_known - self.cost_known) as usize, "run", "runs");
        let named: Vec<String> =
            self.unpriced_models.iter().take(NAMED).map(|it| named(it)).collect();
        let more = self.unpriced_models.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        match named.first() {
            Some(first) => format!(
                "No price is known of {}{more} ({runs}); sortie.toml takes one: \
                 [models.\"{first}\"] price = {{ input = 3, output = 15 }}.",
                named.join(", ")
            ),
            None => format!("The model of {runs} is not known, and so no price."),
        }
    }

    /// `1,724 tokens in 2 of 4 deployments, $0.0014 (prices of 2026-10-10)`; nothing, where it is known of
    /// none.
    pub(super) fn in_words(&self, runs: u64) -> Option<String> {
        let of = match self.usage_known {
            0 => return None,
            all if all == runs => String::new(),
            some => format!(" in {} of {} deployments", grouped(some), grouped(runs)),
        };
        let cost = self.cost().map(|cost| format!(", {cost} ({})", self.priced_by()));
        Some(format!("{} tokens{of}{}", grouped(self.used_tokens), cost.unwrap_or_default()))
    }
}

/// How many models without a price are named, and with how many characters.
const NAMED: usize = 3;
const NAME: usize = 60;

fn named(model: &str) -> String {
    visible(&beginning(model, NAME))
}

/// Deployments, each with what it used.
pub struct UsageList(pub Vec<UsedExecution>);

impl View for UsageList {
    fn json(&self) -> Value {
        json!({ "executions": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("execution"),
            Column::wide("agent"),
            Column::left("status"),
            Column::right("used"),
            Column::right("cost"),
            Column::wide("scope"),
        ];
        let row = |UsedExecution { execution, usage, cost }: &UsedExecution| {
            let used = usage.as_ref().filter(|it| !it.tokens.is_zero());
            vec![
                execution.execution_id.clone().into(),
                execution.agent_type.clone().into(),
                status_cell(execution.status),
                Cell::or_dash(used.map(|it| grouped(it.tokens.total()))),
                Cell::or_dash(cost.as_ref().map(|it| dollars(it.usd))),
                execution.scope.clone().into(),
            ]
        };
        Document::new().table(Table::new(columns, "no executions").rows(self.0.iter().map(row)))
    }
}

/// What one deployment used, and what its harness said of it.
pub(super) fn usage_fields(it: &ExecutionUsage) -> Vec<(&'static str, Cell)> {
    let (tokens, mut fields) = (&it.tokens, Vec::new());
    if !tokens.is_zero() {
        let written = tokens.cache_write_tokens.saturating_add(tokens.cache_write_1h_tokens);
        let parts = [
            (tokens.input_tokens, "in"),
            (tokens.output_tokens, "out"),
            (tokens.cache_read_tokens, "read from the cache"),
            (written, "written to it"),
        ];
        let parts = parts.iter().filter(|(tokens, _)| *tokens > 0);
        let parts: Vec<String> =
            parts.map(|(tokens, what)| format!("{} {what}", grouped(*tokens))).collect();
        fields.push((
            "used",
            format!("{} tokens: {}", grouped(tokens.total()), parts.join(", ")).into(),
        ));
    }
    let reported = it.reported_tokens.filter(|told| *told != tokens.total());
    if let Some(reported) = reported {
        let told = format!("{} tokens, of its last request", grouped(reported));
        fields.push(("reported", Cell::toned(told, Tone::Faint)));
    }
    fields
}

/// What one deployment cost.
pub(super) fn cost_field(it: &Cost) -> (&'static str, Cell) {
    let of = match &it.prices_as_of {
        Some(day) => format!("prices of {day}"),
        None => "by the price in sortie.toml".to_owned(),
    };
    ("cost", format!("{} ({of})", dollars(it.usd)).into())
}

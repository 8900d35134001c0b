//! The bundles of a plan, in one budget table.

use super::sharing::in_words;
use super::words::tone;
use crate::context::plan::{OverPlan, Planned, PlannedAgent};
use crate::model::BundleId;
use crate::render::{Cell, Column, Document, Table, View, grouped, to_json, tokens};
use serde_json::Value;

impl View for Planned {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.agents.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let fields =
            vec![("plan", self.scope.clone().into()), ("model", self.model.clone().into())];
        let mut document = Document::new().fields(fields);
        if let Some(budget) = self.budget {
            let share = self.total_tokens_upper as f64 / budget.max(1) as f64;
            let label = format!("budget {}", grouped(budget));
            document = document.bar(label, share, tone(self.status));
        }
        let document = document.table(agents(self));
        match &self.sharing {
            Some(sharing) => document.text(in_words(sharing)),
            None => document,
        }
    }

    /// A line for each bundle, in the plan's order.
    fn id(&self) -> Option<String> {
        let ids = self.agents.iter().filter_map(|it| it.bundle_id.as_ref());
        let ids: Vec<&str> = ids.map(BundleId::as_str).collect();
        (!ids.is_empty()).then(|| ids.join("\n"))
    }
}

fn agents(planned: &Planned) -> Table {
    let columns = vec![
        Column::wide("agent"),
        Column::right("items"),
        Column::right("tokens"),
        Column::right("billed as"),
        Column::right("of its budget"),
        Column::left("bundle"),
    ];
    let billed =
        planned.sharing.iter().flat_map(|it| it.agents.iter().map(|row| row.billed.tokens_billed));
    let billed = billed.map(Some).chain(std::iter::repeat(None));
    let row = |(it, billed): (&PlannedAgent, Option<u64>)| {
        let share = it.tokens_upper as f64 * 100.0 / it.budget.max(1) as f64;
        vec![
            it.name.clone().into(),
            grouped(it.items as u64).into(),
            tokens(it.tokens, planned.exact).into(),
            Cell::or_dash(billed.map(|billed| tokens(billed, planned.exact))),
            Cell::toned(format!("{share:.1} %"), tone(it.status)),
            Cell::or_dash(it.bundle_id.clone()),
        ]
    };
    let all_billed = planned.sharing.as_ref().map(|it| tokens(it.tokens_billed, planned.exact));
    let total = vec![
        "total".into(),
        grouped(planned.agents.iter().map(|it| it.items as u64).sum()).into(),
        tokens(planned.total_tokens, planned.exact).into(),
        Cell::or_dash(all_billed),
        "".into(),
        "".into(),
    ];
    Table::new(columns, "no agents").rows(planned.agents.iter().zip(billed).map(row)).row(total)
}

impl View for OverPlan {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut document = Document::new();
        for it in &self.over_budget {
            document = document.heading(it.name.clone());
            document.blocks.extend(it.over.document().blocks);
        }
        document
    }
}

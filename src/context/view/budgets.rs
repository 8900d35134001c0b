//! What does not fit, what would fit, and what is spoken for.

use super::words::{LISTED, skipped, tone};
use crate::context::advice::{Action, OverBudget, Step};
use crate::context::bounds::Bounds;
use crate::context::guard::Suspect;
use crate::context::usage::{Usage, UsageRow};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, grouped, grouped_signed, to_json, tokens,
};
use serde_json::Value;

/// A count with its upper end, which budgets are checked against.
fn at_most(count: u64, upper: u64, exact: bool) -> Cell {
    match exact {
        true => tokens(count, exact).into(),
        false => format!("{}, at most {}", tokens(count, exact), grouped(upper)).into(),
    }
}

impl View for OverBudget {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new()
            .fields(vec![
                ("tokens", at_most(self.total_tokens, self.total_tokens_upper, self.exact)),
                ("budget", format!("{} for {}", grouped(self.budget), self.model).into()),
                ("over by", Cell::toned(grouped(self.over_by), Tone::Bad)),
            ])
            .table(steps_table(&self.steps, self.exact))
            .text(match self.steps.iter().any(|step| step.fits) || self.steps.is_empty() {
                true => "",
                false => "These steps are not enough: take several, or split the scope.",
            })
    }
}

/// How many files to drop are listed by name, of each priority.
const DROPS_LISTED: usize = 8;

/// The steps in order; of many to drop, the largest by name and the rest in one row.
fn steps_table(steps: &[Step], exact: bool) -> Table {
    let columns = vec![
        Column::left("step"),
        Column::wide("item"),
        Column::left("priority"),
        Column::right("tokens"),
        Column::right("saves"),
        Column::left(""),
    ];
    let nothing = "nothing can be dropped or narrowed: raise --budget, or split the scope";
    let mut table = Table::new(columns, nothing);
    let same = |a: &Step, b: &Step| (a.action, a.priority) == (b.action, b.priority);
    for group in steps.chunk_by(same) {
        let listed = match group[0].action {
            Action::Drop if group.len() > DROPS_LISTED + 1 => DROPS_LISTED,
            _ => group.len(),
        };
        let (named, rest) = group.split_at(listed);
        let row = |it: &Step| {
            step_row(it.action, it.item.clone(), it.tokens, std::slice::from_ref(it), exact)
        };
        table = table.rows(named.iter().map(row));
        if let Some(first) = rest.first() {
            let name = format!("… and {} more", grouped(rest.len() as u64));
            let all = rest.iter().map(|it| it.tokens).sum();
            table = table.row(step_row(first.action, name, all, rest, exact));
        }
    }
    table
}

fn step_row(action: Action, item: String, all: u64, steps: &[Step], exact: bool) -> Vec<Cell> {
    let action = match action {
        Action::Drop => "drop",
        Action::Narrow => "take only",
    };
    let fits = steps.iter().any(|step| step.fits);
    vec![
        action.into(),
        item.into(),
        Cell::or_dash(steps.first().map(|step| step.priority)),
        tokens(all, exact).into(),
        grouped(steps.iter().map(|step| step.saves).sum()).into(),
        if fits { Cell::toned("then it fits", Tone::Good) } else { "".into() },
    ]
}

impl View for Bounds {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let tone = tone(self.status);
        let mut fields = vec![
            ("status", Cell::toned(self.status.as_str(), tone)),
            ("tokens", at_most(self.estimated_tokens, self.estimated_tokens_upper, self.exact)),
            ("limit", format!("{} for {}", grouped(self.token_limit), self.model).into()),
            ("skipped", skipped(&self.skipped)),
        ];
        if let Some(phase) = self.phase {
            fields.insert(0, ("phase", format!("{phase} ({})", phase.name()).into()));
        }
        if !self.shared_with.is_empty() {
            fields.push(("shared with", self.shared_with.join(", ").into()));
        }
        let columns = vec![Column::right("tokens"), Column::right("share"), Column::wide("file")];
        let files = self.files.iter().take(LISTED).map(|file| {
            let share = Cell::share(file.percentage / 100.0, Tone::Plain);
            vec![tokens(file.tokens, self.exact).into(), share, file.path.clone().into()]
        });
        let mut table = Table::new(columns, "no files").rows(files);
        if self.files.len() > LISTED {
            let rest = format!("… and {} more", grouped((self.files.len() - LISTED) as u64));
            table = table.row(vec!["".into(), "".into(), Cell::toned(rest, Tone::Faint)]);
        }
        let share = self.percentage_used / 100.0;
        let mut document = Document::new().fields(fields).bar("used", share, tone).table(table);
        if !self.secrets.is_empty() {
            let count = counted(self.secrets.len(), "secret", "secrets");
            let heading = format!("{count}: the bundle would be refused");
            document = document.heading(heading).table(secrets_table(&self.secrets));
        }
        match self.recommendations.is_empty() {
            true => document,
            false => document.heading("Recommendations").text(self.recommendations.join("\n")),
        }
    }
}

/// Where secrets stand, and what they are by which rule.
fn secrets_table(secrets: &[Suspect]) -> Table {
    let columns = vec![Column::wide("place"), Column::wide("secret"), Column::left("fingerprint")];
    let named = secrets.iter().take(LISTED).map(|it| {
        let place = format!("{}:{}:{}", it.source, it.line, it.column);
        let rule = Cell::toned(format!("{} ({})", it.rule, it.about), Tone::Bad);
        vec![place.into(), rule, it.fingerprint.clone().into()]
    });
    let table = Table::new(columns, "").rows(named);
    match secrets.len().saturating_sub(LISTED) {
        0 => table,
        more => table.row(vec![format!("… and {more} more").into(), "".into(), "".into()]),
    }
}

impl View for Usage {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let tone = tone(self.status);
        let columns = vec![
            Column::wide("what"),
            Column::wide("agent"),
            Column::right("runs"),
            Column::right("tokens"),
            Column::right("of budget"),
        ];
        let row = |it: &UsageRow| {
            vec![
                it.what.clone().into(),
                Cell::or_dash(it.agent_type.clone()),
                Cell::or_dash(it.deployments),
                tokens(it.tokens, self.exact).into(),
                Cell::share(it.percentage / 100.0, Tone::Plain),
            ]
        };
        let table = Table::new(columns, "nothing deployed yet").rows(self.rows.iter().map(row));
        let mut fields = vec![
            ("status", Cell::toned(self.status.as_str(), tone)),
            ("tokens", at_most(self.total_tokens, self.total_tokens_upper, self.exact)),
            ("budget", grouped(self.budget).into()),
            ("remaining", grouped_signed(self.budget_remaining).into()),
        ];
        if let Some(phase) = self.phase {
            fields.insert(0, ("phase", format!("{phase} ({})", phase.name()).into()));
        }
        if !self.already_deployed.is_empty() {
            let ids: Vec<String> = self.already_deployed.iter().map(ToString::to_string).collect();
            fields.push(("deployed", format!("{} already, counted once", ids.join(", ")).into()));
        }
        if let Some(session) = &self.session_id {
            fields.insert(0, ("session", session.clone().into()));
        }
        Document::new().fields(fields).bar("used", self.percentage_used / 100.0, tone).table(table)
    }
}

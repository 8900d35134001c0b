//! What there is to say of a preparation besides its figures; every face says it.

use super::advice::{Action, OverBudget};
use super::budget::BudgetStatus;
use super::guard::Suspect;
use super::prepare::Prepared;
use crate::model::{Bundle, SkipReason};
use crate::render::{counted, grouped};

/// How many trimmed items are named.
const NAMED: usize = 10;

/// How many places are named that may hold secrets.
const PLACES: usize = 3;

impl Prepared {
    /// What may be wrong with it: items left out, a budget that is nearly used, or too large.
    pub fn warnings(&self) -> Vec<String> {
        let (bundle, window) = (&self.bundle, self.window);
        let mut told: Vec<String> = bundle.trimmed().into_iter().collect();
        if bundle.budget > window {
            let (budget, model) = (grouped(bundle.budget), &bundle.model);
            let window = grouped(window);
            told.push(format!("the budget of {budget} is more than {model} takes: {window}"));
        }
        if self.status > BudgetStatus::Ok {
            let percent = bundle.total_tokens_upper as f64 * 100.0 / bundle.budget.max(1) as f64;
            told.push(format!("{percent:.1} % of the budget ({})", self.status.as_str()));
        }
        told
    }

    /// Where it may hold secrets.
    pub fn suspicion(&self) -> Option<String> {
        let suspects = &self.suspects;
        let place = |it: &Suspect| format!("{}:{} ({})", it.source, it.line, it.rule);
        let named: Vec<String> = suspects.iter().take(PLACES).map(place).collect();
        let more = if suspects.len() > PLACES { ", …" } else { "" };
        let count =
            counted(suspects.len(), "place that may hold a secret", "places that may hold secrets");
        (!suspects.is_empty())
            .then(|| format!("{count}: {}{more}; --redact takes them out", named.join(", ")))
    }
}

impl Bundle {
    /// What was left out to fit the budget, if anything was.
    pub fn trimmed(&self) -> Option<String> {
        let trimmed = self.skipped.iter().filter(|it| it.reason == SkipReason::Trimmed);
        let trimmed: Vec<&str> = trimmed.map(|it| it.source.as_str()).collect();
        if trimmed.is_empty() {
            return None;
        }
        let count = counted(trimmed.len(), "item", "items");
        let named = trimmed[..trimmed.len().min(NAMED)].join(", ");
        let more = match trimmed.len() > NAMED {
            true => format!(", …; `sortie ctx show {}` lists them all", self.bundle_id),
            false => String::new(),
        };
        Some(format!("{count} left out to fit the budget: {named}{more}"))
    }
}

impl OverBudget {
    /// What is the matter.
    pub fn told(&self) -> String {
        format!("over budget by {} tokens: nothing was written", grouped(self.over_by))
    }

    /// What to do about it, beside the steps; `trimmed` if what could be dropped was.
    pub fn remedy(&self, trimmed: bool) -> &'static str {
        let can_drop = self.steps.iter().any(|step| step.action == Action::Drop);
        match (self.steps.is_empty(), can_drop && !trimmed) {
            (true, _) => "raise --budget, or split the scope among several agents",
            (false, false) => "what is left is required: narrow it as above, or raise --budget",
            (false, true) => {
                "drop or narrow as above, raise --budget, or let --on-over-budget trim choose"
            }
        }
    }
}

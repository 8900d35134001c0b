//! The budget check without a bundle: would these files fit?

use super::Context;
use super::advice::{Action, Step, steps};
use super::attempt::{Attempt, Material};
use super::budget::BudgetStatus;
use super::guard::Suspect;
use super::prepare::Request;
use super::tokens::Counter;
use crate::error::Result;
use crate::model::{Phase, Skipped, percent};
use crate::render::{counted, grouped};
use schemars::JsonSchema;
use serde::Serialize;

/// How near some files are to a budget.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Bounds {
    /// The phase it was asked for; it does not change the count.
    pub phase: Option<Phase>,
    /// The model it was counted for.
    pub model: String,
    /// False where the counts are estimates.
    pub exact: bool,
    /// Tokens of the whole briefing, the likely number.
    pub estimated_tokens: u64,
    /// The upper end of the estimate, which is held against the limit.
    pub estimated_tokens_upper: u64,
    /// The budget, in tokens.
    pub token_limit: u64,
    /// Of the limit, by the upper end.
    pub percentage_used: f64,
    /// How near the upper end is to the limit.
    pub status: BudgetStatus,
    /// What to do about it, in sentences; empty if all is well.
    pub recommendations: Vec<String>,
    /// Largest first.
    pub files: Vec<FileShare>,
    /// The agents that would be given the same.
    pub shared_with: Vec<String>,
    /// What was asked for and would be left out.
    pub skipped: Vec<Skipped>,
    /// Secrets for which the bundle would be refused.
    pub secrets: Vec<Suspect>,
}

/// What one file takes of the whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileShare {
    /// The path from the root, with its selection.
    pub path: String,
    /// Tokens it costs, wrapper included.
    pub tokens: u64,
    /// Of all tokens.
    pub percentage: f64,
}

impl Context<'_> {
    /// Counts what `request` selects and holds it against the budget; writes nothing.
    pub fn check_bounds(
        &self,
        request: &Request,
        phase: Option<Phase>,
        shared_with: Vec<String>,
    ) -> Result<Bounds> {
        let material = self.gather(request)?;
        let attempt = self.attempt(request, &material)?;
        let total = attempt.measured.total();
        let status = material.budget.status(total);
        Ok(Bounds {
            phase,
            model: material.model.name.clone(),
            exact: material.model.exact(),
            estimated_tokens: total.tokens,
            estimated_tokens_upper: total.upper,
            token_limit: material.budget.limit,
            percentage_used: (material.budget.share(total) * 1000.0).round() / 10.0,
            status,
            recommendations: recommendations(&material, &attempt, status, shared_with.len())?,
            files: shares(&attempt),
            shared_with,
            secrets: self.secrets(&self.draft(request, &material), &material)?,
            skipped: material.skipped,
        })
    }
}

fn shares(attempt: &Attempt) -> Vec<FileShare> {
    let all = attempt.measured.total().tokens;
    let items = attempt.bundle.context_items.iter().zip(&attempt.measured.items);
    let mut files: Vec<FileShare> = items
        .map(|(item, count)| FileShare {
            path: item.label(),
            tokens: count.tokens,
            percentage: percent(count.tokens, all),
        })
        .collect();
    let frame = attempt.measured.frame.tokens;
    files.push(FileShare {
        path: "(the briefing around them)".to_owned(),
        tokens: frame,
        percentage: percent(frame, all),
    });
    files.sort_by_key(|file| std::cmp::Reverse(file.tokens));
    files
}

fn recommendations(
    material: &Material,
    attempt: &Attempt,
    status: BudgetStatus,
    agents: usize,
) -> Result<Vec<String>> {
    let mut advice = Vec::new();
    if status > BudgetStatus::Ok {
        // Below the warning again is where one wants to be.
        let target = (material.budget.limit as f64 * material.budget.warn) as u64;
        let over_by = attempt.measured.total().upper.saturating_sub(target);
        let counter = Counter::new(&material.model);
        let steps = steps(material, attempt, over_by, &counter)?;
        advice.extend(steps.iter().take(5).map(in_words));
    }
    if attempt.measured.dedup.duplicates > 0 {
        let copies = counted(
            attempt.measured.dedup.duplicates as usize,
            "file is a copy",
            "files are copies",
        );
        advice.push(format!("{copies} of another and cost one line each: they could be left out"));
    }
    if agents > 1 {
        advice.push(format!(
            "{agents} agents get the same: `sortie ctx deduplicate` makes it one shared bundle"
        ));
    }
    Ok(advice)
}

fn in_words(step: &Step) -> String {
    match step.action {
        Action::Drop => {
            format!("drop {} ({}): saves {} tokens", step.item, step.priority, grouped(step.saves))
        }
        Action::Narrow => format!(
            "take only {} ({} tokens): saves {} tokens",
            step.item,
            grouped(step.tokens),
            grouped(step.saves)
        ),
    }
}

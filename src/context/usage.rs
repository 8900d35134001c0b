//! How much of a session's budget is spoken for: by what was really deployed, and by bundles that
//! are planned.

use super::Context;
use super::budget::{Budget, BudgetStatus, CRITICAL, WARN};
use crate::error::Result;
use crate::model::{Bundle, BundleId, Count, Phase, SessionId, percent};
use schemars::JsonSchema;
use serde::Serialize;

/// What to add up, and against what.
#[derive(Debug, Clone, Default)]
pub struct UsageRequest {
    /// The session whose deployments are added up.
    pub session_id: Option<SessionId>,
    /// The phase the bundles are planned for; without bundles, the only one to add up.
    pub phase: Option<Phase>,
    /// Tokens for the whole session; without it the default model's window.
    pub budget: Option<u64>,
    /// A share of the budget, 0 to 1; else configured, else 0.75.
    pub warn: Option<f64>,
}

/// Tokens against a budget.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Usage {
    pub session_id: Option<SessionId>,
    pub phase: Option<Phase>,
    /// One a phase of what was deployed, then one a bundle.
    pub rows: Vec<UsageRow>,
    /// Bundles that were named and are deployed in the session already: they count once.
    pub already_deployed: Vec<BundleId>,
    /// The likely number.
    pub total_tokens: u64,
    /// The upper end of that, which is held against the budget.
    pub total_tokens_upper: u64,
    /// Whether every count in the sum is exact.
    pub exact: bool,
    /// Tokens.
    pub budget: u64,
    /// Tokens left, by the upper end where bundles are added up; negative if over.
    pub budget_remaining: i64,
    /// Of the budget, 100 being all of it.
    pub percentage_used: f64,
    /// The share of the budget to warn at, 0 to 1.
    pub warn_threshold: f64,
    /// How near the total is to the budget.
    pub status: BudgetStatus,
}

/// One bundle, or the deployments of one phase.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UsageRow {
    /// A bundle's id, or a phase by number and name.
    pub what: String,
    /// Whose bundle; none for a phase.
    pub agent_type: Option<String>,
    /// How many in the phase; none for a bundle.
    pub deployments: Option<u64>,
    /// The likely number.
    pub tokens: u64,
    /// The upper end of that.
    pub tokens_upper: u64,
    /// Of the budget, by the upper end.
    pub percentage: f64,
}

impl Context<'_> {
    /// Adds up what the session deployed so far, by phase, and those of `bundles` that it did not.
    pub fn usage(&self, request: &UsageRequest, bundles: &[Bundle]) -> Result<Usage> {
        let (mut rows, mut total, mut exact) = self.deployed(request, bundles.is_empty())?;
        let on_record = match &request.session_id {
            Some(session) => self.store.read(|r| r.deployed_bundles(session))?,
            None => Vec::new(),
        };
        let (already, ahead): (Vec<&Bundle>, Vec<&Bundle>) =
            bundles.iter().partition(|bundle| on_record.contains(&bundle.bundle_id));
        rows.extend(ahead.iter().map(|bundle| planned(bundle)));
        total = total + ahead.iter().map(|bundle| bundle.count()).sum();
        exact &= ahead.iter().all(|bundle| bundle.exact);
        let budget = self.session_budget(request)?;
        for row in &mut rows {
            row.percentage = percent(row.tokens_upper, budget.limit);
        }
        Ok(Usage {
            session_id: request.session_id.clone(),
            phase: request.phase,
            rows,
            already_deployed: already.iter().map(|bundle| bundle.bundle_id.clone()).collect(),
            total_tokens: total.tokens,
            total_tokens_upper: total.upper,
            exact,
            budget: budget.limit,
            budget_remaining: budget.limit as i64 - total.upper as i64,
            percentage_used: percent(total.upper, budget.limit),
            warn_threshold: budget.warn,
            status: budget.status(total),
        })
    }

    fn session_budget(&self, request: &UsageRequest) -> Result<Budget> {
        Ok(Budget {
            limit: match request.budget {
                Some(limit) => limit,
                None => self.model(None)?.window,
            },
            warn: request.warn.or(self.config.warn).unwrap_or(WARN),
            critical: self.config.critical.unwrap_or(CRITICAL),
        })
    }

    /// What a session deployed, by phase; of one phase only if nothing is planned besides.
    fn deployed(
        &self,
        request: &UsageRequest,
        alone: bool,
    ) -> Result<(Vec<UsageRow>, Count, bool)> {
        let Some(session) = &request.session_id else {
            return Ok((Vec::new(), Count::default(), true));
        };
        let phase = request.phase.filter(|_| alone);
        let phases = self.store.read(|r| r.tokens_by_phase(session))?;
        let wanted: Vec<_> =
            phases.into_iter().filter(|it| phase.is_none_or(|phase| it.phase == phase)).collect();
        let rows = wanted.iter().map(|it| UsageRow {
            what: format!("phase {} ({})", it.phase, it.phase.name()),
            agent_type: None,
            deployments: Some(it.deployments),
            tokens: it.tokens,
            tokens_upper: it.tokens_upper,
            percentage: 0.0,
        });
        let tokens = wanted.iter().map(|it| it.tokens).sum();
        let upper = wanted.iter().map(|it| it.tokens_upper).sum();
        let exact = wanted.iter().all(|it| it.exact);
        Ok((rows.collect(), Count { tokens, upper }, exact))
    }
}

fn planned(bundle: &Bundle) -> UsageRow {
    UsageRow {
        what: bundle.bundle_id.to_string(),
        agent_type: Some(bundle.agent_type.clone()),
        deployments: None,
        tokens: bundle.total_tokens,
        tokens_upper: bundle.total_tokens_upper,
        percentage: 0.0,
    }
}

//! What deployments used and what that cost: summed, and beside each of a list.

use super::History;
use crate::config::{Config, Prices};
use crate::error::Result;
use crate::model::{Cost, ExecutionRecord, ExecutionUsage, SessionId, Usage};
use crate::store::{ModelUsage, Property, Reader, StatsFilter, Tally};
use schemars::JsonSchema;
use serde::Serialize;

/// What some deployments used, as their harnesses' transcripts and answers tell it, and what that cost.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct UsageSummary {
    /// Deployments whose usage is known; the figures below are theirs.
    pub usage_known: u64,
    /// Deployments of which nothing is known but what their harness reported.
    pub usage_reported_only: u64,
    /// Requests to models, where they were seen one by one.
    pub requests: u64,
    /// What was billed. What was written to the cache is not among the input, and neither is what was read
    /// from it.
    #[serde(flatten)]
    pub tokens: Usage,
    /// All of these together.
    pub used_tokens: u64,
    /// The same for one deployment; none where it is known of none.
    pub used_mean: Option<u64>,
    /// What harnesses reported of those of which both is known; none where they reported nothing.
    pub reported_tokens: Option<u64>,
    /// How many times what was reported those used: above 1, the harness told too little.
    pub reported_factor: Option<f64>,
    /// US dollars, of those whose model has a price; none where none has.
    pub cost_usd: Option<f64>,
    /// The same for one deployment.
    pub cost_mean_usd: Option<f64>,
    /// Deployments whose model has a price.
    pub cost_known: u64,
    /// The day of the price table; none where it gave no price.
    pub prices_as_of: Option<String>,
    /// Whether `sortie.toml` gave a price.
    pub own_prices: bool,
    /// Models of these that have no price.
    pub unpriced_models: Vec<String>,
}

impl UsageSummary {
    /// The sum; nothing, where no harness told.
    pub(super) fn new(used: &[ModelUsage], prices: &Prices<'_>) -> Option<UsageSummary> {
        if used.is_empty() {
            return None;
        }
        // In one order, for sums of fractions depend on it.
        let mut used: Vec<&ModelUsage> = used.iter().collect();
        used.sort_unstable_by_key(|it| &it.model);
        let mut sum = UsageSummary::default();
        let (mut reported, mut used_of_reported) = (0u64, 0u64);
        for it in used {
            sum.usage_known += it.known;
            sum.usage_reported_only += it.reported_only;
            sum.requests = sum.requests.saturating_add(it.requests);
            sum.tokens = sum.tokens.plus(&it.tokens);
            reported = reported.saturating_add(it.reported);
            used_of_reported = used_of_reported.saturating_add(it.used_of_reported);
            if it.known > 0 {
                sum.price(it, prices);
            }
        }
        sum.used_tokens = sum.tokens.total();
        sum.used_mean =
            (sum.used_tokens.saturating_add(sum.usage_known / 2)).checked_div(sum.usage_known);
        if reported > 0 {
            let factor = used_of_reported as f64 / reported as f64;
            sum.reported_tokens = Some(reported);
            sum.reported_factor = Some((factor * 100.0).round() / 100.0);
        }
        sum.cost_mean_usd = sum.cost_usd.map(|usd| rounded(usd / sum.cost_known as f64));
        sum.cost_usd = sum.cost_usd.map(rounded);
        Some(sum)
    }

    /// What the deployments of a session used; nothing where no harness told.
    pub(super) fn of_session(
        r: &Reader<'_>,
        session: &SessionId,
        config: &Config,
    ) -> Result<Option<UsageSummary>> {
        let filter = StatsFilter { session_id: Some(session.clone()), ..StatsFilter::default() };
        let tallies = r.tallies(Property::Session, &filter)?;
        let all = tallies.values().fold(Tally::default(), |sum, it| sum.and(it));
        Ok(UsageSummary::new(&all.used, &Prices::new(config)))
    }

    fn price(&mut self, it: &ModelUsage, prices: &Prices<'_>) {
        let cost = it.model.as_deref().and_then(|model| prices.cost(model, &it.tokens));
        let Some(Cost { usd, prices_as_of }) = cost else {
            self.unpriced_models.extend(it.model.clone());
            return;
        };
        self.cost_usd = Some(self.cost_usd.unwrap_or(0.0) + usd);
        self.cost_known += it.known;
        self.own_prices |= prices_as_of.is_none();
        self.prices_as_of = self.prices_as_of.take().or(prices_as_of);
    }

    /// So many tokens for one deployment; none where it is known of none.
    pub(super) fn mean(&self, tokens: u64) -> Option<u64> {
        tokens.saturating_add(self.usage_known / 2).checked_div(self.usage_known)
    }
}

/// To a millionth of a dollar, as each cost is.
fn rounded(usd: f64) -> f64 {
    (usd * 1e6).round() / 1e6
}

/// A deployment with what it used.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UsedExecution {
    #[serde(flatten)]
    pub execution: ExecutionRecord,
    /// What it used, and what its harness said of it; nothing where no harness told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<ExecutionUsage>,
    /// What that cost, where the model's price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// What that cost, if there is something to pay for and its price is known.
pub(super) fn cost(usage: Option<&ExecutionUsage>, prices: &Prices<'_>) -> Option<Cost> {
    let usage = usage.filter(|it| !it.tokens.is_zero())?;
    prices.cost(usage.model.as_deref()?, &usage.tokens)
}

impl History<'_> {
    /// The same deployments, each with what it used.
    pub fn with_usage(&self, executions: Vec<ExecutionRecord>) -> Result<Vec<UsedExecution>> {
        let prices = Prices::new(self.config);
        self.store.read(|r| {
            let used = executions.into_iter().map(|execution| {
                let usage = r.usage(&execution.execution_id)?;
                let cost = cost(usage.as_ref(), &prices);
                Ok(UsedExecution { execution, usage, cost })
            });
            used.collect()
        })
    }
}

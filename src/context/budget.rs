//! How many tokens a briefing may have, and how near a count is to that.

use super::Context;
use super::models::{self, DEFAULT_MODEL, Model};
use super::tokens::Counter;
use crate::config::Config;
use crate::model::Count;
use crate::model::{Bundle, Reserve};
use schemars::JsonSchema;
use serde::Serialize;

/// The share of the budget from which a warning is given, where nothing else is said.
pub const WARN: f64 = 0.75;

/// The share of the budget that is critical, where nothing else is said.
pub const CRITICAL: f64 = 0.90;

/// What of the window is left to the agent's own work, where nothing else is said.
const RESERVE: Reserve = Reserve::Percent(20.0);

/// What a call says about the budget; the configuration answers for the rest.
#[derive(Debug, Clone, Copy, Default)]
pub struct BudgetRequest {
    /// Tokens; wins over `reserve`.
    pub budget: Option<u64>,
    /// What of the model's window is left to the agent; wins over a configured budget.
    pub reserve: Option<Reserve>,
    /// A share of the budget, 0 to 1; else configured, else 0.75.
    pub warn: Option<f64>,
    /// A share of the budget, 0 to 1; else configured, else 0.90.
    pub critical: Option<f64>,
}

/// A number of tokens not to be exceeded, and the shares of it at which to speak up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Tokens.
    pub limit: u64,
    /// Shares of the limit, 0 to 1.
    pub warn: f64,
    /// The share that is critical.
    pub critical: f64,
}

/// How near a count is to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BudgetStatus {
    /// Below the warning share.
    Ok,
    /// From the warning share on.
    Warning,
    /// From the critical share on, up to the whole budget.
    Critical,
    /// More than the budget.
    Over,
}

impl BudgetStatus {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Over => "over",
        }
    }
}

impl Budget {
    /// The budget of a briefing for `model`: as asked, else as configured, else the model's window
    /// less a reserve.
    pub fn of_briefing(asked: BudgetRequest, config: &Config, model: &Model) -> Budget {
        let less = |reserve: Reserve| model.window.saturating_sub(reserve.of(model.window));
        let limit = asked
            .budget
            .or(asked.reserve.map(less))
            .or(config.budget.map(|budget| budget.0))
            .unwrap_or_else(|| less(config.reserve.unwrap_or(RESERVE)));
        Budget {
            limit,
            warn: asked.warn.or(config.warn).unwrap_or(WARN),
            critical: asked.critical.or(config.critical).unwrap_or(CRITICAL),
        }
    }

    /// How near the upper end of a count is.
    pub fn status(&self, count: Count) -> BudgetStatus {
        let share = self.share(count);
        if count.upper > self.limit {
            BudgetStatus::Over
        } else if share >= self.critical {
            BudgetStatus::Critical
        } else if share >= self.warn {
            BudgetStatus::Warning
        } else {
            BudgetStatus::Ok
        }
    }

    /// The share of the limit that the upper end of a count takes; 1 is all of it.
    pub fn share(&self, count: Count) -> f64 {
        match self.limit {
            0 => f64::from(u8::from(count.upper > 0)),
            limit => count.upper as f64 / limit as f64,
        }
    }
}

impl Context<'_> {
    /// Tokens that a bundle may have where it is deployed: its own budget, and, on another model
    /// than it was prepared for, no more than fits that one. A model that is not known sets no limit.
    pub fn deployable_tokens(&self, bundle: &Bundle, model: Option<&str>) -> u64 {
        let other = model.filter(|model| *model != bundle.model);
        let other = other.and_then(|model| models::find(model, self.config).ok());
        let fits = other.map(|it| Budget::of_briefing(BudgetRequest::default(), self.config, &it));
        fits.map_or(bundle.budget, |budget| budget.limit.min(bundle.budget))
    }
}

/// Tokens of a text for a model, or for the usual one where that is not known, and whether they are exact.
pub fn count_text(config: &Config, text: &str, model: Option<&str>) -> (Count, bool) {
    let usual = config.model.as_deref().unwrap_or(DEFAULT_MODEL);
    let model = models::find(model.unwrap_or(usual), config);
    match model.or_else(|_| models::find(usual, config)) {
        Ok(model) => (Counter::new(&model).count(text, "text"), model.exact()),
        Err(_) => (Count::default(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::models;

    #[test]
    fn the_limit_is_asked_configured_or_the_window_less_a_reserve() {
        let plain = Config::default();
        let configured: Config = toml::from_str("budget = '50k'\nwarn = 0.5").unwrap();
        let model = models::find("sonnet", &plain).unwrap();
        let limit = |asked, config| Budget::of_briefing(asked, config, &model).limit;
        let asked = BudgetRequest { budget: Some(7), ..Default::default() };
        let reserved =
            BudgetRequest { reserve: Some(Reserve::Tokens(50_000)), ..Default::default() };
        assert_eq!(limit(asked, &configured), 7);
        assert_eq!(limit(reserved, &configured), 150_000);
        assert_eq!(limit(BudgetRequest::default(), &configured), 50_000);
        assert_eq!(limit(BudgetRequest::default(), &plain), 160_000);
    }

    #[test]
    fn the_status_goes_by_the_upper_end() {
        let budget = Budget { limit: 100, warn: WARN, critical: CRITICAL };
        let status = |upper| budget.status(Count { tokens: 0, upper });
        assert_eq!(status(74), BudgetStatus::Ok);
        assert_eq!(status(75), BudgetStatus::Warning);
        assert_eq!(status(90), BudgetStatus::Critical);
        assert_eq!(status(100), BudgetStatus::Critical);
        assert_eq!(status(101), BudgetStatus::Over);
    }
}

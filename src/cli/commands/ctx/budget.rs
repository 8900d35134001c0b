use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{bundles, share};
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use sortie::context::{BudgetStatus, UsageRequest};
use sortie::model::{Phase, SessionId, TokenAmount};
use std::path::PathBuf;
use std::process::ExitCode;

/// Add up what a session deployed so far, and bundles that are planned, against a budget
#[derive(Args)]
#[command(
    after_help = "With --session-id it adds up what was really deployed, by phase; a bundle that is among that counts \
once. Exits with 1 from the \
warning threshold on, with 4 over budget.\n\nExample:\n  sortie ctx track-budget --session-id latest --budget 200000 --warn-threshold 0.75"
)]
pub struct TrackBudget {
    /// The session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION", required_unless_present = "bundles")]
    session_id: Option<String>,
    /// The phase the bundles are planned for; without them, the only phase to add up
    #[arg(long)]
    phase: Option<Phase>,
    /// Bundles to add up: files or ids
    #[arg(long, value_name = "BUNDLES", value_delimiter = ',')]
    bundles: Vec<PathBuf>,
    /// Tokens for all of it [default: the model's window]
    #[arg(long, value_name = "TOKENS")]
    budget: Option<TokenAmount>,
    /// The share of the budget to warn at [default: 0.75]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    warn_threshold: Option<f64>,
}

impl TrackBudget {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let find = |name: &String| history.find::<SessionId>(name);
        let request = UsageRequest {
            session_id: self.session_id.as_ref().map(find).transpose()?,
            phase: self.phase,
            budget: self.budget.map(|budget| budget.0),
            warn: self.warn_threshold,
        };
        let bundles = bundles(&verb.workspace, &self.bundles)?;
        let usage = verb.workspace.context().usage(&request, &bundles)?;
        verb.show(&usage)?;
        Ok(ExitCode::from(match usage.status {
            BudgetStatus::Ok => exit::DONE,
            BudgetStatus::Warning | BudgetStatus::Critical => exit::BOUNDS_WARNING,
            BudgetStatus::Over => exit::OVER_BUDGET,
        }))
    }
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{BudgetArgs, SelectArgs};
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use sortie::context::{BudgetStatus, Request};
use sortie::model::Phase;
use std::process::ExitCode;

/// Would these files fit? The budget check without a bundle
#[derive(Args)]
#[command(
    after_help = "Exits with 0 if all is well, 1 at the warning threshold, 2 at the critical one.\nIt says, too, which \
secrets the bundle would be refused for; they do not change the exit code.\n\n\
Example:\n  sortie ctx check-bounds --phase 3 --files spec.md,src --budget 40k"
)]
pub struct CheckBounds {
    /// The phase it is for, 1 to 5
    #[arg(long)]
    phase: Option<Phase>,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    budget: BudgetArgs,
    /// The agents that would be given the same
    #[arg(long, value_name = "AGENTS", value_delimiter = ',')]
    shared_with: Vec<String>,
}

impl CheckBounds {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let request = Request {
            selectors: self.select.selectors()?,
            model: self.budget.model.clone(),
            budget: self.budget.request(),
            max_file_size: self.select.max_file_size.map(|size| size.0),
            ..Request::default()
        };
        let bounds =
            verb.workspace.context().check_bounds(&request, self.phase, self.shared_with)?;
        verb.show(&bounds)?;
        Ok(ExitCode::from(match bounds.status {
            BudgetStatus::Ok => exit::DONE,
            BudgetStatus::Warning => exit::BOUNDS_WARNING,
            BudgetStatus::Critical | BudgetStatus::Over => exit::BOUNDS_CRITICAL,
        }))
    }
}

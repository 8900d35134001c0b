use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::process::ExitCode;

/// Compare the outputs of two executions: deliverables, gates, insights, errors
#[derive(Args)]
#[command(
    after_help = "Of each file and gate the last state counts. `sortie track diff` compares \
the deployments\nwhole.\n\nExample:\n  sortie outputs diff exec-001 latest"
)]
pub struct Diff {
    /// An id, the beginning of one, or latest
    #[arg(value_name = "A")]
    a: String,
    /// The execution to compare it with
    #[arg(value_name = "B")]
    b: String,
}

impl Diff {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let (a, b) = (history.find(&self.a)?, history.find(&self.b)?);
        verb.show(&verb.workspace.outputs().compare(&a, &b)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

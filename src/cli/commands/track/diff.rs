use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::process::ExitCode;

/// Compare two deployments: context, tokens, time, message, outputs, gates
#[derive(Args)]
#[command(
    after_help = "The messages' differences are cut in the table, whole in --format json.\n\n\
Example:\n  sortie track diff exec-001 exec-002"
)]
pub struct Diff {
    /// An id, the beginning of one, or latest
    #[arg(value_name = "A")]
    a: String,
    /// The deployment to compare it with
    #[arg(value_name = "B")]
    b: String,
}

impl Diff {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let (a, b) = (history.find(&self.a)?, history.find(&self.b)?);
        verb.show(&verb.workspace.outputs().compare_deployments(&a, &b)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

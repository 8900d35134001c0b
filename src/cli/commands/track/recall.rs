use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::process::ExitCode;

/// What a lead agent that lost its memory needs to go on, in at most 10,000 characters
#[derive(Args)]
#[command(
    after_help = "What is open comes first, then results from the newest on; what does not fit \
is counted.\nThe bound holds for the formats table and markdown; --format json has everything.\n\n\
Example:\n  sortie track recall latest"
)]
pub struct Recall {
    /// An id, the beginning of one, or latest
    session: String,
}

impl Recall {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let session = verb.workspace.history().find(&self.session)?;
        verb.show(&verb.workspace.outputs().recall(&session)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

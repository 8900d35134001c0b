use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::process::ExitCode;

/// Draw what ran when in a session, beside each other
#[derive(Args)]
#[command(
    after_help = "Times are UTC. What is open is drawn up to now; quiet hours are shortened.\n\n\
Example:\n  sortie track timeline latest"
)]
pub struct Timeline {
    /// An id, the beginning of one, or latest
    session: String,
}

impl Timeline {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        verb.show(&history.timeline(&history.find(&self.session)?)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

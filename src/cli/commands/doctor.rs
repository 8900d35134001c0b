//! The health of the history.

use super::Verb;
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use std::process::ExitCode;

/// Check the history: its structure, its checksums, and what is missing
#[derive(Args)]
#[command(
    after_help = "Exit code 8 if anything is wrong. With --repair what can be read is saved into a sound history,\n\
which takes the place of the damaged one; that is kept beside it under another name, and what\n\
was lost is listed by table and id. What is missing, but not damaged, is gone: a backup may\n\
have it.\n\n\
Example:\n  sortie doctor"
)]
pub struct Doctor {
    /// Save what can be saved, and go on without what cannot
    #[arg(long)]
    repair: bool,
}

impl Doctor {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        if self.repair {
            verb.show(&history.repair()?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let checkup = history.check()?;
        verb.show(&checkup)?;
        if checkup.sound {
            return Ok(ExitCode::SUCCESS);
        }
        let does = match checkup.is_damaged() {
            true => "saves what can be read, and keeps the damaged one",
            false => "goes on without what is missing",
        };
        verb.ui.note(&format!(
            "`sortie doctor --repair` {does}; `sortie restore FILE` puts a backup in its place"
        ));
        Ok(ExitCode::from(exit::CHECK_FAILED))
    }
}

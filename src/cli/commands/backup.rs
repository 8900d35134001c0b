//! Copies of the history: made, and put back.

use super::Verb;
use clap::Args;
use sortie::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a copy of the history that stands on its own
#[derive(Args)]
#[command(
    after_help = "Others may go on recording: the copy is one consistent state, checked, and needs no file \
beside it.\nBefore sortie changes the schema of a history it makes one by itself. To carry some sessions \
to\nanother history: `sortie track export`.\n\n\
Example:\n  sortie backup ~/backups/project.db"
)]
pub struct Backup {
    /// The file to write
    file: PathBuf,
    /// Replace it if it is there
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let done = verb.workspace.history().back_up(&self.file, self.force)?;
        verb.show(&done)?;
        verb.ui.note(&format!("to put it back: sortie restore {}", done.file.display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Put a backup in the place of the history
#[derive(Args)]
#[command(
    after_help = "It is checked first. Where there is a history already, nothing is done without --force; \
then that\nis kept beside it under another name. Who has it open sees the one or the other, whole.\n\n\
Example:\n  sortie restore ~/backups/project.db"
)]
pub struct Restore {
    /// What `sortie backup` wrote, or sortie itself before it changed the schema
    file: PathBuf,
    /// Put it in the place of the history that is there, which is kept under another name
    #[arg(long)]
    force: bool,
}

impl Restore {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let done = verb.workspace.history().restore(&self.file, self.force)?;
        verb.show(&done)?;
        if let Some(kept) = &done.kept {
            verb.ui.note(&format!("to go back: sortie restore --force {}", kept.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

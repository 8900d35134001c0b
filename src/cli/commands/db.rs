//! `sortie db`: the database as a file.

use super::Verb;
use clap::{Args, Subcommand};
use sortie::Result;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Db {
    Path(Path),
    Info(Info),
    Migrate(Migrate),
}

impl Db {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        match self {
            Self::Path(it) => it.run(verb),
            Self::Info(it) => it.run(verb),
            Self::Migrate(it) => it.run(verb),
        }
    }
}

/// Say where the history is, or would be
#[derive(Args)]
#[command(after_help = "Example:\n  sqlite3 -readonly \"$(sortie db path)\" .tables")]
pub struct Path {}

impl Path {
    fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&verb.workspace.history().database_path())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Show size, schema and rows of the history, and when it was last backed up and checked
#[derive(Args)]
#[command(after_help = "Changes nothing, not even an older schema.\n\nExample:\n  sortie db info")]
pub struct Info {}

impl Info {
    fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&verb.workspace.history().database()?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Bring the history to the schema of this sortie
#[derive(Args)]
#[command(
    after_help = "Any command that needs the history does so; this one does nothing else. The history as it \
was is\nkept beside it: history.before-schema-N.db.\n\nExample:\n  sortie db migrate"
)]
pub struct Migrate {}

impl Migrate {
    fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&verb.workspace.history().upgrade()?)?;
        Ok(ExitCode::SUCCESS)
    }
}

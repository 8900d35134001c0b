use crate::cli::commands::Verb;
use clap::Args;
use sortie::store::file;
use sortie::{Execution, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Show a bundle: what is in it, what was left out and why
#[derive(Args)]
#[command(after_help = "Example:\n  sortie ctx show latest")]
pub struct Show {
    /// A file, an id, the beginning of one, or latest
    bundle: PathBuf,
}

impl Show {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&verb.workspace.context().load(&self.bundle)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Print the very briefing that a deployment was handed, byte for byte
#[derive(Args)]
#[command(after_help = "Example:\n  sortie ctx replay --execution-id exec-001")]
pub struct Replay {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "EXECUTION")]
    execution_id: String,
    /// Write it to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Replay {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let briefing = Execution::open(&verb.workspace, &self.execution_id)?.briefing()?;
        match &self.output {
            Some(path) => {
                file::write(path, &briefing)?;
                verb.ui.note(&format!("written to {}", path.display()));
            }
            None => verb.write(&briefing)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

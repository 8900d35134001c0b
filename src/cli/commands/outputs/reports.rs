use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use sortie::outputs::ReportList;
use std::process::ExitCode;

/// List the reports that were kept, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  sortie outputs reports")]
pub struct Reports {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

impl Reports {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&ReportList(verb.workspace.outputs().reports(self.limit)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Print a kept report, byte for byte
#[derive(Args)]
#[command(after_help = "Example:\n  sortie outputs show latest")]
pub struct Show {
    /// An id, the beginning of one, or latest
    report: String,
}

impl Show {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let (_, text) = verb.workspace.outputs().report(&self.report)?;
        verb.write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

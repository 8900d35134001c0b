use crate::cli::commands::Verb;
use crate::cli::commands::arguments::AfterArg;
use clap::Args;
use sortie::Result;
use sortie::outputs::ReportList;
use sortie::store::PageRequest;
use std::process::ExitCode;

/// List the reports that were kept, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  sortie outputs reports")]
pub struct Reports {
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    after: AfterArg,
}

impl Reports {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let after = self.after.find(&verb.workspace)?;
        let request = PageRequest { after, limit: self.limit };
        let page = verb.workspace.outputs().reports(request)?;
        verb.show_page(&ReportList(page.rows), page.next)?;
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

use crate::cli::commands::Verb;
use clap::Args;
use sortie::history::Written;
use sortie::{Execution, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Record which bundle a deployment was given, if its deployment did not say
#[derive(Args)]
#[command(
    after_help = "Example:\n  sortie ctx record-allocation --execution-id exec-001 --bundle bundle.json"
)]
pub struct RecordAllocation {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "EXECUTION")]
    execution_id: String,
    /// A file, an id, the beginning of one, or latest
    #[arg(long, value_name = "BUNDLE")]
    bundle: PathBuf,
}

impl RecordAllocation {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let execution = Execution::open(&verb.workspace, &self.execution_id)?;
        let bundle = verb.workspace.context().load(&self.bundle)?;
        let (record, written) = execution.record_allocation(&bundle)?;
        verb.show(&record)?;
        if record.is_over_budget() {
            verb.ui.warn("this is more than its model's budget");
        }
        if written == Written::Already {
            verb.ui.note("this bundle was on record already; nothing was changed");
        }
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use clap::Args;
use sortie::history::Written;
use sortie::render::grouped;
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
        let before = verb.workspace.history().show(execution.id())?.execution;
        let (record, written) = execution.record_allocation(&bundle)?;
        verb.show(&record)?;
        if record.is_over_budget() {
            verb.ui.warn("this is more than its model's budget");
        }
        if written == Written::New && before.context_token_count > 0 {
            let given = grouped(before.context_token_count);
            verb.ui.note(&format!("its tokens replace the {given} given at deployment"));
        }
        if written == Written::Already {
            verb.ui.note("this bundle was on record already; nothing was changed");
        }
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// List the versions of one deliverable over all executions, newest first
#[derive(Args)]
#[command(
    after_help = "A version is the file as an execution left it: ● is what is on disk now, = the \
same text as\nbefore. The gates are those reported with it, else the execution's last.\n\nExample:\n  sortie outputs history src/search.rs"
)]
pub struct History {
    /// The file, from here or from the project's root
    path: PathBuf,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Look at it even if it is outside of the project
    #[arg(long)]
    outside: bool,
}

impl History {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let outputs = verb.workspace.outputs().outside(self.outside);
        let history = outputs.history_of(&self.path, self.limit)?;
        let hidden = history.total - history.versions.len();
        verb.show(&history)?;
        if hidden > 0 {
            verb.ui.note(&format!("{hidden} older ones are not shown: raise --limit"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use clap::Args;
use sortie::render::counted;
use sortie::store::file;
use sortie::{Execution, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Show a bundle: what is in it, what was left out and why
#[derive(Args)]
#[command(
    after_help = "With --expand, what is sent in references is put back: every file comes out byte for \
byte as it was read.\n\nExample:\n  sortie ctx show latest\n  \
sortie ctx show latest --expand --item src/lib.rs\n  sortie ctx show bundle.json --expand --output ../as-it-was"
)]
pub struct Show {
    /// A file, an id, the beginning of one, or latest
    bundle: PathBuf,
    /// Give its files back, references put back
    #[arg(long, requires = "where_to")]
    expand: bool,
    #[command(flatten)]
    where_to: WhereTo,
}

/// Where the files go.
#[derive(Args)]
#[group(id = "where_to", multiple = false, requires = "expand")]
struct WhereTo {
    /// With --expand: print this item, named as the list names it
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
    /// With --expand: write every item under this directory
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl Show {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let context = verb.workspace.context();
        let bundle = context.load(&self.bundle)?;
        match (self.where_to.item, self.where_to.output) {
            (Some(item), _) => verb.write(&context.expand_one(&bundle, &item)?.bytes)?,
            (None, Some(dir)) => {
                let items = context.expand_into(&bundle, &dir)?;
                let written = counted(items.len(), "item is", "items are");
                verb.ui.note(&format!("{written} in {}", dir.display()));
            }
            (None, None) => verb.show(&bundle)?,
        }
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

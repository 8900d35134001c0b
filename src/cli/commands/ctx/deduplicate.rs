use crate::cli::commands::Verb;
use crate::cli::commands::arguments::bundles;
use clap::Args;
use sortie::Result;
use sortie::context::SharedView;
use sortie::store::file;
use std::path::PathBuf;
use std::process::ExitCode;

/// Find what several bundles share, and make a bundle of it
#[derive(Args)]
#[command(
    after_help = "Example:\n  sortie ctx deduplicate --bundles a.json,b.json --output shared-context.json"
)]
pub struct Deduplicate {
    /// Two or more: files or ids
    #[arg(long, value_name = "BUNDLES", value_delimiter = ',', required = true)]
    bundles: Vec<PathBuf>,
    /// Write the shared bundle (JSON) to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Deduplicate {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let bundles = bundles(&verb.workspace, &self.bundles)?;
        let shared = verb.workspace.context().deduplicate(&bundles)?;
        if let Some(path) = &self.output {
            let json = serde_json::to_string_pretty(&shared).expect("text keys only") + "\n";
            file::write(path, json.as_bytes())?;
        }
        verb.show(&SharedView(&shared))?;
        if let Some(path) = &self.output {
            verb.ui.note(&format!("the shared bundle is in {}", path.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{bundles, write_bundle};
use clap::Args;
use sortie::Result;
use sortie::render::grouped;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put what several agents get first, alike for all, so that it is paid once
#[derive(Args)]
#[command(
    after_help = "What all of the bundles hold becomes the beginning of each briefing, the same to the \
byte, which providers cache; what is theirs alone follows. IN FULL is what would be sent without any \
deduplication; BILLED AS counts what comes from a prompt cache at 0.1 and what goes to it at 1.25 of \
the price.\n\nExample:\n  sortie ctx deduplicate --bundles a.json,b.json --output shared-context.json --write"
)]
pub struct Deduplicate {
    /// Two or more: files or ids
    #[arg(long, value_name = "BUNDLES", value_delimiter = ',', required = true)]
    bundles: Vec<PathBuf>,
    /// Write what they share, as a bundle (JSON), to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rewrite the bundles so that they begin with it: files in place, kept ones under new ids
    #[arg(long)]
    write: bool,
}

impl Deduplicate {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let bundles = bundles(&verb.workspace, &self.bundles)?;
        let sharing = verb.workspace.context().deduplicate(&bundles, self.write)?;
        if let Some(path) = &self.output {
            write_bundle(path, &sharing.shared)?;
        }
        let mut written = Vec::new();
        for (name, bundle) in self.bundles.iter().zip(&sharing.bundles).filter(|_| self.write) {
            if verb.workspace.context().is_bundle_file(name) {
                write_bundle(name, bundle)?;
                written.push(name.display().to_string());
            } else {
                written.push(bundle.bundle_id.to_string());
            }
        }
        verb.show(&sharing)?;
        for bundle in sharing.bundles.iter().filter(|it| it.total_tokens_upper > it.budget) {
            let over = grouped(bundle.total_tokens_upper - bundle.budget);
            verb.ui.warn(&format!(
                "with the shared part first, {}'s is over its budget by {over}",
                bundle.agent_type
            ));
        }
        if let Some(path) = &self.output {
            verb.ui.note(&format!("the shared bundle is in {}", path.display()));
        }
        match self.write {
            true => verb.ui.note(&format!("rewritten: {}", written.join(", "))),
            false => verb.ui.note("nothing was rewritten; --write does it"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

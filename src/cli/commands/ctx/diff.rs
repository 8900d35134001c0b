use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compare two bundles: items, tokens, and what else differs
#[derive(Args)]
#[command(after_help = "Items are the same if their texts are; `added` is what only B has.\n\n\
Example:\n  sortie ctx diff bundle-3f9a2c latest")]
pub struct Diff {
    /// A file, an id, the beginning of one, or latest
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The bundle to compare it with
    #[arg(value_name = "B")]
    b: PathBuf,
}

impl Diff {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let context = verb.workspace.context();
        verb.show(&context.compare(&context.load(&self.a)?, &context.load(&self.b)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// What changed on disk since a bundle was prepared?
#[derive(Args)]
#[command(
    after_help = "Exits with 8 if a text that was sent is gone or another one now. Where a heading or \
lines\nwere taken, other parts of the file may change.\n\nExample:\n  sortie ctx verify latest"
)]
pub struct Verify {
    /// A file, an id, the beginning of one, or latest
    bundle: PathBuf,
}

impl Verify {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let context = verb.workspace.context();
        let check = context.verify(&context.load(&self.bundle)?);
        verb.show(&check)?;
        Ok(ExitCode::from(if check.unchanged { exit::DONE } else { exit::CHECK_FAILED }))
    }
}

//! `sortie outputs`: after a deployment.

mod collect;
mod diff;
mod history;
mod query;
mod reports;
mod synthesize;

use super::Verb;
use clap::Subcommand;
use sortie::Result;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Outputs {
    Collect(collect::Collect),
    Query(query::Query),
    Verify(query::Verify),
    History(history::History),
    Diff(diff::Diff),
    Synthesize(synthesize::Synthesize),
    Reports(reports::Reports),
    Show(reports::Show),
}

impl Outputs {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        match self {
            Self::Collect(it) => it.run(verb),
            Self::Query(it) => it.run(verb),
            Self::Verify(it) => it.run(verb),
            Self::History(it) => it.run(verb),
            Self::Diff(it) => it.run(verb),
            Self::Synthesize(it) => it.run(verb),
            Self::Reports(it) => it.run(verb),
            Self::Show(it) => it.run(verb),
        }
    }
}

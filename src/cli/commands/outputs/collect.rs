use crate::cli::commands::Verb;
use crate::cli::commands::arguments::note_redacted;
use clap::Args;
use sortie::model::Gate;
use sortie::outputs::Collection;
use sortie::{Execution, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Record what a deployment produced: files, gates, insights, errors
#[derive(Args)]
#[command(
    after_help = "Lines are counted by git from the commit at deployment. The same again adds nothing.\n\n\
Example:\n  sortie outputs collect --execution-id exec-001 --deliverables src/search.rs \\\n      \
--validation-results format:pass,tests:pass,coverage:85 \\\n      --insights 'HNSW gives O(log n) search'"
)]
pub struct Collect {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "EXECUTION")]
    execution_id: String,
    /// Files it was to produce
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    deliverables: Vec<PathBuf>,
    /// Gates: name:pass, name:fail, name:skip, or name:85 for a figure
    #[arg(long, value_name = "GATES", value_delimiter = ',')]
    validation_results: Vec<Gate>,
    /// Something learned; may be repeated, and keeps its commas
    #[arg(long, value_name = "TEXT")]
    insights: Vec<String>,
    /// Something that went wrong; may be repeated, and keeps its commas
    #[arg(long, value_name = "TEXT")]
    errors: Vec<String>,
    /// Other files that these outputs touch on
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    related_files: Vec<String>,
    /// Take deliverables outside of the project too
    #[arg(long)]
    outside: bool,
    /// Store insights and errors as they are, secrets included
    #[arg(long)]
    keep_secrets: bool,
}

impl Collect {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let execution = Execution::open(&verb.workspace, &self.execution_id)?
            .keeping_secrets(self.keep_secrets);
        let collection = Collection {
            deliverables: self.deliverables,
            validation: self.validation_results,
            insights: self.insights,
            errors: self.errors,
            related_files: self.related_files,
        };
        let outputs = verb.workspace.outputs().outside(self.outside);
        let collected = outputs.collect(execution.id(), &collection)?;
        verb.show(&collected)?;
        if collection.is_empty() {
            verb.ui.warn("nothing was named: give --deliverables, --validation-results, --insights or --errors");
        } else if collected.added == 0 {
            verb.ui.note("all of it was on record already");
        }
        note_redacted(verb, &collected.redacted);
        if !collected.missing.is_empty() {
            verb.ui.warn(&format!("not there: {}", collected.missing.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

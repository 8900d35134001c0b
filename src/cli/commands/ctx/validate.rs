use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{Items, items};
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use sortie::context::{Dependency, Plan};
use sortie::model::ByteAmount;
use std::process::ExitCode;

/// Look over a plan: scope, context files, dependencies. Writes nothing
#[derive(Args)]
#[command(
    after_help = "Exits with 3 if a file cannot be included, with 8 if something else is wrong.\n\n\
Example:\n  sortie ctx validate --scope 'Implement search' --context-files spec.md,src/lib.rs \\\n      \
--dependencies 'index->search,search->docs'"
)]
pub struct Validate {
    /// What is to be done, in a sentence
    #[arg(long)]
    scope: String,
    /// Files, directories, globs, path#Heading, path:10-80
    #[arg(long, value_name = "ITEMS", value_parser = items())]
    context_files: Vec<Items>,
    /// A->B: B needs what A returns
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    dependencies: Vec<Dependency>,
    /// The model to count for
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The largest file taken whole
    #[arg(long, value_name = "SIZE")]
    max_file_size: Option<ByteAmount>,
    /// Read every file, also those whose size, times and inode say that they are unchanged
    #[arg(long)]
    paranoid: bool,
}

impl Validate {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let validation = verb.workspace.context().validate(&Plan {
            scope: self.scope,
            context_files: self.context_files.into_iter().flat_map(|list| list.0).collect(),
            dependencies: self.dependencies,
            model: self.model,
            max_file_size: self.max_file_size.map(|size| size.0),
            paranoid: self.paranoid,
        })?;
        verb.show(&validation)?;
        Ok(ExitCode::from(match validation.valid {
            true => exit::DONE,
            false if validation.lacks_files() => exit::NOT_FOUND,
            false => exit::CHECK_FAILED,
        }))
    }
}

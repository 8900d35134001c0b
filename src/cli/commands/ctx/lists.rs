use crate::cli::commands::Verb;
use crate::cli::commands::arguments::AfterArg;
use clap::Args;
use sortie::Result;
use sortie::context::{BundleList, ModelList, TemplateList, models};
use sortie::store::PageRequest;
use std::process::ExitCode;

/// List the bundles that were kept, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  sortie ctx list --limit 5")]
pub struct List {
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    after: AfterArg,
}

impl List {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let after = self.after.find(&verb.workspace)?;
        let request = PageRequest { after, limit: self.limit };
        let page = verb.workspace.context().bundles(request)?;
        verb.show_page(&BundleList(page.rows), page.next)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// List the templates and their variables
#[derive(Args)]
#[command(
    after_help = "A file of the same name in .sortie/templates wins over the one of sortie.\n\n\
Example:\n  sortie ctx templates"
)]
pub struct Templates {}

impl Templates {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&TemplateList(verb.workspace.templates().list()?))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// List the models that can be counted for
#[derive(Args)]
#[command(after_help = "Example:\n  sortie ctx models")]
pub struct Models {}

impl Models {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        verb.show(&ModelList(models::list(verb.workspace.config())?))?;
        Ok(ExitCode::SUCCESS)
    }
}

use super::prepare::HowOver;
use crate::cli::commands::Verb;
use crate::cli::commands::arguments::write_bundle;
use crate::cli::exit;
use clap::Args;
use sortie::Result;
use sortie::context::{PlanOptions, Planned, Planning};
use sortie::error::IoContext;
use sortie::render::grouped;
use sortie::store::file;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Prepare the bundles of several agents in one go, deduplicated together
#[derive(Args)]
#[command(
    after_help = "What all agents of the plan get is put first, alike for all; see `sortie ctx \
deduplicate`. If one of them, or all together, are over budget, nothing is written and the exit code is 4.\n\n\
A plan is TOML; paths are from its directory:\n\n  \
scope  = 'Vector search'\n  model  = 'sonnet'\n  budget = '400k'              # all agents together\n  \
files  = ['spec']              # what every agent gets; also references, optional\n\n  \
[[agents]]\n  agent_type = 'implementor'\n  scope = 'Implement HNSW'\n  files = ['src/index']\n\n  \
[[agents]]\n  agent_type = 'tester'        # also name, role, constraints, expect, budget\n  \
scope = 'Test recall'\n  references = ['docs/recall.md']\n\n\
Further keys: agent_budget, reserve, dedup, template, ignore.\n\n\
Example:\n  sortie ctx plan search.toml --output bundles"
)]
pub struct Plan {
    /// The plan (TOML)
    file: PathBuf,
    /// Write the bundles (JSON) to this directory, each by its agent's name, and shared-context.json
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What to do if an agent's bundle does not fit
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    on_over_budget: HowOver,
    /// Read every file, also those whose size, times and inode say that they are unchanged
    #[arg(long)]
    paranoid: bool,
    /// Take secrets out of what is sent, instead of refusing it
    #[arg(long)]
    redact: bool,
}

impl Plan {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let context = verb.workspace.context();
        let on_over_budget = self.on_over_budget.into();
        let how = PlanOptions { on_over_budget, paranoid: self.paranoid, redact: self.redact };
        match context.plan(&self.file, how)? {
            Planning::Ready(planned) => {
                for (agent, bundle) in planned.agents.iter().zip(&planned.bundles) {
                    if let Some(told) = bundle.trimmed() {
                        verb.ui.warn(&format!("{}: {told}", agent.name));
                    }
                }
                verb.show(&*planned)?;
                match &self.output {
                    Some(dir) => write(verb, &planned, dir)?,
                    None => verb.ui.note("kept; --output DIR writes them to files, too"),
                }
                Ok(ExitCode::SUCCESS)
            }
            Planning::OverSession(planned) => {
                verb.show(&*planned)?;
                let over = planned.total_tokens_upper - planned.budget.unwrap_or(0);
                let told = format!(
                    "over the plan's budget by {} tokens: nothing was written",
                    grouped(over)
                );
                verb.ui.error(&told, Some("raise `budget` in the plan, or give the agents less"));
                Ok(ExitCode::from(exit::OVER_BUDGET))
            }
            Planning::OverBudget(over) => {
                verb.show(&over)?;
                let names: Vec<&str> = over.over_budget.iter().map(|it| it.name.as_str()).collect();
                let told = format!("over budget: {}; nothing was written", names.join(", "));
                let hint = "drop or narrow as above, or let --on-over-budget trim choose";
                verb.ui.error(&told, Some(hint));
                Ok(ExitCode::from(exit::OVER_BUDGET))
            }
        }
    }
}

fn write(verb: &Verb<'_>, planned: &Planned, dir: &Path) -> Result<()> {
    file::make_dir(dir).or_cannot("create", dir)?;
    for (agent, bundle) in planned.agents.iter().zip(&planned.bundles) {
        write_bundle(&dir.join(format!("{}.json", agent.name)), bundle)?;
    }
    if let Some(sharing) = &planned.sharing {
        write_bundle(&dir.join("shared-context.json"), &sharing.shared)?;
    }
    verb.ui.note(&format!("written to {}", dir.display()));
    Ok(())
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{
    BudgetArgs, DedupArg, SelectArgs, bundle_json, write_bundle,
};
use crate::cli::exit;
use clap::{Args, ValueEnum};
use sortie::Result;
use sortie::context::{OnOverBudget, OverBudget, Preparation, Prepared, Request};
use sortie::model::{AgentType, not_empty};
use std::path::PathBuf;
use std::process::ExitCode;

/// Select, count and deduplicate an agent's context, within its budget
#[derive(Args)]
#[command(
    after_help = "Over budget nothing is written: the exit code is 4, and the table says what to \
drop or narrow. With a secret in it neither: the exit code is 9.\n\nExample:\n  sortie ctx prepare-bundle --agent-type task-implementor --scope 'Implement HNSW' \\\n      \
--files spec.md#Search,src --references docs --budget 40k --output bundle.json"
)]
pub struct PrepareBundle {
    /// The kind of agent that gets it
    #[arg(long, value_name = "NAME")]
    agent_type: AgentType,
    /// What it is to do
    #[arg(long, value_parser = not_empty)]
    scope: String,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    budget: BudgetArgs,
    /// What to do if it does not fit
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Budget")]
    on_over_budget: HowOver,
    /// What is kept once: nothing, whole texts, or blocks of them too (sections, functions,
    /// paragraphs of about 50 tokens) [default: sortie.toml, else blocks]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Budget")]
    dedup: Option<DedupArg>,
    /// Take secrets out of what is sent, instead of refusing it
    #[arg(long)]
    redact: bool,
    #[command(flatten)]
    briefing: BriefingArgs,
    /// Write the bundle (JSON) to this file, or - for stdout
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// What the briefing says besides its context.
#[derive(Args)]
#[command(next_help_heading = "Briefing")]
struct BriefingArgs {
    /// Who the agent is to be
    #[arg(long, value_name = "TEXT")]
    role: Option<String>,
    /// A rule it must keep; may be repeated
    #[arg(long = "constraint", value_name = "TEXT")]
    constraints: Vec<String>,
    /// What its final message is to hold
    #[arg(long = "expect", value_name = "TEXT")]
    expected_output: Option<String>,
    /// The template that is counted with: a name of `sortie ctx templates`, or a path
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum HowOver {
    /// Say what to drop or narrow, and write nothing
    #[default]
    Fail,
    /// Drop optional, then recommended items, never required ones
    Trim,
}

impl From<HowOver> for OnOverBudget {
    fn from(how: HowOver) -> Self {
        match how {
            HowOver::Fail => Self::Fail,
            HowOver::Trim => Self::Trim,
        }
    }
}

impl PrepareBundle {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let output = self.output.clone();
        let trim = matches!(self.on_over_budget, HowOver::Trim);
        match verb.workspace.context().prepare(&self.request()?)? {
            Preparation::OverBudget(over) => refuse(verb, &over, trim),
            Preparation::Ready(prepared) => deliver(verb, &prepared, output),
        }
    }

    fn request(self) -> Result<Request> {
        Ok(Request {
            agent_type: self.agent_type,
            scope: self.scope,
            role: self.briefing.role,
            constraints: self.briefing.constraints,
            expected_output: self.briefing.expected_output,
            selectors: self.select.selectors()?,
            model: self.budget.model.clone(),
            budget: self.budget.request(),
            template: self.briefing.template,
            max_file_size: self.select.max_file_size.map(|size| size.0),
            dedup: self.dedup.map(Into::into),
            on_over_budget: self.on_over_budget.into(),
            redact: self.redact,
        })
    }
}

fn refuse(verb: &Verb<'_>, over: &OverBudget, trimmed: bool) -> Result<ExitCode> {
    verb.show(over)?;
    verb.ui.error(&over.told(), Some(over.remedy(trimmed)));
    Ok(ExitCode::from(exit::OVER_BUDGET))
}

fn deliver(verb: &Verb<'_>, prepared: &Prepared, output: Option<PathBuf>) -> Result<ExitCode> {
    let bundle = &prepared.bundle;
    prepared.warnings().iter().for_each(|told| verb.ui.warn(told));
    prepared.suspicion().iter().for_each(|told| verb.ui.note(told));
    match output {
        Some(path) if path.as_os_str() == "-" => verb.write(bundle_json(bundle).as_bytes())?,
        Some(path) => {
            write_bundle(&path, bundle)?;
            verb.show(prepared)?;
            verb.ui.note(&format!("written to {}", path.display()));
        }
        None => {
            verb.show(prepared)?;
            verb.ui.note(&format!(
                "kept; `sortie ctx generate-briefing --bundle {}` renders it",
                bundle.bundle_id
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

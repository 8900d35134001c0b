use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{
    BudgetArgs, DedupArg, SelectArgs, bundle_json, write_bundle,
};
use crate::cli::exit;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use sortie::context::{
    Action, BudgetStatus, OnOverBudget, OverBudget, Preparation, Prepared, Request, Suspect,
};
use sortie::model::{AgentType, SkipReason};
use sortie::render::{counted, grouped};
use sortie::{Bundle, Result};
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
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
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
    let can_drop = over.steps.iter().any(|step| step.action == Action::Drop);
    let hint = match (over.steps.is_empty(), can_drop && !trimmed) {
        (true, _) => "raise --budget, or split the scope among several agents",
        (false, false) => "what is left is required: narrow it as above, or raise --budget",
        (false, true) => {
            "drop or narrow as above, raise --budget, or let --on-over-budget trim choose"
        }
    };
    verb.ui.error(
        &format!("over budget by {} tokens: nothing was written", grouped(over.over_by)),
        Some(hint),
    );
    Ok(ExitCode::from(exit::OVER_BUDGET))
}

fn deliver(verb: &Verb<'_>, prepared: &Prepared, output: Option<PathBuf>) -> Result<ExitCode> {
    let bundle = &prepared.bundle;
    warn_of_trimmed(verb, "", bundle);
    warn_of_budget(verb, prepared);
    note_suspects(verb, prepared);
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

/// How many trimmed items are named.
const NAMED: usize = 10;

/// How many places are named that may hold secrets.
const PLACES: usize = 3;

fn note_suspects(verb: &Verb<'_>, prepared: &Prepared) {
    let suspects = &prepared.suspects;
    if suspects.is_empty() {
        return;
    }
    let place = |it: &Suspect| format!("{}:{} ({})", it.source, it.line, it.rule);
    let named: Vec<String> = suspects.iter().take(PLACES).map(place).collect();
    let more = if suspects.len() > PLACES { ", …" } else { "" };
    let count =
        counted(suspects.len(), "place that may hold a secret", "places that may hold secrets");
    verb.ui.note(&format!("{count}: {}{more}; --redact takes them out", named.join(", ")));
}

/// `whose` is put before what is said.
pub fn warn_of_trimmed(verb: &Verb<'_>, whose: &str, bundle: &Bundle) {
    let trimmed = bundle.skipped.iter().filter(|it| it.reason == SkipReason::Trimmed);
    let trimmed: Vec<&str> = trimmed.map(|it| it.source.as_str()).collect();
    if trimmed.is_empty() {
        return;
    }
    let count = counted(trimmed.len(), "item", "items");
    let named = trimmed[..trimmed.len().min(NAMED)].join(", ");
    let more = match trimmed.len() > NAMED {
        true => format!(", …; `sortie ctx show {}` lists them all", bundle.bundle_id),
        false => String::new(),
    };
    verb.ui.warn(&format!("{whose}{count} left out to fit the budget: {named}{more}"));
}

fn warn_of_budget(verb: &Verb<'_>, prepared: &Prepared) {
    let (bundle, window) = (&prepared.bundle, prepared.window);
    if bundle.budget > window {
        let (budget, model) = (grouped(bundle.budget), &bundle.model);
        verb.ui.warn(&format!(
            "the budget of {budget} is more than {model} takes: {}",
            grouped(window)
        ));
    }
    if prepared.status > BudgetStatus::Ok {
        let percent = bundle.total_tokens_upper as f64 * 100.0 / bundle.budget.max(1) as f64;
        verb.ui.warn(&format!("{percent:.1} % of the budget ({})", prepared.status.as_str()));
    }
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{TEXT, note_redacted, read};
use clap::Args;
use sortie::context::models;
use sortie::history::Written;
use sortie::model::{AgentType, ExecutionId, Phase, TokenAmount, not_empty};
use sortie::session::Handover;
use sortie::{Result, Session};
use std::path::PathBuf;
use std::process::ExitCode;

/// Record a deployment before the agent runs
#[derive(Args)]
#[command(
    after_help = "The same deployment twice is fine; another under the same id is refused.\n\n\
Example:\n  sortie track init-deployment --session-id latest --agent-type reviewer \\\n      \
--scope 'Review the parser' --context-bundle bundle.json --model sonnet"
)]
pub struct InitDeployment {
    /// The session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: String,
    /// Its id [default: one of its own, which is printed]
    #[arg(long, value_name = "ID")]
    execution_id: Option<ExecutionId>,
    /// The kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: AgentType,
    /// What it is to do
    #[arg(long, value_parser = not_empty)]
    scope: String,
    /// The bundle it is given: says tokens and allocations. A file, an id, or latest
    #[arg(long, value_name = "BUNDLE")]
    context_bundle: Option<PathBuf>,
    /// The very briefing it is given [default: the one last generated from the bundle]
    #[arg(long, value_name = "FILE")]
    briefing: Option<PathBuf>,
    /// Tokens it is given, where there is no bundle
    #[arg(long, value_name = "TOKENS", conflicts_with = "context_bundle")]
    context_token_count: Option<TokenAmount>,
    /// The model it runs on [default: the bundle's]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The phase it belongs to [default: the session's]
    #[arg(long)]
    phase: Option<Phase>,
    /// Deploy it even over its budget
    #[arg(long)]
    force: bool,
    /// Store the briefing as it is, secrets included
    #[arg(long)]
    keep_secrets: bool,
}

impl InitDeployment {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let session =
            Session::open(&verb.workspace, &self.session_id)?.keeping_secrets(self.keep_secrets);
        let given = self.briefing.as_deref().map(|file| read(file, TEXT)).transpose()?;
        let given = given.map(|briefing| session.without_secrets(&briefing));
        let (briefing, redacted) = given.unzip();
        let load = |name: &PathBuf| verb.workspace.context().load(name);
        let bundle = self.context_bundle.as_ref().map(load).transpose()?;
        let (_, record, written) = session.init_deployment(Handover {
            execution_id: self.execution_id,
            agent_type: self.agent_type,
            scope: self.scope,
            model: self.model,
            bundle: bundle.as_ref(),
            briefing,
            context_token_count: self.context_token_count.map(|tokens| tokens.0),
            phase: self.phase,
            force: self.force,
        })?;
        verb.show(&record)?;
        note_redacted(verb, &redacted.unwrap_or_default());
        if let Some(model) = &record.model
            && models::find(model, verb.workspace.config()).is_err()
        {
            let name = model.escape_debug();
            verb.ui.warn(&format!("model '{name}' is not known: whether it fits was not checked"));
        }
        if written == Written::Already {
            verb.ui.note("it was on record just so; nothing was changed");
        }
        Ok(ExitCode::SUCCESS)
    }
}

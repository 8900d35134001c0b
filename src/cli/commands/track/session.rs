use crate::cli::commands::Verb;
use clap::Args;
use sortie::history::{NewSession, Written};
use sortie::model::{Phase, SessionId, SessionRecord, not_empty};
use sortie::render::counted;
use sortie::{Result, Session};
use std::process::ExitCode;

/// Begin a session: one piece of work for several agents
#[derive(Args)]
#[command(after_help = "Example:\n  sortie track init-session --scope 'Implement vector search'")]
pub struct InitSession {
    /// What it is about
    #[arg(long, value_parser = not_empty)]
    scope: String,
    /// Its id [default: the day's next, such as orch-2025-01-17-001]
    #[arg(long, value_name = "ID")]
    session_id: Option<SessionId>,
    /// A JSON object to keep with it
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    metadata: Option<Object>,
}

/// A JSON object; an alias, so that clap takes it as one value.
type Object = serde_json::Map<String, serde_json::Value>;

fn json_object(text: &str) -> Result<Object, String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        Ok(other) => Err(format!("{other} is no JSON object")),
        Err(error) => Err(error.to_string()),
    }
}

impl InitSession {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let (record, written) = verb.workspace.history().init_session(NewSession {
            session_id: self.session_id,
            scope: self.scope,
            metadata: self.metadata.unwrap_or_default(),
        })?;
        tell(verb, &record, written)
    }
}

/// Move a session to a phase: 1 analyze, 2 prepare, 3 deploy, 4 synthesize, 5 confirm
#[derive(Args)]
#[command(after_help = "Example:\n  sortie track set-phase --session-id latest --phase 3")]
pub struct SetPhase {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: String,
    /// 1 to 5
    #[arg(long)]
    phase: Phase,
}

impl SetPhase {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let record = Session::open(&verb.workspace, &self.session_id)?.set_phase(self.phase)?;
        tell(verb, &record, Written::New)
    }
}

/// End a session well
#[derive(Args)]
#[command(after_help = "Example:\n  sortie track complete-session --session-id latest")]
pub struct CompleteSession {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: String,
}

impl CompleteSession {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let session = Session::open(&verb.workspace, &self.session_id)?;
        let (record, written) = session.complete()?;
        warn_of_open(verb, &session)?;
        tell(verb, &record, written)
    }
}

/// End a session badly
#[derive(Args)]
#[command(
    after_help = "Example:\n  sortie track fail-session --session-id latest --reason 'the API changed'"
)]
pub struct FailSession {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: String,
    /// Why
    #[arg(long, value_name = "TEXT", visible_alias = "error-message")]
    reason: Option<String>,
}

impl FailSession {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let session = Session::open(&verb.workspace, &self.session_id)?;
        let (record, written) = session.fail(self.reason)?;
        warn_of_open(verb, &session)?;
        tell(verb, &record, written)
    }
}

fn tell(verb: &Verb<'_>, record: &SessionRecord, written: Written) -> Result<ExitCode> {
    verb.show(record)?;
    if written == Written::Already {
        verb.ui.note("it was on record just so; nothing was changed");
    }
    Ok(ExitCode::SUCCESS)
}

fn warn_of_open(verb: &Verb<'_>, session: &Session<'_>) -> Result<()> {
    let detail = session.query()?;
    let open: Vec<&str> = detail.open().iter().map(|it| it.execution_id.as_str()).collect();
    if !open.is_empty() {
        let count = counted(open.len(), "deployment has", "deployments have");
        verb.ui.warn(&format!("{count} not come back: {}", open.join(", ")));
    }
    Ok(())
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{AfterArg, moment};
use crate::cli::exit;
use clap::{Args, ValueEnum};
use sortie::model::OutputType;
use sortie::outputs::{OutputFilter, OutputList, Verdict};
use sortie::{Result, Session};
use std::process::ExitCode;

/// List collected outputs, newest first
#[derive(Args)]
#[command(
    after_help = "Example:\n  sortie outputs query --agent-type systematic-debugger --limit 10 --format json"
)]
pub struct Query {
    /// Of this kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: Option<String>,
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "EXECUTION")]
    execution_id: Option<String>,
    /// Of this type
    #[arg(long, value_enum)]
    output_type: Option<OutputTypeArg>,
    /// Collected then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    after: AfterArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutputTypeArg {
    Deliverable,
    #[value(name = "validation_result")]
    ValidationResult,
    Insight,
    Error,
}

impl From<OutputTypeArg> for OutputType {
    fn from(output_type: OutputTypeArg) -> Self {
        match output_type {
            OutputTypeArg::Deliverable => Self::Deliverable,
            OutputTypeArg::ValidationResult => Self::ValidationResult,
            OutputTypeArg::Insight => Self::Insight,
            OutputTypeArg::Error => Self::Error,
        }
    }
}

impl Query {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let page = verb.workspace.outputs().query(&OutputFilter {
            session_id: verb.find(&self.session_id)?,
            execution_id: verb.find(&self.execution_id)?,
            agent_type: self.agent_type,
            output_type: self.output_type.map(Into::into),
            since: moment(&self.since, verb.workspace.now())?,
            limit: self.limit,
            after: self.after.find(&verb.workspace)?,
        })?;
        verb.show_page(&OutputList(page.rows), page.next)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Are a session's deliverables still there and unchanged, and did its gates pass?
#[derive(Args)]
#[command(
    after_help = "Exits with 8 if not.\n\nExample:\n  sortie outputs verify --session-id latest"
)]
pub struct Verify {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: String,
    /// Look at deliverables outside of the project too
    #[arg(long)]
    outside: bool,
}

impl Verify {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let session = Session::open(&verb.workspace, &self.session_id)?;
        let outputs = verb.workspace.outputs().outside(self.outside);
        let verification = outputs.verify(session.id())?;
        verb.show(&verification)?;
        if verification.deliverables.iter().any(|it| it.state == Verdict::Outside) {
            verb.ui.note("what lies outside the project was not looked at: --outside does it");
        }
        Ok(ExitCode::from(if verification.valid { exit::DONE } else { exit::CHECK_FAILED }))
    }
}

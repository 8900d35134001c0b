use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{AfterArg, moment};
use clap::{Args, ValueEnum};
use sortie::history::{
    ExecutionFilter, ExecutionList, Messages, SessionFilter, SessionList, UsageList,
};
use sortie::model::{ExecutionStatus, SessionStatus};
use sortie::{Execution, Result};
use std::borrow::Cow;
use std::process::ExitCode;

/// List deployments, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  sortie track query --status deployed --older-than 2h\n  \
sortie track query --session-id latest --format json\n  sortie track query --usage --since 7d")]
pub struct Query {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Of this kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: Option<String>,
    /// On this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// In this state
    #[arg(long, value_enum)]
    status: Option<ExecutionStatusArg>,
    /// Deployed then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Deployed before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Deployed longer ago than this, such as 2h
    #[arg(long, value_name = "AGE", conflicts_with = "until")]
    older_than: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    after: AfterArg,
    /// In JSON, the final messages too
    #[arg(long)]
    with_messages: bool,
    /// What each used and what it cost, instead of when it ran and what it was given
    #[arg(long)]
    usage: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExecutionStatusArg {
    #[value(alias = "open")]
    Deployed,
    Completed,
    Failed,
}

impl From<ExecutionStatusArg> for ExecutionStatus {
    fn from(status: ExecutionStatusArg) -> Self {
        match status {
            ExecutionStatusArg::Deployed => Self::Deployed,
            ExecutionStatusArg::Completed => Self::Completed,
            ExecutionStatusArg::Failed => Self::Failed,
        }
    }
}

impl Query {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let now = verb.workspace.now();
        let page = history.executions(&ExecutionFilter {
            session_id: verb.find(&self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            status: self.status.map(Into::into),
            since: moment(&self.since, now)?,
            until: moment(&self.until.or(self.older_than), now)?,
            messages: if self.with_messages { Messages::Whole } else { Messages::None },
            limit: self.limit,
            after: self.after.find(&verb.workspace)?,
        })?;
        match self.usage {
            true => verb.show_page(&UsageList(history.with_usage(page.rows)?), page.next)?,
            false => verb.show_page(&ExecutionList(page.rows), page.next)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Show everything about one deployment: context given, message, turns, outputs
#[derive(Args)]
#[command(
    after_help = "An agent that was captured can have several turns: it is woken again, and says something at \
the end of each. What its caller got can be less than what it said.\n\n\
Example:\n  sortie track show latest\n  sortie track show exec-001 --message > message.md\n  \
sortie track show latest --turn 1"
)]
pub struct Show {
    /// An id, the beginning of one, or latest
    execution: String,
    /// Print only the final message, byte for byte
    #[arg(long)]
    message: bool,
    /// With --message: the one of an earlier completion, which an amendment replaced
    #[arg(long, value_name = "VERSION", requires = "message", conflicts_with_all = ["turn", "delivered"])]
    earlier: Option<u32>,
    /// Print only what the agent said at the end of this turn, the first being 1
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// Print only what its caller got of the message, of the last turn or of --turn
    #[arg(long)]
    delivered: bool,
}

impl Show {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let execution = Execution::open(&verb.workspace, &self.execution)?;
        let history = verb.workspace.history();
        let detail = history.show(execution.id())?;
        let message = match self.turn {
            _ if self.delivered => Some(history.delivered(&detail, self.turn)?.into()),
            Some(turn) => history.turn_message(&detail, turn)?.map(Cow::Owned),
            None if self.message => detail.message(self.earlier)?.map(Cow::Borrowed),
            None => {
                verb.show(&detail)?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        match message {
            Some(message) => verb.write(&message)?,
            None => verb.ui.note("there is no final message on record"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// List sessions, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  sortie track sessions --status executing")]
pub struct Sessions {
    /// In this state
    #[arg(long, value_enum)]
    status: Option<SessionStatusArg>,
    /// Begun then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Begun before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    after: AfterArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum SessionStatusArg {
    Planning,
    Executing,
    Completed,
    Failed,
}

impl From<SessionStatusArg> for SessionStatus {
    fn from(status: SessionStatusArg) -> Self {
        match status {
            SessionStatusArg::Planning => Self::Planning,
            SessionStatusArg::Executing => Self::Executing,
            SessionStatusArg::Completed => Self::Completed,
            SessionStatusArg::Failed => Self::Failed,
        }
    }
}

impl Sessions {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let now = verb.workspace.now();
        let page = verb.workspace.history().sessions(&SessionFilter {
            status: self.status.map(Into::into),
            since: moment(&self.since, now)?,
            until: moment(&self.until, now)?,
            limit: self.limit,
            after: self.after.find(&verb.workspace)?,
        })?;
        verb.show_page(&SessionList(page.rows), page.next)?;
        Ok(ExitCode::SUCCESS)
    }
}

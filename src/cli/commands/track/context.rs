use crate::cli::commands::Verb;
use clap::Args;
use sortie::model::SessionId;
use sortie::{Execution, Result};
use std::process::ExitCode;

/// What was a deployment given, and which of its files have changed since?
#[derive(Args)]
#[command(
    after_help = "On disk: unchanged, changed, gone; part-same where the file changed but not \
the heading or\nlines that were sent; refused where something is there that may not be read.\n\n\
Example:\n  sortie track context latest --agent-type systematic-debugger\n  \
sortie track context exec-001 --briefing > briefing.md"
)]
pub struct Context {
    /// An id, the beginning of one, or latest
    execution: String,
    /// With latest: of this kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: Option<String>,
    /// With latest: of this session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Print only the briefing that it was handed, byte for byte
    #[arg(long)]
    briefing: bool,
}

impl Context {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let find = |name: &String| history.find::<SessionId>(name);
        let session = self.session_id.as_ref().map(find).transpose()?;
        let agent_type = self.agent_type.as_deref();
        let id = history.find_among(&self.execution, agent_type, session.as_ref())?;
        let execution = Execution::open(&verb.workspace, id.as_str())?;
        match self.briefing {
            true => verb.write(&execution.briefing()?)?,
            false => verb.show(&execution.context()?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

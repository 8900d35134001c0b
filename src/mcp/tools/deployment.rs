//! Recording that an agent is deployed.

use crate::context::models;
use crate::history::{NewSession, Written, taken_out};
use crate::mcp::args::Said;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::Reply;
use crate::mcp::tool::{Effect, Tool};
use crate::model::{AgentType, ExecutionId, ExecutionRecord, Phase};
use crate::session::{Handover, Session};
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// Record a deployment before the agent runs: what it is given and what it is to do. Give `session_id`, or
/// `new_session` to begin one with it. The same deployment twice is fine; another under the same id is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InitDeployment {
    /// The session it belongs to: an id, the beginning of one, or latest
    session_id: Option<String>,
    /// Begin a session about this, in a sentence, and deploy in it
    new_session: Option<Said>,
    /// The kind of agent
    agent_type: AgentType,
    /// What it is to do
    scope: Said,
    /// The bundle it is given: an id, the beginning of one, or latest
    bundle: Option<PathBuf>,
    /// The very briefing it is given, if that is not the one last rendered from the bundle
    briefing: Option<String>,
    /// Tokens it is given, where there is no bundle
    context_token_count: Option<u64>,
    /// The model it runs on; the default is the bundle's
    model: Option<String>,
    /// The phase it belongs to, 1 to 5; the default is the session's
    phase: Option<Phase>,
    /// Its id; the default is one of its own
    execution_id: Option<ExecutionId>,
    /// Deploy it even over its budget
    #[serde(default)]
    force: bool,
}

fn session<'w>(
    workspace: &'w Workspace,
    named: Option<String>,
    new: Option<Said>,
) -> Result<Session<'w>, Refusal> {
    match (named, new) {
        (Some(name), None) => Ok(Session::open(workspace, &name)?),
        (None, Some(scope)) => {
            let new = NewSession { scope: scope.0, ..NewSession::default() };
            let (session, _) = Session::start(workspace, new)?;
            session.advance(Phase::DEPLOY)?;
            Ok(session)
        }
        (None, None) => Err(Refusal::new(
            "it is not said which session this belongs to",
            "give `session_id`, or `new_session` with what the work is about",
        )),
        (Some(_), Some(_)) => Err(Refusal::new(
            "it is in a session that there is, or in a new one",
            "give `session_id` or `new_session`, not both",
        )),
    }
}

impl Tool for InitDeployment {
    const NAME: &'static str = "init_deployment";
    const TITLE: &'static str = "Record a deployment";
    const EFFECT: Effect = Effect::Adds;
    type Result = ExecutionRecord;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let bundle = self.bundle.map(|name| workspace.context().kept(&name)).transpose()?;
        let is_new = self.new_session.is_some();
        let session = session(workspace, self.session_id, self.new_session)?;
        let given = self.briefing.map(|text| session.without_secrets(text.as_bytes()));
        let (briefing, redacted) = given.unzip();
        let begun = session.id().to_string();
        let deployed = session.init_deployment(Handover {
            execution_id: self.execution_id,
            agent_type: self.agent_type,
            scope: self.scope.0,
            model: self.model,
            bundle: bundle.as_ref(),
            briefing,
            context_token_count: self.context_token_count,
            phase: self.phase,
            force: self.force,
        });
        let (_, record, written) = deployed.map_err(|error| match is_new {
            true => Refusal::from(error)
                .adding(format!("session {begun} was begun: give it as `session_id`")),
            false => error.into(),
        })?;
        let known = |name: &String| models::find(name, workspace.config()).is_ok();
        let unknown = record.model.as_ref().filter(|name| !known(name)).map(|name| {
            let name = name.escape_debug();
            format!("model '{name}' is not known: whether it fits was not checked")
        });
        let already = (written == Written::Already)
            .then(|| "it was on record just so; nothing was changed".to_owned());
        Ok(Reply::of(&record)
            .notes(taken_out(&redacted.unwrap_or_default()))
            .notes(unknown)
            .notes(already))
    }
}

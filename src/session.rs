//! The five phases as an API: a [`Session`] and its [`Execution`]s over one [`Workspace`].
//!
//! analyze → prepare → deploy → synthesize → confirm: begin a session, prepare contexts, deploy
//! agents, record what they return, bring it together. Everything is written through to the
//! history as it happens, so that a session can be taken up again by its id, by any process.

mod given;
mod view;

pub use given::ContextGiven;

use crate::context::{Preparation, Request};
use crate::error::Result;
use crate::history::{
    Completed, Completion, Deployment, Given, NewSession, SessionDetail, Written,
};
use crate::model::{
    AgentType, Bundle, ExecutionId, ExecutionRecord, Phase, SessionId, SessionRecord, SessionStatus,
};
use crate::outputs::{Collected, Collection, Synthesis, Verification};
use crate::secrets::Finding;
use crate::workspace::Workspace;

/// One session of a project.
#[derive(Debug)]
pub struct Session<'w> {
    workspace: &'w Workspace,
    id: SessionId,
    keep_secrets: bool,
}

/// One deployment of a session.
#[derive(Debug)]
pub struct Execution<'w> {
    workspace: &'w Workspace,
    id: ExecutionId,
    keep_secrets: bool,
}

/// What is handed to an agent.
#[derive(Debug, Clone, Default)]
pub struct Handover<'b> {
    /// Without one it is given an id of its own.
    pub execution_id: Option<ExecutionId>,
    /// The kind of agent.
    pub agent_type: AgentType,
    /// What it is to do.
    pub scope: String,
    /// The model it runs on; the bundle's, if none is given.
    pub model: Option<String>,
    /// The bundle that was prepared for it.
    pub bundle: Option<&'b Bundle>,
    /// The very briefing it is given; else the one last rendered from the bundle, else the bundle's
    /// own rendering.
    pub briefing: Option<Vec<u8>>,
    /// Tokens, where there is no bundle.
    pub context_token_count: Option<u64>,
    /// The session's, if none is given.
    pub phase: Option<Phase>,
    /// Deploy it even over its budget.
    pub force: bool,
}

impl<'w> Session<'w> {
    /// Begins a session, or takes up the same one again.
    pub fn start(
        workspace: &'w Workspace,
        new: NewSession,
    ) -> Result<(Session<'w>, SessionRecord)> {
        let (record, _) = workspace.history().init_session(new)?;
        Ok((Session { workspace, id: record.session_id.clone(), keep_secrets: false }, record))
    }

    /// The session that `name` names: an id, the beginning of one, or `latest`.
    pub fn open(workspace: &'w Workspace, name: &str) -> Result<Session<'w>> {
        Ok(Session { workspace, id: workspace.history().find(name)?, keep_secrets: false })
    }

    /// The same, storing briefings as they come if `keep` says so.
    pub fn keeping_secrets(self, keep: bool) -> Session<'w> {
        Session { keep_secrets: keep, ..self }
    }

    /// What is stored of a briefing that is given, and the secrets that were taken out of it.
    pub fn without_secrets(&self, briefing: &[u8]) -> (Vec<u8>, Vec<Finding>) {
        self.workspace.history().keeping_secrets(self.keep_secrets).without_secrets(briefing)
    }

    /// The session's id, to take it up again by.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Moves the session to a phase, forward or back. One that has ended is a conflict.
    pub fn set_phase(&self, phase: Phase) -> Result<SessionRecord> {
        self.workspace.history().set_phase(&self.id, phase)
    }

    /// Moves a session that has not ended forward to a phase, if it is not so far.
    pub fn advance(&self, phase: Phase) -> Result<()> {
        let record = self.query()?.session;
        if !record.status.is_ended() && record.phase < phase {
            self.set_phase(phase)?;
        }
        Ok(())
    }

    /// Prepares the context of one agent; over budget, says what to drop or narrow.
    pub fn prepare_context(&self, request: &Request) -> Result<Preparation> {
        self.workspace.context().prepare(request)
    }

    /// Records a deployment before the agent runs, with the briefing it is given.
    pub fn init_deployment(
        &self,
        handover: Handover<'_>,
    ) -> Result<(Execution<'w>, ExecutionRecord, Written)> {
        let context = self.workspace.context();
        let given = handover.briefing.as_deref().map(|given| self.without_secrets(given).0);
        let (given, model) = (given.as_deref(), handover.model.as_deref());
        let briefing = context.handed_over(handover.bundle, given, model)?;
        let recounted = handover.bundle.map(|it| context.recounted(it, model)).transpose()?;
        let context_budget = handover.bundle.map(|bundle| context.deployable_tokens(bundle, model));
        let context_tokens_exact = match handover.context_token_count {
            Some(_) => true,
            None => context.counts_exactly(handover.bundle, model),
        };
        let history = self.workspace.history().keeping_secrets(self.keep_secrets);
        let (record, written) = history.deploy(Deployment {
            context_budget,
            context_tokens_exact,
            session_id: self.id.clone(),
            execution_id: handover.execution_id,
            agent_type: handover.agent_type,
            scope: handover.scope,
            model: handover.model,
            bundle: recounted.as_deref(),
            briefing,
            briefing_is_given: handover.briefing.is_some(),
            context_token_count: handover.context_token_count,
            phase: handover.phase,
            base_commit: self.workspace.head_commit(),
            force: handover.force,
        })?;
        let execution = Execution {
            workspace: self.workspace,
            id: record.execution_id.clone(),
            keep_secrets: self.keep_secrets,
        };
        Ok((execution, record, written))
    }

    /// Whether the session's deliverables are still what was collected, and its gates passed.
    pub fn validate_outputs(&self) -> Result<Verification> {
        self.workspace.outputs().verify(&self.id)
    }

    /// Brings the session together in a report, which is kept.
    pub fn generate_synthesis_report(&self, template: Option<&str>) -> Result<Synthesis> {
        self.workspace.outputs().synthesize(&self.id, template)
    }

    /// Ends the session well. Again is fine; after [`Session::fail`] it is a conflict.
    pub fn complete(&self) -> Result<(SessionRecord, Written)> {
        self.workspace.history().end_session(&self.id, SessionStatus::Completed, None)
    }

    /// Ends the session badly, and says why. Again is fine; after [`Session::complete`] it is a conflict.
    pub fn fail(&self, reason: Option<String>) -> Result<(SessionRecord, Written)> {
        self.workspace.history().end_session(&self.id, SessionStatus::Failed, reason)
    }

    /// The session and its deployments as they are on record now.
    pub fn query(&self) -> Result<SessionDetail> {
        self.workspace.history().show_session(&self.id)
    }
}

impl<'w> Execution<'w> {
    /// The execution that `name` names: an id, the beginning of one, or `latest`.
    pub fn open(workspace: &'w Workspace, name: &str) -> Result<Execution<'w>> {
        Ok(Execution { workspace, id: workspace.history().find(name)?, keep_secrets: false })
    }

    /// The same, storing messages as they come if `keep` says so.
    pub fn keeping_secrets(self, keep: bool) -> Execution<'w> {
        Execution { keep_secrets: keep, ..self }
    }

    /// The deployment's id, to take it up again by.
    pub fn id(&self) -> &ExecutionId {
        &self.id
    }

    /// Says which bundle it was given, if its deployment did not.
    pub fn record_allocation(&self, bundle: &Bundle) -> Result<(ExecutionRecord, Written)> {
        let context = self.workspace.context();
        let model = self.workspace.outputs().execution(&self.id)?.model;
        let model = model.as_deref();
        let briefing = context.handed_over(Some(bundle), None, model)?;
        let recounted = context.recounted(bundle, model)?;
        let given = Given {
            bundle: &recounted,
            briefing: briefing.expect("a bundle has a briefing"),
            exact: context.counts_exactly(Some(bundle), model),
            budget: context.deployable_tokens(bundle, model),
        };
        self.workspace.history().record_allocation(&self.id, given)
    }

    /// Records how it ended, and what is found of the deliverables named with it.
    pub fn record_completion(&self, completion: &Completion) -> Result<Completed> {
        let outputs = self.workspace.outputs();
        let names = completion.deliverables.iter().map(|path| outputs.name(path.as_ref()));
        let completion = Completion { deliverables: names.collect(), ..completion.clone() };
        let named = Collection {
            deliverables: completion.deliverables.iter().map(|name| outputs.path(name)).collect(),
            ..Collection::default()
        };
        let found = outputs.look(&outputs.execution(&self.id)?, &named)?;
        let history = self.workspace.history().keeping_secrets(self.keep_secrets);
        history.complete(&self.id, &completion, found)
    }

    /// Looks at what it produced and records it.
    pub fn collect(&self, collection: &Collection) -> Result<Collected> {
        let outputs = self.workspace.outputs().keeping_secrets(self.keep_secrets);
        outputs.collect(&self.id, collection)
    }

    /// The very briefing it was handed, byte for byte.
    pub fn briefing(&self) -> Result<Vec<u8>> {
        self.workspace.history().briefing(&self.id)
    }
}

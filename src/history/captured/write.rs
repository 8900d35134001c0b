//! Bringing the record to what follows from what is known.

use super::observe::digest;
use super::sessions::{follow_session, session_of};
use super::settle::{Ending, Settled};
use crate::error::Result;
use crate::history::deployments::{insert_allocations, named};
use crate::model::{
    Allocation, Bundle, BundleId, Capture, Evidence, ExecutionId, ExecutionRecord, ExecutionStatus,
    ItemType, Markers, Phase, Priority, SessionId,
};
use crate::store::{Writer, content};

/// A deployment that follows from one capture, or from a call's and an agent's.
pub struct Deployed<'a> {
    pub seq: i64,
    pub capture: &'a Capture,
    /// The agent's half, where no event named both.
    pub agent: Option<(i64, &'a Capture)>,
    pub evidence: &'a Evidence,
    pub settled: Settled,
}

/// Writes what has changed. Returns the execution, if anything had, and whether it is a new one.
pub fn write(w: &Writer<'_>, it: Deployed<'_>) -> Result<Option<(ExecutionId, bool)>> {
    let own = own_id(it.capture)?;
    let id = match adopted(w, &it, &own)? {
        Some(other) => other,
        None => own.clone(),
    };
    let bundle = match it.bundle(w)? {
        Some(id) => w.bundle(&id)?,
        None => None,
    };
    let (before, execution) = match w.execution(&id)? {
        Some(recorded) if id == own && !w.captures_of(&id)?.is_empty() => {
            (Some(recorded.clone()), it.deployment(recorded, &bundle))
        }
        // What was recorded by hand stays as it was recorded, also under a name that a call has by chance.
        Some(recorded) => (Some(recorded.clone()), recorded),
        None => {
            let session = session_of(w, &it)?;
            (None, it.deployment(blank(id.clone(), session, &it.settled), &bundle))
        }
    };
    match &before {
        None => w.insert_execution(&execution)?,
        Some(before) if *before != execution => w.update_deployment(&execution)?,
        Some(_) => {}
    }
    let mut is_news = before.as_ref() != Some(&execution);
    if let Some(bundle) = &bundle
        && w.allocations(&id)?.is_empty()
    {
        insert_allocations(w, &id, bundle)?;
    }
    let attachments: Vec<Allocation> = it.attachments(&id).collect();
    let ids: Vec<&str> = attachments.iter().map(|it| it.allocation_id.as_str()).collect();
    w.drop_allocations(&id, ATTACHED, &ids)?;
    for (at, allocation) in attachments.iter().enumerate() {
        w.insert_allocation(allocation, ATTACHED + at)?;
    }
    let settled = it.complete(w, execution, &mut is_news)?;
    if w.usage(&id)? != it.settled.usage {
        w.put_usage(&id, it.settled.usage.as_ref())?;
        is_news = true;
    }
    it.take_over(w, &id)?;
    it.remember(w, &id, settled)?;
    follow_session(w, it.capture)?;
    Ok(is_news.then_some((id, before.is_none())))
}

/// Behind whatever a bundle brought.
const ATTACHED: usize = 1 << 20;

/// The execution that such a capture makes: named after the call, or else after the agent.
fn own_id(capture: &Capture) -> Result<ExecutionId> {
    match (&capture.tool_use_id, &capture.agent_id) {
        (Some(call), _) => Ok(valid(call, &capture.harness)?),
        (None, agent) => {
            let session: String = capture.harness_session_id.chars().take(8).collect();
            let name = format!("agent-{}-{session}", agent.as_deref().unwrap_or_default());
            Ok(valid(&name, &capture.harness)?)
        }
    }
}

/// What a harness calls something, as an id; a digest of it where it cannot be one.
fn valid(name: &str, harness: &str) -> Result<ExecutionId> {
    match ExecutionId::new(name) {
        Ok(id) => Ok(id),
        Err(_) => Ok(ExecutionId::new(format!("{harness}-{}", digest(name)))?),
    }
}

/// An execution that was recorded by hand before the agent was called, and is this one: it is named in the
/// prompt, or it is an open deployment of the bundle that the agent was given.
fn adopted(w: &Writer<'_>, it: &Deployed<'_>, own: &ExecutionId) -> Result<Option<ExecutionId>> {
    let (markers, bundle) = (it.markers(), it.bundle(w)?);
    if markers.is_empty() && bundle.is_none() {
        return Ok(None);
    }
    // Once it is that one it stays so: a bundle's deployment is open only until then.
    let agents_own = it.agents_own()?;
    if let Some(known) = &it.capture.execution_id
        && known != own
        && agents_own.as_ref() != Some(known)
    {
        return Ok(Some(known.clone()));
    }
    if let Some(id) = markers.execution.as_ref().and_then(|id| ExecutionId::new(id).ok())
        && w.execution(&id)?.is_some()
    {
        return Ok(Some(id));
    }
    match bundle {
        Some(bundle) => w.open_deployment_of(&bundle, it.settled.deployed_at),
        None => Ok(None),
    }
}

fn blank(id: ExecutionId, session: SessionId, settled: &Settled) -> ExecutionRecord {
    ExecutionRecord {
        execution_id: id,
        session_id: session,
        agent_type: String::new(),
        deployed_at: settled.deployed_at,
        completed_at: None,
        status: ExecutionStatus::Deployed,
        scope: String::new(),
        phase: Phase::DEPLOY,
        context_token_count: 0,
        context_tokens_upper: 0,
        context_tokens_exact: false,
        context_budget: None,
        model: None,
        bundle_id: None,
        briefing_hash: None,
        base_commit: None,
        success: None,
        error_message: None,
        deliverables: Vec::new(),
        final_message_bytes: None,
        final_message: None,
    }
}

/// An agent whose call is not known yet and is waited for makes no execution of its own.
pub fn withdraw(w: &Writer<'_>, seq: i64, agent: &Capture) -> Result<()> {
    if agent.execution_id.is_none() {
        return Ok(());
    }
    w.put_capture(Some(seq), &Capture { execution_id: None, settled: None, ..agent.clone() })?;
    w.delete_empty_execution(&own_id(agent)?)?;
    follow_session(w, agent)
}

impl Deployed<'_> {
    pub fn markers(&self) -> Markers {
        self.evidence.call.as_ref().map(|call| call.markers.clone()).unwrap_or_default()
    }

    /// The bundle that it was given: its prompt names one, or is the briefing of one.
    fn bundle(&self, w: &Writer<'_>) -> Result<Option<BundleId>> {
        if let Some(id) = self.markers().bundle.and_then(|id| BundleId::new(id).ok()) {
            return Ok(Some(id));
        }
        match &self.settled.prompt {
            Some(prompt) => w.bundle_of_briefing(&prompt.hash),
            None => Ok(None),
        }
    }

    /// The execution that the agent's half had while its call was not known.
    fn agents_own(&self) -> Result<Option<ExecutionId>> {
        let agent = match (&self.agent, &self.capture.agent_id) {
            (Some((_, agent)), _) => Capture { tool_use_id: None, ..(*agent).clone() },
            (None, Some(_)) if self.capture.tool_use_id.is_some() => {
                Capture { tool_use_id: None, ..self.capture.clone() }
            }
            _ => return Ok(None),
        };
        own_id(&agent).map(Some)
    }

    /// The record with what is known of the deployment.
    fn deployment(&self, recorded: ExecutionRecord, bundle: &Option<Bundle>) -> ExecutionRecord {
        let it = &self.settled;
        ExecutionRecord {
            agent_type: it.agent_type.clone(),
            deployed_at: it.deployed_at,
            scope: it.scope.clone(),
            context_token_count: it.tokens,
            context_tokens_upper: it.tokens_upper,
            context_tokens_exact: it.tokens_exact,
            context_budget: bundle.as_ref().map(|bundle| bundle.budget),
            model: it.model.clone(),
            bundle_id: bundle.as_ref().map(|bundle| bundle.bundle_id.clone()),
            briefing_hash: it.prompt.as_ref().map(|prompt| prompt.hash.clone()),
            base_commit: it.base_commit.clone(),
            ..recorded
        }
    }

    fn attachments(&self, id: &ExecutionId) -> impl Iterator<Item = Allocation> {
        let transcript = self.evidence.transcript.iter();
        let all = transcript.flat_map(|it| &it.attachments).enumerate();
        all.map(move |(at, it)| {
            let allocation = Allocation {
                allocation_id: String::new(),
                execution_id: id.clone(),
                context_type: match it.kind == "file" {
                    true => ItemType::File,
                    false => ItemType::SharedContext,
                },
                context_source: it.source.clone(),
                token_count: it.tokens,
                included_in_deployment: true,
                priority: Priority::Required,
                content_hash: Some(it.text.hash.clone()),
            };
            named(allocation, ATTACHED + at)
        })
    }

    /// Writes how it ended, unless somebody recorded that otherwise. Returns what to know it by as ours.
    fn complete(
        &self,
        w: &Writer<'_>,
        recorded: ExecutionRecord,
        is_news: &mut bool,
    ) -> Result<Option<String>> {
        let ours = self.capture.settled.clone();
        let ours = ours.or_else(|| self.agent.and_then(|(_, agent)| agent.settled.clone()));
        let is_open = recorded.status == ExecutionStatus::Deployed;
        if !is_open && Some(mark(&recorded)) != ours {
            return Ok(ours);
        }
        let wanted = match &self.settled.ending {
            Some(ending) => ended(w, recorded.clone(), ending)?,
            None if is_open => return Ok(ours),
            None => ExecutionRecord {
                completed_at: None,
                status: ExecutionStatus::Deployed,
                success: None,
                error_message: None,
                final_message_bytes: None,
                final_message: None,
                ..recorded.clone()
            },
        };
        if wanted != recorded {
            w.update_completion(&wanted)?;
            *is_news = true;
        }
        Ok(Some(mark(&wanted)))
    }

    /// What was recorded while the agent was known alone belongs to this execution.
    fn take_over(&self, w: &Writer<'_>, id: &ExecutionId) -> Result<()> {
        match self.agents_own()? {
            Some(alone) if alone != *id && w.execution(&alone)?.is_some() => {
                w.absorb_execution(&alone, id)
            }
            _ => Ok(()),
        }
    }

    fn remember(&self, w: &Writer<'_>, id: &ExecutionId, settled: Option<String>) -> Result<()> {
        let rows = [Some((self.seq, self.capture)), self.agent];
        for (seq, capture) in rows.into_iter().flatten() {
            if capture.execution_id.as_ref() != Some(id) || capture.settled != settled {
                let (execution_id, settled) = (Some(id.clone()), settled.clone());
                w.put_capture(Some(seq), &Capture { execution_id, settled, ..capture.clone() })?;
            }
        }
        Ok(())
    }
}

fn ended(w: &Writer<'_>, recorded: ExecutionRecord, it: &Ending) -> Result<ExecutionRecord> {
    let message = match &it.message {
        Some(text) => w.content(&text.hash)?,
        None => None,
    };
    Ok(ExecutionRecord {
        completed_at: Some(it.at),
        status: if it.success { ExecutionStatus::Completed } else { ExecutionStatus::Failed },
        success: Some(it.success),
        error_message: it.error.clone(),
        final_message_bytes: message.as_ref().map(|bytes| bytes.len() as u64),
        final_message: message,
        ..recorded
    })
}

/// What a completion is known by as one that was written here.
fn mark(it: &ExecutionRecord) -> String {
    let message = it.final_message.as_deref().map(content::hash);
    let at = it.completed_at.map(|at| at.to_string());
    digest(&format!("{} {at:?} {:?} {message:?}", it.status, it.error_message))
}

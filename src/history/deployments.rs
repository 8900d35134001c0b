//! Deployments: what was handed to whom, recorded before the agent runs.

use super::fault::{Differences, HistoryFault};
use super::sessions::open_session;
use super::{History, Written};
use crate::error::Result;
use crate::model::{
    AgentType, Allocation, Bundle, Count, ExecutionId, ExecutionRecord, ExecutionStatus, ItemType,
    KeptBriefing, Phase, Priority, SessionId, SessionRecord, SessionStatus, SkipReason, Timestamp,
};
use crate::store::{Writer, content};

/// A deployment to record.
#[derive(Debug, Clone)]
pub struct Deployment<'b> {
    pub session_id: SessionId,
    /// Without one it is given an id of its own.
    pub execution_id: Option<ExecutionId>,
    /// The kind of agent.
    pub agent_type: AgentType,
    /// What it is to do.
    pub scope: String,
    /// The model it runs on; the bundle's, if none is given.
    pub model: Option<String>,
    /// The bundle that was kept before; it says the tokens and the allocations.
    pub bundle: Option<&'b Bundle>,
    /// The briefing that is handed over, kept before; it says the tokens.
    pub briefing: Option<KeptBriefing>,
    /// Whether the call named that briefing, so that another one is a contradiction.
    pub briefing_is_given: bool,
    /// Tokens, where there is no bundle.
    pub context_token_count: Option<u64>,
    /// Whether the tokens are exact.
    pub context_tokens_exact: bool,
    /// The session's, if none is given.
    pub phase: Option<Phase>,
    /// The commit that is checked out: what changed lines are counted from.
    pub base_commit: Option<String>,
    /// Tokens that the bundle may have where it goes.
    pub context_budget: Option<u64>,
    /// Deploy it even over that.
    pub force: bool,
}

/// A bundle that a deployment was given, as it is to the model it went to.
#[derive(Debug, Clone)]
pub struct Given<'b> {
    pub bundle: &'b Bundle,
    /// Its briefing, kept and counted before.
    pub briefing: KeptBriefing,
    /// Whether that count is exact.
    pub exact: bool,
    /// Tokens that it may have there.
    pub budget: u64,
}

impl History<'_> {
    /// Records a deployment with its allocations. The same one again is fine; one of that id with
    /// other values is refused, and so is one over its budget unless forced.
    pub fn deploy(&self, new: Deployment<'_>) -> Result<(ExecutionRecord, Written)> {
        new.check_budget()?;
        let scope = self.clean(&new.scope, &mut Vec::new());
        let new = Deployment { scope, ..new };
        self.store.write(|w| {
            if let Some(id) = &new.execution_id
                && let Some(recorded) = w.execution(id)?
            {
                return same_or_refused(recorded, &new);
            }
            let mut session = open_session(w, &new.session_id)?;
            if session.status == SessionStatus::Planning {
                session.status = SessionStatus::Executing;
                w.update_session(&session)?;
            }
            let execution = self.execution(w, &new, &session)?;
            w.insert_execution(&execution)?;
            if let Some(bundle) = new.bundle {
                insert_allocations(w, &execution.execution_id, bundle)?;
            }
            Ok((execution, Written::New))
        })
    }

    fn execution(
        &self,
        w: &Writer<'_>,
        new: &Deployment<'_>,
        session: &SessionRecord,
    ) -> Result<ExecutionRecord> {
        let execution_id = match &new.execution_id {
            Some(id) => id.clone(),
            None => free_id(w, new, self.now)?,
        };
        Ok(ExecutionRecord {
            execution_id,
            session_id: session.session_id.clone(),
            agent_type: new.agent_type.to_string(),
            deployed_at: self.now,
            completed_at: None,
            status: ExecutionStatus::Deployed,
            scope: new.scope.clone(),
            phase: new.phase.unwrap_or(session.phase),
            context_token_count: new.count().tokens,
            context_tokens_upper: new.count().upper,
            context_tokens_exact: new.context_tokens_exact,
            context_budget: new.context_budget,
            model: new.model(),
            bundle_id: new.bundle.map(|bundle| bundle.bundle_id.clone()),
            briefing_hash: new.briefing.as_ref().map(|it| it.briefing_hash.clone()),
            base_commit: new.base_commit.clone(),
            success: None,
            error_message: None,
            deliverables: Vec::new(),
            final_message_bytes: None,
            final_message: None,
        })
    }

    /// Says which bundle an execution was given, if its deployment did not. The same one again is
    /// fine; another is refused.
    pub fn record_allocation(
        &self,
        id: &ExecutionId,
        given: Given<'_>,
    ) -> Result<(ExecutionRecord, Written)> {
        let Given { bundle, briefing, exact, budget } = given;
        self.store.write(|w| {
            let id: ExecutionId = w.find(id.as_str())?;
            let mut execution = w.execution(&id)?.expect("just found");
            match &execution.bundle_id {
                Some(recorded) if *recorded == bundle.bundle_id => {
                    return Ok((execution, Written::Already));
                }
                Some(recorded) => {
                    let (recorded, given) = (recorded.clone(), bundle.bundle_id.clone());
                    return Err(HistoryFault::OtherBundle { id, recorded, given }.into());
                }
                None => {}
            }
            execution.context_token_count = briefing.count.tokens;
            execution.context_tokens_upper = briefing.count.upper;
            execution.context_tokens_exact = exact;
            execution.context_budget = Some(budget);
            execution.bundle_id = Some(bundle.bundle_id.clone());
            execution.briefing_hash = Some(briefing.briefing_hash);
            w.update_context(&execution)?;
            insert_allocations(w, &id, bundle)?;
            Ok((execution, Written::New))
        })
    }
}

impl Deployment<'_> {
    fn check_budget(&self) -> Result<()> {
        match (self.bundle, self.context_budget) {
            (Some(bundle), Some(budget)) if self.count().upper > budget && !self.force => {
                Err(HistoryFault::OverBudget {
                    bundle: bundle.bundle_id.clone(),
                    tokens: self.count().upper,
                    budget,
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    /// Tokens of what is really sent: as given, else the briefing's, else the bundle's.
    fn count(&self) -> Count {
        match self.context_token_count {
            Some(tokens) => Count { tokens, upper: tokens },
            None => self
                .briefing
                .as_ref()
                .map(|briefing| briefing.count)
                .or(self.bundle.map(Bundle::count))
                .unwrap_or_default(),
        }
    }

    /// As given; else the one the bundle was counted for.
    fn model(&self) -> Option<String> {
        self.model.clone().or_else(|| self.bundle.map(|bundle| bundle.model.clone()))
    }
}

fn same_or_refused(
    recorded: ExecutionRecord,
    new: &Deployment<'_>,
) -> Result<(ExecutionRecord, Written)> {
    let mut differences = Differences::default()
        .compare("session_id", recorded.session_id.as_str(), new.session_id.as_str())
        .compare("agent_type", &recorded.agent_type, new.agent_type.as_str())
        .compare("scope", &recorded.scope, &new.scope)
        .compare_opt("model", recorded.model.as_ref(), new.model().as_ref());
    if let Some(phase) = new.phase {
        differences = differences.compare("phase", &recorded.phase.to_string(), &phase.to_string());
    }
    // A bundle may have been named later, by record-allocation.
    if let Some(bundle) = new.bundle {
        let given = Some(&bundle.bundle_id);
        differences = differences.compare_opt("bundle", recorded.bundle_id.as_ref(), given);
    }
    if let Some(briefing) = new.briefing.as_ref().filter(|_| new.briefing_is_given) {
        let given = Some(&briefing.briefing_hash);
        differences = differences.compare_opt("briefing", recorded.briefing_hash.as_ref(), given);
    }
    if let Some(tokens) = new.context_token_count.filter(|_| recorded.bundle_id.is_none()) {
        let (theirs, ours) = (recorded.context_token_count.to_string(), tokens.to_string());
        differences = differences.compare("context_token_count", &theirs, &ours);
    }
    match differences.is_empty() {
        true => Ok((recorded, Written::Already)),
        false => Err(HistoryFault::OtherDeployment {
            id: recorded.execution_id,
            differences: differences.into_vec(),
        }
        .into()),
    }
}

/// An id named after the deployment itself; the next one if another took it in the same millisecond.
fn free_id(w: &Writer<'_>, new: &Deployment<'_>, now: Timestamp) -> Result<ExecutionId> {
    for attempt in 0u64.. {
        let text =
            format!("{}\0{}\0{}\0{now}\0{attempt}", new.session_id, new.agent_type, new.scope);
        let hash = content::hash(text.as_bytes());
        let id = ExecutionId::new(format!("exec-{}-{}", now.day(), &hash[..8]))?;
        if w.execution(&id)?.is_none() {
            return Ok(id);
        }
    }
    unreachable!("some attempt is free")
}

pub(super) fn insert_allocations(w: &Writer<'_>, id: &ExecutionId, bundle: &Bundle) -> Result<()> {
    for (position, allocation) in allocations_of(id, bundle).iter().enumerate() {
        w.insert_allocation(allocation, position)?;
    }
    Ok(())
}

/// The allocations that a bundle stands for: its items, and what was trimmed from it.
pub fn allocations_of(id: &ExecutionId, bundle: &Bundle) -> Vec<Allocation> {
    let included = bundle.context_items.iter().map(|item| Allocation {
        allocation_id: String::new(),
        execution_id: id.clone(),
        context_type: item.item_type,
        context_source: item.label(),
        token_count: item.token_count,
        included_in_deployment: true,
        priority: item.priority,
        content_hash: Some(item.content_hash.clone()),
    });
    let trimmed = bundle.skipped.iter().filter(|it| it.reason == SkipReason::Trimmed);
    let trimmed = trimmed.map(|it| Allocation {
        allocation_id: String::new(),
        execution_id: id.clone(),
        context_type: it.item_type.unwrap_or(ItemType::File),
        context_source: it.source.clone(),
        token_count: it.token_count.unwrap_or(0),
        included_in_deployment: false,
        priority: it.priority.unwrap_or(Priority::Optional),
        content_hash: None,
    });
    included.chain(trimmed).enumerate().map(|(at, it)| named(it, at)).collect()
}

/// An id from what the allocation is, so that recording it again adds nothing.
pub(super) fn named(allocation: Allocation, position: usize) -> Allocation {
    let text = format!(
        "{}\0{position}\0{}\0{}",
        allocation.execution_id,
        allocation.context_source,
        allocation.content_hash.as_deref().unwrap_or_default(),
    );
    let allocation_id = format!("alloc-{}", &content::hash(text.as_bytes())[..16]);
    Allocation { allocation_id, ..allocation }
}

//! From a session's record to the data of its report.

use super::context::Previous;
use super::context::{
    AgentRow, ChangeTotals, ContextUse, CoverageRow, DeliverableRow, ErrorGroup, GateRow,
    InsightRow, Moment, Summary, SynthesisContext,
};
use super::gather::{Gathered, latest_deliverables, latest_files, latest_gates};
use super::pictures::Charts;
use super::recommend::recommendations;
use crate::model::{
    Deliverable, ExecutionId, ExecutionRecord, Gate, GateResult, OutputType, SessionStatus,
    Timestamp,
};
use crate::render;
use std::collections::BTreeMap;

/// How much of a final message a report shows, in characters.
const RESULT_SHOWN: usize = 400;

impl SynthesisContext {
    pub(super) fn of_session(gathered: Gathered, now: Timestamp) -> SynthesisContext {
        let saved = gathered.saved_by_execution();
        let who = Agents::new(&gathered.executions);
        let deliverables: Vec<DeliverableRow> = latest_deliverables(&gathered.outputs)
            .into_iter()
            .map(|(id, it)| DeliverableRow::new(Some((&id, &who)), it))
            .collect();
        // A file that several delivered is one, as it was left last.
        let files: Vec<DeliverableRow> = latest_files(&gathered.outputs)
            .into_iter()
            .map(|(id, it)| DeliverableRow::new(Some((&id, &who)), it))
            .collect();
        let (gates, coverage) = gates(&gathered, &who);
        let mut context = SynthesisContext {
            generated_at: now,
            summary: Summary::default(),
            agents: gathered.executions.iter().map(AgentRow::new).collect(),
            changes: ChangeTotals::of(&files),
            deliverables,
            gates,
            coverage,
            insights: insights(&gathered, &who),
            errors: errors(&gathered, &who),
            context: ContextUse::of(&gathered),
            timeline: timeline(&gathered),
            recommendations: Vec::new(),
            previous: None,
            charts: Charts::default(),
            session: Some(gathered.session),
        };
        context.conclude();
        context.charts = Charts::of(&context, &saved);
        context
    }

    /// A report on agents and files of which nothing was recorded.
    pub(super) fn unrecorded(
        agents: &[String],
        deliverables: Vec<Deliverable>,
        now: Timestamp,
    ) -> SynthesisContext {
        let deliverables: Vec<DeliverableRow> =
            deliverables.into_iter().map(|it| DeliverableRow::new(None, it)).collect();
        let mut context = SynthesisContext {
            generated_at: now,
            session: None,
            summary: Summary::default(),
            agents: agents.iter().map(|agent| AgentRow::unrecorded(agent)).collect(),
            changes: ChangeTotals::of(&deliverables),
            deliverables,
            gates: Vec::new(),
            coverage: Vec::new(),
            insights: Vec::new(),
            errors: Vec::new(),
            context: ContextUse::none(),
            timeline: Vec::new(),
            recommendations: Vec::new(),
            previous: None,
            charts: Charts::default(),
        };
        context.conclude();
        context
    }

    /// The same, set against the last session of its scope.
    pub(super) fn against(mut self, before: Option<Gathered>, now: Timestamp) -> SynthesisContext {
        let before = before.map(|it| SynthesisContext::of_session(it, now));
        self.previous = before.and_then(|before| Previous::of(&before, &self));
        self
    }

    fn conclude(&mut self) {
        self.summary = Summary::of(self);
        self.recommendations = recommendations(self);
    }
}

/// Agent types by execution.
struct Agents<'e>(BTreeMap<&'e ExecutionId, &'e str>);

impl<'e> Agents<'e> {
    fn new(executions: &'e [ExecutionRecord]) -> Self {
        Agents(executions.iter().map(|it| (&it.execution_id, it.agent_type.as_str())).collect())
    }

    fn of(&self, id: &ExecutionId) -> String {
        self.0.get(id).copied().unwrap_or_default().to_owned()
    }
}

impl AgentRow {
    fn new(execution: &ExecutionRecord) -> AgentRow {
        AgentRow {
            execution_id: Some(execution.execution_id.clone()),
            agent_type: execution.agent_type.clone(),
            model: execution.model.clone(),
            scope: Some(execution.scope.clone()),
            status: Some(execution.status),
            deployed_at: Some(execution.deployed_at),
            completed_at: execution.completed_at,
            duration_ms: execution.duration_ms(),
            duration: execution.duration_ms().map(render::duration),
            context_tokens: Some(execution.context_token_count).filter(|tokens| *tokens > 0),
            context_tokens_exact: execution.context_tokens_exact,
            context_budget: execution.context_budget,
            over_budget: execution.is_over_budget(),
            result: execution
                .final_message_text()
                .map(|text| render::beginning(text.trim(), RESULT_SHOWN)),
            final_message_bytes: execution.final_message_bytes,
            error_message: execution.error_message.clone(),
        }
    }

    fn unrecorded(agent_type: &str) -> AgentRow {
        AgentRow {
            execution_id: None,
            agent_type: agent_type.to_owned(),
            model: None,
            scope: None,
            status: None,
            deployed_at: None,
            completed_at: None,
            duration_ms: None,
            duration: None,
            context_tokens: None,
            context_tokens_exact: false,
            context_budget: None,
            over_budget: false,
            result: None,
            final_message_bytes: None,
            error_message: None,
        }
    }
}

impl DeliverableRow {
    fn new(of: Option<(&ExecutionId, &Agents<'_>)>, it: Deliverable) -> DeliverableRow {
        DeliverableRow {
            execution_id: of.map(|(id, _)| id.clone()),
            agent_type: of.map(|(id, who)| who.of(id)),
            file_path: it.file_path,
            exists: it.exists,
            size: it.size,
            content_hash: it.content_hash,
            lines_added: it.lines_added,
            lines_modified: it.lines_modified,
            lines_removed: it.lines_removed,
        }
    }
}

fn gates(gathered: &Gathered, who: &Agents<'_>) -> (Vec<GateRow>, Vec<CoverageRow>) {
    let (mut verdicts, mut figures) = (Vec::new(), Vec::new());
    for (execution_id, Gate { name, result }) in latest_gates(&gathered.outputs) {
        let agent_type = who.of(&execution_id);
        match result {
            GateResult::Number(_) => {
                figures.push(CoverageRow { execution_id, agent_type, name, value: result.into() });
            }
            _ => {
                let result = result.to_string();
                verdicts.push(GateRow { execution_id, agent_type, name, result });
            }
        }
    }
    (verdicts, figures)
}

fn texts(gathered: &Gathered, wanted: OutputType) -> impl Iterator<Item = (&ExecutionId, String)> {
    let outputs = gathered.outputs.iter().filter(move |it| it.output_type == wanted);
    outputs.map(|it| (&it.execution_id, it.subject().to_owned()))
}

fn insights(gathered: &Gathered, who: &Agents<'_>) -> Vec<InsightRow> {
    texts(gathered, OutputType::Insight)
        .map(|(id, text)| InsightRow { execution_id: id.clone(), agent_type: who.of(id), text })
        .collect()
}

fn errors(gathered: &Gathered, who: &Agents<'_>) -> Vec<ErrorGroup> {
    let of_executions = gathered
        .executions
        .iter()
        .filter_map(|it| it.error_message.clone().map(|message| (&it.execution_id, message)));
    let mut groups: Vec<ErrorGroup> = Vec::new();
    for (id, message) in of_executions.chain(texts(gathered, OutputType::Error)) {
        let at = groups.iter().position(|group| group.message == message).unwrap_or_else(|| {
            let (agents, executions) = (Vec::new(), Vec::new());
            groups.push(ErrorGroup { message, count: 0, agents, executions });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.count += 1;
        if !group.executions.contains(id) {
            group.executions.push(id.clone());
        }
        if !group.agents.contains(&who.of(id)) {
            group.agents.push(who.of(id));
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

fn timeline(gathered: &Gathered) -> Vec<Moment> {
    let session = &gathered.session;
    let moment = |at, event, execution_id, text: &str| Moment {
        at,
        event,
        execution_id,
        text: text.to_owned(),
    };
    let mut moments =
        vec![moment(session.created_at, "session started", None, session.session_id.as_str())];
    for it in &gathered.executions {
        let id = Some(it.execution_id.clone());
        moments.push(moment(it.deployed_at, "deployed", id.clone(), &it.agent_type));
        if let Some(end) = it.completed_at {
            moments.push(moment(end, it.status.as_str(), id, &it.agent_type));
        }
    }
    if let Some(end) = session.ended_at {
        let event = match session.status {
            SessionStatus::Failed => "session failed",
            _ => "session completed",
        };
        moments.push(moment(end, event, None, session.session_id.as_str()));
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

//! Records to spans, in the words of the GenAI semantic conventions.

use super::content::Texts;
use super::ids::TraceId;
use super::provider;
use super::span::{Span, SpanKind, SpanStatus, Value};
use crate::model::{
    ExecutionId, ExecutionRecord, ExecutionUsage, SessionRecord, SessionStatus, Timestamp,
};

/// What the conventions call an error that has no class of its own.
const OTHER: &str = "_OTHER";

/// An execution with what is known of it elsewhere.
pub struct Known {
    pub record: ExecutionRecord,
    /// What it used, where its harness told.
    pub usage: Option<ExecutionUsage>,
    /// The execution of the same session that deployed it, where its harness told.
    pub parent: Option<ExecutionId>,
    pub content: Content,
}

/// What an execution was given and answered, where that is asked for.
#[derive(Default)]
pub struct Content {
    pub briefing: Option<Vec<u8>>,
    pub message: Option<Vec<u8>>,
}

/// Attributes, one after the other.
struct Attributes(Vec<(&'static str, Value)>);

impl Attributes {
    fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push((key, value.into()));
    }

    fn put_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

/// The root span of a session; none while it has not ended. `project` is what the workflow is called: a
/// session's scope is another one each time, which a span's name must not be.
pub fn session(
    session: &SessionRecord,
    project: Option<&str>,
    texts: &mut Texts<'_>,
) -> Option<Span> {
    let end = session.ended_at.filter(|_| session.status.is_ended())?;
    let failed = session.status == SessionStatus::Failed;
    let mut to = Attributes(Vec::new());
    to.put("gen_ai.operation.name", "invoke_workflow");
    to.put_some("gen_ai.workflow.name", project);
    to.put("gen_ai.conversation.id", session.session_id.as_str());
    to.put_some("error.type", failed.then_some(OTHER));
    to.put("sortie.scope", texts.clean(session.scope.as_bytes()));
    to.put("sortie.phase", u64::from(session.phase.number()));
    let trace = TraceId::of(session);
    Some(Span {
        trace_id: trace,
        span_id: trace.root(),
        parent_span_id: None,
        name: named("invoke_workflow", project),
        kind: SpanKind::Internal,
        start_time: session.created_at,
        end_time: end.max(session.created_at),
        status: status(failed, session.error_message.as_deref(), texts),
        attributes: to.0,
    })
}

/// The span of an execution; none while it is open.
pub fn execution(trace: TraceId, known: &Known, texts: &mut Texts<'_>) -> Option<Span> {
    let Known { record, usage, parent, content } = known;
    let end = record.completed_at?;
    let failed = record.success == Some(false);
    let mut to = Attributes(Vec::new());
    let answered = usage.as_ref().and_then(|it| it.model.as_deref());
    let model = record.model.as_deref();
    to.put("gen_ai.operation.name", "invoke_agent");
    to.put_some("gen_ai.provider.name", answered.or(model).and_then(provider::of));
    to.put("gen_ai.agent.name", record.agent_type.as_str());
    to.put("gen_ai.agent.id", record.execution_id.as_str());
    to.put("gen_ai.conversation.id", record.session_id.as_str());
    to.put_some("gen_ai.request.model", model);
    to.put_some("gen_ai.response.model", answered);
    if let Some(usage) = usage {
        used(usage, &mut to);
    }
    to.put_some("error.type", failed.then_some(OTHER));
    own(record, &mut to, texts);
    let input = content.briefing.as_deref().map(|it| texts.input(it));
    to.put_some("gen_ai.input.messages", input);
    let output = content.message.as_deref().map(|it| texts.output(it, failed));
    to.put_some("gen_ai.output.messages", output);
    Some(Span {
        trace_id: trace,
        span_id: trace.span(&record.execution_id),
        parent_span_id: Some(parent.as_ref().map_or_else(|| trace.root(), |it| trace.span(it))),
        name: named("invoke_agent", Some(&record.agent_type)),
        kind: SpanKind::Internal,
        start_time: record.deployed_at,
        end_time: not_before(end, record.deployed_at),
        status: status(failed, record.error_message.as_deref(), texts),
        attributes: to.0,
    })
}

/// Tokens over all requests. In the conventions the input has in it what the cache gave and what it took;
/// here each stands for itself.
fn used(usage: &ExecutionUsage, to: &mut Attributes) {
    let tokens = &usage.tokens;
    if !tokens.is_zero() {
        let written = tokens.cache_write_tokens.saturating_add(tokens.cache_write_1h_tokens);
        to.put("gen_ai.usage.input_tokens", tokens.total().saturating_sub(tokens.output_tokens));
        to.put("gen_ai.usage.output_tokens", tokens.output_tokens);
        to.put("gen_ai.usage.cache_read.input_tokens", tokens.cache_read_tokens);
        to.put("gen_ai.usage.cache_creation.input_tokens", written);
    }
    to.put_some("sortie.requests", (usage.requests > 0).then_some(usage.requests));
    to.put_some("sortie.reported_tokens", usage.reported_tokens);
    to.put_some("sortie.tool_uses", usage.tool_uses);
    to.put_some("sortie.reported_duration_ms", usage.duration_ms);
}

/// What the conventions have no word for.
fn own(record: &ExecutionRecord, to: &mut Attributes, texts: &mut Texts<'_>) {
    to.put("sortie.scope", texts.clean(record.scope.as_bytes()));
    to.put("sortie.phase", u64::from(record.phase.number()));
    to.put_some("sortie.bundle_id", record.bundle_id.as_ref().map(|it| it.as_str()));
    to.put_some("sortie.briefing_hash", record.briefing_hash.as_deref());
    if record.context_token_count > 0 {
        to.put("sortie.context_token_count", record.context_token_count);
        to.put("sortie.context_tokens_upper", record.context_tokens_upper);
        to.put("sortie.context_tokens_exact", record.context_tokens_exact);
    }
    to.put_some("sortie.context_budget", record.context_budget);
    to.put_some("sortie.base_commit", record.base_commit.as_deref());
    if !record.deliverables.is_empty() {
        to.put("sortie.deliverables", record.deliverables.clone());
    }
    to.put_some("sortie.final_message_bytes", record.final_message_bytes);
}

fn status(failed: bool, reason: Option<&str>, texts: &mut Texts<'_>) -> SpanStatus {
    match failed {
        true => SpanStatus::Error {
            message: reason.map(|it| texts.clean(it.as_bytes())).unwrap_or_default(),
        },
        false => SpanStatus::Ok,
    }
}

fn named(operation: &str, of: Option<&str>) -> String {
    of.map_or_else(|| operation.to_owned(), |of| format!("{operation} {of}"))
}

/// A clock that was set back must not make a span of negative length.
fn not_before(end: Timestamp, start: Timestamp) -> Timestamp {
    end.max(start)
}

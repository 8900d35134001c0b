//! What follows from a session's record: each sentence comes from the data, none is boilerplate.

use super::context::SynthesisContext;
use crate::model::ExecutionStatus;
use crate::render::grouped;
use std::collections::BTreeMap;

/// What to do next, most pressing first; nothing if all is well.
pub(super) fn recommendations(context: &SynthesisContext) -> Vec<String> {
    let mut advice = Vec::new();
    advice.extend(missing_deliverables(context));
    advice.extend(failed_gates(context));
    advice.extend(failed_agents(context));
    advice.extend(repeated_errors(context));
    advice.extend(open_deployments(context));
    advice.extend(over_budget(context));
    advice.extend(without_outputs(context));
    advice
}

fn missing_deliverables(context: &SynthesisContext) -> Vec<String> {
    let missing = context.deliverables.iter().filter(|it| !it.exists);
    missing
        .map(|it| match &it.execution_id {
            Some(id) => format!(
                "{} is missing: {} ({id}) was to deliver it. Deploy it again, or correct the path.",
                it.file_path,
                it.agent_type.as_deref().unwrap_or_default()
            ),
            None => format!("{} is missing.", it.file_path),
        })
        .collect()
}

/// One sentence a gate, with everyone who failed it.
fn failed_gates(context: &SynthesisContext) -> Vec<String> {
    let mut by_gate: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for gate in context.gates.iter().filter(|gate| gate.result == "fail") {
        let who = format!("{} ({})", gate.agent_type, gate.execution_id);
        by_gate.entry(&gate.name).or_default().push(who);
    }
    let failed = by_gate.into_iter();
    failed
        .map(|(gate, who)| {
            format!("Gate {gate} failed for {}: mend it before this is merged.", who.join(", "))
        })
        .collect()
}

fn failed_agents(context: &SynthesisContext) -> Vec<String> {
    let failed = context.agents.iter().filter(|it| it.status == Some(ExecutionStatus::Failed));
    failed
        .map(|it| {
            let id = it.execution_id.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} ({id}) failed: look at what it was given with 'sortie track show {id}' before it is deployed again.", it.agent_type)
        })
        .collect()
}

fn repeated_errors(context: &SynthesisContext) -> Vec<String> {
    let repeated = context.errors.iter().filter(|group| group.executions.len() > 1);
    repeated
        .map(|group| {
            format!(
                "{} deployments report the same error ({}): its cause is likely in what they share.",
                group.executions.len(),
                group.agents.join(", ")
            )
        })
        .collect()
}

fn open_deployments(context: &SynthesisContext) -> Vec<String> {
    let open = context.agents.iter().filter(|it| it.status == Some(ExecutionStatus::Deployed));
    open.map(|it| {
        let id = it.execution_id.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} ({id}) has not come back: record how it ended with 'sortie track record-completion --execution-id {id} …'.", it.agent_type)
    })
    .collect()
}

fn over_budget(context: &SynthesisContext) -> Vec<String> {
    let over = context.agents.iter().filter(|it| it.over_budget);
    over.map(|it| {
        format!(
            "{} ({}) was given {} tokens, over its budget of {}: narrow its context.",
            it.agent_type,
            it.execution_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            grouped(it.context_tokens.unwrap_or(0)),
            grouped(it.context_budget.unwrap_or(0))
        )
    })
    .collect()
}

fn without_outputs(context: &SynthesisContext) -> Vec<String> {
    if context.session.is_none() || context.agents.is_empty() {
        return Vec::new();
    }
    if !context.gates.is_empty() || !context.coverage.is_empty() {
        return Vec::new();
    }
    vec!["No gate was reported: nothing says that the results hold. Add them with 'sortie outputs collect --validation-results tests:pass,…'.".to_owned()]
}

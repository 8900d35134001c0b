//! What follows from a session's record: each sentence comes from the data, none is boilerplate.

use super::context::SynthesisContext;
use crate::model::ExecutionStatus;
use crate::render::grouped;
use std::collections::BTreeMap;

/// How many deployments one sentence names.
const NAMED: usize = 5;

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
    let failed = with_status(context, ExecutionStatus::Failed);
    match failed.as_slice() {
        [] => Vec::new(),
        [(who, id)] => vec![format!(
            "{who} failed: look at what it was given with 'sortie track show {id}' before it is deployed again."
        )],
        many => vec![format!(
            "{} deployments failed: {}. Look at what each was given with 'sortie track show ID' before it is deployed again.",
            grouped(many.len() as u64),
            named(many)
        )],
    }
}

/// Name with id, and the id.
fn with_status(context: &SynthesisContext, status: ExecutionStatus) -> Vec<(String, String)> {
    let agents = context.agents.iter().filter(|it| it.status == Some(status));
    agents
        .filter_map(|it| {
            let id = it.execution_id.as_ref()?.to_string();
            Some((format!("{} ({id})", it.agent_type), id))
        })
        .collect()
}

/// The first by name, then how many more there are.
fn named(many: &[(String, String)]) -> String {
    let names: Vec<&str> = many.iter().take(NAMED).map(|(who, _)| who.as_str()).collect();
    match many.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), grouped(more as u64)),
    }
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
    let open = with_status(context, ExecutionStatus::Deployed);
    match open.as_slice() {
        [] => Vec::new(),
        [(who, id)] => vec![format!(
            "{who} has not come back: record how it ended with 'sortie track record-completion --execution-id {id} …'."
        )],
        many => vec![format!(
            "{} deployments have not come back: {}. Record how each ended with 'sortie track record-completion --execution-id ID …'.",
            grouped(many.len() as u64),
            named(many)
        )],
    }
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

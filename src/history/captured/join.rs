//! Which halves are one deployment, where no event has named both the call and the agent.
//!
//! Of the halves of one session: a call and an agent with the same prompt that no other half has; then a call
//! and an agent of a kind of which there is one call and one agent. It follows from all that is known, so an
//! event that names both puts it right.

use crate::model::{Capture, Evidence};
use std::collections::BTreeMap;

/// Pairs of places, the call's first.
pub fn pairs(halves: &[(i64, Capture)]) -> Vec<(i64, i64)> {
    let mut pairs = unique(halves, &[], prompt);
    pairs.extend(unique(halves, &pairs, |it| Some(kind(it))));
    pairs
}

fn prompt(evidence: &Evidence) -> Option<String> {
    let of_call = evidence.call.as_ref().and_then(|call| call.prompt.as_ref());
    let got = evidence.transcript.as_ref().and_then(|it| it.prompt.as_ref());
    of_call.or(got).map(|prompt| prompt.hash.clone())
}

fn kind(evidence: &Evidence) -> String {
    let of_call = evidence.call.as_ref().and_then(|call| call.agent_type.clone());
    of_call.or_else(|| evidence.agent_type.clone()).unwrap_or_else(|| "general-purpose".to_owned())
}

/// Pairs of a call and an agent that agree in something in which no other does.
fn unique(
    halves: &[(i64, Capture)],
    taken: &[(i64, i64)],
    of: impl Fn(&Evidence) -> Option<String>,
) -> Vec<(i64, i64)> {
    let is_free = |seq: i64| !taken.iter().any(|(call, agent)| *call == seq || *agent == seq);
    let mut groups: BTreeMap<String, (Vec<i64>, Vec<i64>)> = BTreeMap::new();
    for (seq, half) in halves.iter().filter(|(seq, _)| is_free(*seq)) {
        let Some(key) = of(&half.evidence) else { continue };
        let (calls, agents) = groups.entry(key).or_default();
        match half.tool_use_id {
            Some(_) => calls.push(*seq),
            None => agents.push(*seq),
        }
    }
    let single = |(calls, agents): (Vec<i64>, Vec<i64>)| match (&calls[..], &agents[..]) {
        ([call], [agent]) => Some((*call, *agent)),
        _ => None,
    };
    groups.into_values().filter_map(single).collect()
}

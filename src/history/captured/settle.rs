//! What follows from what is known of a deployment. No input, no output.

use super::seen::{Injected, LostPart};
use crate::model::{
    AgentType, Call, Delivery, Evidence, ExecutionUsage, TextRef, Timestamp, TranscriptSeen, Usage,
};

/// The agent that a spawn tool runs where none is named.
const DEFAULT_AGENT: &str = "general-purpose";

/// A deployment as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub agent_type: String,
    pub scope: String,
    pub deployed_at: Timestamp,
    pub model: Option<String>,
    /// The prompt that it got.
    pub prompt: Option<TextRef>,
    pub tokens: u64,
    pub tokens_upper: u64,
    pub tokens_exact: bool,
    pub base_commit: Option<String>,
    pub ending: Option<Ending>,
    pub usage: Option<ExecutionUsage>,
}

/// How it came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub at: Timestamp,
    pub success: bool,
    pub message: Option<TextRef>,
    pub error: Option<String>,
}

/// What follows; nothing, where nothing says that an agent was deployed.
pub fn settle(evidence: &Evidence) -> Option<Settled> {
    let (call, transcript) = (evidence.call.as_ref(), evidence.transcript.as_ref());
    // That something came back is told of shell commands, too.
    let is_agent = evidence.started_at.is_some() || !evidence.turns.is_empty();
    if call.is_none() && transcript.is_none() && !is_agent {
        return None;
    }
    let (prompt, (tokens, tokens_upper, tokens_exact)) = prompt(call, transcript);
    Some(Settled {
        agent_type: agent_type(evidence),
        scope: scope(evidence),
        deployed_at: deployed_at(evidence)?,
        model: model(evidence),
        prompt,
        tokens,
        tokens_upper,
        tokens_exact,
        base_commit: call.and_then(|call| call.base_commit.clone()),
        ending: ending(evidence),
        usage: usage(evidence),
    })
}

fn agent_type(evidence: &Evidence) -> String {
    let call = evidence.call.as_ref();
    let named = call.and_then(|call| call.agent_type.clone());
    let named = named.or_else(|| evidence.agent_type.clone());
    match named {
        Some(named) => AgentType::nearest(&named).to_string(),
        None => if call.is_some() { DEFAULT_AGENT } else { "unknown" }.to_owned(),
    }
}

fn scope(evidence: &Evidence) -> String {
    let told = evidence.call.as_ref().and_then(|call| call.description.clone());
    let title = || evidence.transcript.as_ref().and_then(|it| it.title.clone());
    told.or_else(|| evidence.description.clone())
        .or_else(title)
        .unwrap_or_else(|| "(not told)".to_owned())
}

fn model(evidence: &Evidence) -> Option<String> {
    let answered = evidence.transcript.as_ref().and_then(|it| it.model.clone());
    let asked = || evidence.call.as_ref().and_then(|call| call.model.clone());
    answered.or_else(|| evidence.model.clone()).or_else(asked)
}

/// When it was deployed, as far as that is known.
pub fn deployed_at(evidence: &Evidence) -> Option<Timestamp> {
    let turns = evidence.turns.values().map(|turn| turn.at);
    let deliveries = evidence.deliveries.values().map(|it| it.at);
    let ends = turns.chain(deliveries).min();
    let call = evidence.call.as_ref().map(|call| call.at);
    let began = evidence.transcript.as_ref().and_then(|it| it.first_at);
    call.or(evidence.started_at).or(began).or(ends)
}

/// The prompt that the agent really got, if its transcript says; else the one it was called with.
fn prompt(
    call: Option<&Call>,
    transcript: Option<&TranscriptSeen>,
) -> (Option<TextRef>, (u64, u64, bool)) {
    let asked = call.and_then(|it| it.prompt.as_ref().map(|prompt| (prompt, it)));
    let got = transcript.and_then(|it| it.prompt.as_ref().map(|prompt| (prompt, it)));
    match (got, asked) {
        (Some((got, _)), Some((asked, it))) if got == asked => {
            (Some(asked.clone()), (it.tokens, it.tokens_upper, it.tokens_exact))
        }
        (Some((got, it)), _) => (Some(got.clone()), (it.tokens, it.tokens_upper, it.tokens_exact)),
        (None, Some((asked, it))) => {
            (Some(asked.clone()), (it.tokens, it.tokens_upper, it.tokens_exact))
        }
        (None, None) => (None, (0, 0, false)),
    }
}

/// The last end of a turn, and its message.
fn last_turn(evidence: &Evidence) -> Option<(Timestamp, TextRef)> {
    let turns = evidence
        .turns
        .iter()
        .map(|(hash, turn)| (turn.at, TextRef { bytes: turn.bytes, hash: hash.clone() }));
    turns.max()
}

/// What the caller got last, if no turn has ended since.
fn delivered(evidence: &Evidence) -> Option<&Delivery> {
    let last = evidence.deliveries.values().max_by_key(|it| (it.at, *it))?;
    let is_of_former_turn = last_turn(evidence).is_some_and(|(at, _)| at > last.at);
    (!is_of_former_turn).then_some(last)
}

/// What the transcript says that the agent said last, if that is not the message of a former turn, and not
/// what it said on the way to the end that was told: a transcript is written later.
fn recovered(evidence: &Evidence) -> Option<&TextRef> {
    let transcript = evidence.transcript.as_ref()?;
    let last = transcript.last_message.as_ref()?;
    let ended = last_turn(evidence);
    if !transcript.ended && ended.as_ref().is_some_and(|(_, message)| message.bytes > 0) {
        return None;
    }
    let is_of_former_turn = evidence.turns.contains_key(&last.hash)
        && ended.is_some_and(|(_, message)| message.hash != last.hash);
    (!is_of_former_turn).then_some(last)
}

/// How it came back, if it has.
pub fn ending(evidence: &Evidence) -> Option<Ending> {
    let (turn, got) = (last_turn(evidence), delivered(evidence));
    let transcript = evidence.transcript.as_ref().filter(|it| it.ended);
    if turn.is_none() && got.is_none() && transcript.is_none() {
        return None;
    }
    // The longest there is; each alone was seen to lose a part.
    let told = turn.as_ref().map(|(_, message)| message);
    let sent = got.and_then(|it| it.text.as_ref());
    let unanswered = transcript.and_then(|it| it.unanswered.as_ref());
    let is_own = |text: &&TextRef| unanswered.is_none_or(|it| it.text != **text);
    let message = [told, sent, recovered(evidence)].into_iter().flatten().filter(is_own);
    let message = message.max().cloned();
    let failed = got.filter(|it| !it.success);
    let error = failed.map(|it| it.error.clone().unwrap_or_else(|| "it failed".to_owned()));
    // Some builds deliver what stands in the place of an answer as one.
    let error = error.or_else(|| unanswered.map(|it| it.said.clone()));
    let at = turn.as_ref().map(|(at, _)| *at).or(got.map(|it| it.at));
    let at = at.or(transcript.and_then(|it| it.last_at));
    Some(Ending {
        at: at.or(deployed_at(evidence))?,
        success: error.is_none(),
        message: message.filter(|it| it.bytes > 0),
        error,
    })
}

/// The part of the final message that the caller did not get.
pub fn lost(evidence: &Evidence) -> Option<LostPart> {
    let whole = ending(evidence)?.message?;
    let got = delivered(evidence)?;
    let delivered = got.text.as_ref().filter(|text| text.hash != whole.hash)?.clone();
    Some(LostPart { delivered, whole })
}

/// Whether the agent got the prompt that was put in the place of the call's.
pub fn injected(evidence: &Evidence) -> Option<Injected> {
    let wanted = evidence.injected.as_ref()?;
    let got = evidence.transcript.as_ref().and_then(|it| it.prompt.as_ref());
    Some(match got {
        None => Injected::Unknown,
        Some(got) if got == wanted => Injected::Confirmed,
        Some(_) => Injected::Ignored,
    })
}

fn usage(evidence: &Evidence) -> Option<ExecutionUsage> {
    let transcript = evidence.transcript.as_ref();
    let summed = transcript.map(TranscriptSeen::usage).unwrap_or_default();
    // Some builds never log what the last request put out; what the harness says has it.
    let said = evidence.deliveries.values().filter_map(|it| it.usage);
    let tokens = said.fold(summed, |usage, said| usage.larger(&said));
    let latest = evidence.deliveries.values().max_by_key(|it| (it.at, *it));
    let reported_tokens = latest.and_then(|it| it.reported_tokens);
    if tokens == Usage::default() && reported_tokens.is_none() {
        return None;
    }
    let counted = transcript.map(|it| it.tool_uses).filter(|uses| *uses > 0);
    Some(ExecutionUsage {
        requests: transcript.map_or(0, |it| it.requests.len() as u64),
        tokens,
        reported_tokens,
        tool_uses: counted.max(latest.and_then(|it| it.tool_uses)),
        duration_ms: latest.and_then(|it| it.duration_ms),
        model: model(evidence),
    })
}

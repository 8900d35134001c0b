//! Taking in what was seen: to what is known, and from there to the record, in one transaction.

use super::join::pairs;
use super::settle::{deployed_at, settle};
use super::write::{Deployed, withdraw, write};
use crate::error::Result;
use crate::history::History;
use crate::model::{Capture, Evidence, ExecutionId, Timestamp};
use crate::store::{CapturedBy, ReadTo, Reader, Writer, content};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that a harness told of one deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// `claude-code`, `codex` or `gemini`.
    pub harness: String,
    pub harness_session_id: String,
    /// The call that spawned the agent, where it is named.
    pub tool_use_id: Option<String>,
    /// The agent, where it is named.
    pub agent_id: Option<String>,
    /// The agent whose call it was.
    pub parent_agent_id: Option<String>,
    pub at: Timestamp,
    pub evidence: Evidence,
}

/// What became of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Executions that were not on record.
    pub new: BTreeSet<ExecutionId>,
    /// Executions of which more is known now.
    pub changed: BTreeSet<ExecutionId>,
    /// Sightings of what was pruned: that stays away.
    pub forgotten: u64,
}

/// Texts that sightings name, by their hash.
pub type Texts = BTreeMap<String, Vec<u8>>;

/// What was seen, and in which transcripts.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    pub sightings: Vec<Sighting>,
    pub texts: Texts,
    /// How far transcripts were read, by their paths.
    pub read: Vec<(String, ReadTo)>,
}

impl History<'_> {
    /// Takes in what was seen, all or nothing. The same again changes nothing.
    pub fn observe(&self, seen: &Observation) -> Result<Observed> {
        let news = self.news(&seen.sightings)?;
        let mut observed = Observed {
            forgotten: (seen.sightings.len() - news.len()) as u64,
            ..Observed::default()
        };
        // The texts of what stays away stay away, too.
        let packed = match observed.forgotten {
            0 => self.store.pack(seen.texts.iter().map(|(hash, text)| (&**hash, &**text)))?,
            _ => self.store.pack(texts_of(&news, &seen.texts))?,
        };
        self.store.write(|w| {
            w.keep_contents(&packed)?;
            for sighting in &news {
                for (id, is_new) in take_in(w, sighting)? {
                    let list = if is_new { &mut observed.new } else { &mut observed.changed };
                    list.insert(id);
                }
            }
            for (path, read_to) in &seen.read {
                w.put_transcript(path, read_to)?;
            }
            Ok(())
        })?;
        observed.changed.retain(|id| !observed.new.contains(id));
        Ok(observed)
    }

    /// Sightings of what was not pruned.
    fn news<'s>(&self, sightings: &'s [Sighting]) -> Result<Vec<&'s Sighting>> {
        if !self.store.exists() {
            return Ok(sightings.iter().collect());
        }
        self.store.read(|r| {
            let mut news = Vec::with_capacity(sightings.len());
            for sighting in sightings {
                if !is_forgotten(r, sighting)? {
                    news.push(sighting);
                }
            }
            Ok(news)
        })
    }
}

/// Whether a sighting is of a deployment that was pruned: its session has such, it is not on record, and it
/// began before they went.
fn is_forgotten(r: &Reader<'_>, it: &Sighting) -> Result<bool> {
    let Some(forgotten) = r.forgotten(&it.harness, &it.harness_session_id)? else {
        return Ok(false);
    };
    let names = [
        it.tool_use_id.as_deref().map(CapturedBy::Call),
        it.agent_id.as_deref().map(CapturedBy::Agent),
    ];
    for by in names.into_iter().flatten() {
        let known = r.capture(&it.harness, &it.harness_session_id, by)?;
        if known.is_some_and(|(_, known)| known.execution_id.is_some()) {
            return Ok(false);
        }
    }
    Ok(deployed_at(&it.evidence).unwrap_or(it.at) <= forgotten)
}

/// The texts that these sightings name.
fn texts_of<'t>(
    sightings: &[&'t Sighting],
    texts: &'t Texts,
) -> impl Iterator<Item = (&'t str, &'t [u8])> {
    let named: BTreeSet<&str> = sightings.iter().flat_map(|it| hashes(&it.evidence)).collect();
    let text = |hash| texts.get(hash).map(|text| (hash, &**text));
    named.into_iter().filter_map(text).collect::<Vec<_>>().into_iter()
}

fn take_in(w: &Writer<'_>, sighting: &Sighting) -> Result<Vec<(ExecutionId, bool)>> {
    let Some((seq, known, is_news)) = merge(w, sighting)? else { return Ok(Vec::new()) };
    if !is_news {
        return Ok(Vec::new());
    }
    let halves = w.half_known_captures(&known.harness, &known.harness_session_id)?;
    let pairs = pairs(&halves);
    let mut written = Vec::new();
    let whole = (!halves.iter().any(|(half, _)| *half == seq)).then_some((seq, known));
    let agents: Vec<i64> = pairs.iter().map(|(_, agent)| *agent).collect();
    let heads = halves.iter().filter(|(seq, _)| !agents.contains(seq));
    for (seq, capture) in whole.iter().chain(heads) {
        let agent = pairs.iter().find(|(call, _)| call == seq);
        let agent = agent.and_then(|(_, agent)| halves.iter().find(|(seq, _)| seq == agent));
        let is_covered = capture.tool_use_id.is_none() && waits_for_its_call(capture, &halves);
        let evidence = match agent {
            Some((_, agent)) => capture.evidence.clone().merge(agent.evidence.clone()),
            None => capture.evidence.clone(),
        };
        let Some(settled) = settle(&evidence).filter(|_| !is_covered) else {
            withdraw(w, *seq, capture)?;
            continue;
        };
        let deployed = Deployed {
            seq: *seq,
            capture,
            agent: agent.map(|(seq, agent)| (*seq, agent)),
            evidence: &evidence,
            settled,
        };
        written.extend(write(w, deployed)?);
    }
    Ok(written)
}

/// An agent that has begun and of which no more is known, while a call of the session waits for its agent,
/// is most likely that call's.
fn waits_for_its_call(agent: &Capture, halves: &[(i64, Capture)]) -> bool {
    let known = &agent.evidence;
    let has_only_begun =
        known.turns.is_empty() && known.deliveries.is_empty() && known.transcript.is_none();
    has_only_begun && halves.iter().any(|(_, half)| half.tool_use_id.is_some())
}

/// Adds a sighting to what is known under its names; rows of both names become one. Says whether that was
/// news.
fn merge(w: &Writer<'_>, it: &Sighting) -> Result<Option<(i64, Capture, bool)>> {
    let find = |by| w.capture(&it.harness, &it.harness_session_id, by);
    let by_call = it.tool_use_id.as_deref().map(|id| find(CapturedBy::Call(id))).transpose()?;
    let by_agent = it.agent_id.as_deref().map(|id| find(CapturedBy::Agent(id))).transpose()?;
    let (by_call, by_agent) = (by_call.flatten(), by_agent.flatten());
    if it.tool_use_id.is_none() && it.agent_id.is_none() {
        return Ok(None);
    }
    let told = Capture {
        harness: it.harness.clone(),
        harness_session_id: it.harness_session_id.clone(),
        tool_use_id: it.tool_use_id.clone(),
        agent_id: it.agent_id.clone(),
        parent_agent_id: it.parent_agent_id.clone(),
        execution_id: None,
        settled: None,
        seen_at: it.at,
        evidence: it.evidence.clone(),
    };
    // What the row at that place has by now, and what is known of it already, the other row's part too.
    let (place, was, before) = match (by_call, by_agent) {
        (Some((call, ours)), Some((agent, theirs))) if call != agent => {
            // An agent belongs to one call; a second name for it is a mistake of whoever told.
            if ours.agent_id.is_some() || theirs.tool_use_id.is_some() {
                (Some(call), Some(ours.clone()), Some(ours))
            } else {
                w.join_captures(call, agent)?;
                (Some(call), Some(ours.clone()), Some(together(ours, theirs)))
            }
        }
        (Some((seq, ours)), _) | (None, Some((seq, ours))) => {
            (Some(seq), Some(ours.clone()), Some(ours))
        }
        (None, None) => (None, None, None),
    };
    let mut known = match before {
        Some(before) => together(before, told),
        None => told,
    };
    // A name that another row has stays there.
    if let Some(agent) = &known.agent_id
        && find(CapturedBy::Agent(agent))?.is_some_and(|(seq, _)| Some(seq) != place)
    {
        known.agent_id = was.as_ref().and_then(|was| was.agent_id.clone());
    }
    let is_news = was.as_ref().is_none_or(|was| {
        known.evidence != was.evidence
            || known.tool_use_id != was.tool_use_id
            || known.agent_id != was.agent_id
            || known.parent_agent_id != was.parent_agent_id
    });
    if !is_news {
        return Ok(place.map(|seq| (seq, known, false)));
    }
    let seq = w.put_capture(place, &known)?;
    for hash in hashes(&known.evidence) {
        if w.has_content(hash)? {
            w.link_content(seq, hash)?;
        }
    }
    Ok(Some((seq, known, true)))
}

fn together(ours: Capture, theirs: Capture) -> Capture {
    Capture {
        tool_use_id: ours.tool_use_id.or(theirs.tool_use_id),
        agent_id: ours.agent_id.or(theirs.agent_id),
        parent_agent_id: ours.parent_agent_id.max(theirs.parent_agent_id),
        execution_id: ours.execution_id.or(theirs.execution_id),
        settled: ours.settled.or(theirs.settled),
        seen_at: ours.seen_at.max(theirs.seen_at),
        evidence: ours.evidence.merge(theirs.evidence),
        ..ours
    }
}

/// Every text that it names.
fn hashes(evidence: &Evidence) -> Vec<&str> {
    let call = evidence.call.iter().filter_map(|call| call.prompt.as_ref());
    let got = evidence.deliveries.values().filter_map(|it| it.text.as_ref());
    let transcript = evidence.transcript.iter().flat_map(|it| {
        let own = it.prompt.iter().chain(&it.last_message);
        let own = own.chain(it.unanswered.iter().map(|it| &it.text));
        own.chain(it.attachments.iter().map(|attachment| &attachment.text))
    });
    let texts = call.chain(&evidence.injected).chain(got).chain(transcript);
    let mut hashes: Vec<&str> = texts.map(|text| text.hash.as_str()).collect();
    hashes.extend(evidence.turns.keys().map(String::as_str));
    hashes
}

/// A short name for something long, the same each time.
pub fn digest(text: &str) -> String {
    content::hash(text.as_bytes())[..16].to_owned()
}

//! Texts on their way into the record: without their secrets, named by their hash, counted; and the transcripts
//! that will say more.

use super::awaited::Awaited;
use crate::config::Config;
use crate::context::count_text;
use crate::history::{Observation, Sighting, Stored, Texts};
use crate::model::{Call, Count, TextRef, Timestamp};
use crate::store::content;
use crate::workspace::Workspace;
use std::path::Path;

/// Collects the texts that sightings name.
pub struct Keeper<'w> {
    config: &'w Config,
    /// Where the agent is called now; none, where it was called some time ago.
    here: Option<&'w Workspace>,
    texts: Texts,
    /// Transcripts that will say more.
    pub awaited: Vec<Awaited>,
}

impl<'w> Keeper<'w> {
    pub fn new(workspace: &'w Workspace) -> Keeper<'w> {
        Keeper { here: Some(workspace), ..Keeper::of_the_past(workspace.config()) }
    }

    /// For what is told long afterwards.
    pub fn of_the_past(config: &'w Config) -> Keeper<'w> {
        Keeper { config, here: None, texts: Texts::new(), awaited: Vec::new() }
    }

    /// Keeps a text as it is to be stored.
    pub fn keep(&mut self, text: &str) -> TextRef {
        let (bytes, _) = Stored::of(self.config).without_secrets(text.as_bytes());
        let hash = content::hash(&bytes);
        let reference = TextRef { bytes: bytes.len() as u64, hash: hash.clone() };
        self.texts.entry(hash).or_insert(bytes);
        reference
    }

    /// A short text without its secrets, which is stored where it is named.
    pub fn clean(&self, text: &str) -> String {
        let (bytes, _) = Stored::of(self.config).without_secrets(text.as_bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Tokens of a text for a model, and whether that is exact.
    pub fn count(&self, text: &str, model: Option<&str>) -> (Count, bool) {
        count_text(self.config, text, model)
    }

    /// A call that spawned an agent with a prompt.
    pub fn call(&mut self, at: Timestamp, prompt: Option<&str>, model: Option<&str>) -> Call {
        let (count, exact) = self.count(prompt.unwrap_or_default(), model);
        Call {
            at,
            prompt: prompt.map(|text| self.keep(text)),
            description: None,
            agent_type: None,
            model: model.map(str::to_owned),
            base_commit: None,
            markers: prompt.map(super::markers::markers).unwrap_or_default(),
            tokens: count.tokens,
            tokens_upper: count.upper,
            tokens_exact: exact,
        }
    }

    /// A transcript that was not whole when something was told of it: of the agent that is named, or of the
    /// session.
    pub fn awaits(&mut self, transcript: &Path, of: &Sighting, agent_id: Option<&str>) {
        self.awaited.push(Awaited {
            path: transcript.to_path_buf(),
            harness: of.harness.clone(),
            harness_session_id: of.harness_session_id.clone(),
            agent_id: agent_id.map(str::to_owned),
            since: of.at,
        });
    }

    /// All that was kept, with the sightings that name it.
    pub fn observation(self, sightings: Vec<Sighting>) -> Observation {
        Observation { sightings, texts: self.texts, read: Vec::new() }
    }

    /// The commit that is checked out now.
    pub fn head_commit(&self) -> Option<String> {
        self.here.and_then(Workspace::head_commit)
    }
}

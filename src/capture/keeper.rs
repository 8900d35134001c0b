//! Texts on their way into the record: without their secrets, named by their hash, counted.

use crate::config::Config;
use crate::context::count_text;
use crate::history::{Stored, Texts};
use crate::model::{Call, Count, TextRef, Timestamp};
use crate::store::content;
use crate::workspace::Workspace;

/// Collects the texts that sightings name.
pub struct Keeper<'w> {
    config: &'w Config,
    /// Where the agent is called now; none, where it was called some time ago.
    here: Option<&'w Workspace>,
    pub texts: Texts,
}

impl<'w> Keeper<'w> {
    pub fn new(workspace: &'w Workspace) -> Keeper<'w> {
        Keeper { here: Some(workspace), ..Keeper::of_the_past(workspace.config()) }
    }

    /// For what is told long afterwards.
    pub fn of_the_past(config: &'w Config) -> Keeper<'w> {
        Keeper { config, here: None, texts: Texts::new() }
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

    /// The commit that is checked out now.
    pub fn head_commit(&self) -> Option<String> {
        self.here.and_then(Workspace::head_commit)
    }
}

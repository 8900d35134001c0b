//! A plan as its file has it.

use crate::config::Wrong;
use crate::model::{AgentType, DedupMode, Reserve, TokenAmount, is_hidden};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The longest name, in bytes: with a number and an ending it is still one for a file.
const LONGEST_NAME: usize = 200;

/// Several agents for one piece of work. Paths are from the file's directory, and mean what they
/// mean in `prepare-bundle`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What it is about; agents without a scope of their own have this one.
    pub scope: String,
    /// The model to count for; else configured, else `sonnet`.
    pub model: Option<String>,
    /// Tokens for all of them together; without it, each has its own budget only.
    pub budget: Option<TokenAmount>,
    /// Tokens for each of them; else as in `prepare-bundle`.
    pub agent_budget: Option<TokenAmount>,
    /// What of the window is left to each agent, where there is no `agent_budget`.
    pub reserve: Option<Reserve>,
    /// What is kept once; else configured, else blocks.
    pub dedup: Option<DedupMode>,
    /// The template of all of them.
    pub template: Option<String>,
    /// Globs to leave out of directories.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// What every agent works on.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// What every agent may consult.
    #[serde(default)]
    pub references: Vec<PathBuf>,
    /// What would be nice to have.
    #[serde(default)]
    pub optional: Vec<PathBuf>,
    /// The agents, in the order they are to run.
    pub agents: Vec<PlanAgent>,
}

/// One agent of a plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanAgent {
    /// The kind of agent.
    pub agent_type: AgentType,
    /// What its bundle's file is called; without it the agent type, numbered where it comes again.
    pub name: Option<String>,
    /// What it is to do; the plan's, if it has none of its own.
    pub scope: Option<String>,
    /// Who it is to be.
    pub role: Option<String>,
    /// Rules it must keep.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// What its final message is to hold.
    pub expect: Option<String>,
    /// Tokens for it alone.
    pub budget: Option<TokenAmount>,
    /// What it works on, besides what every agent does.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// What it may consult.
    #[serde(default)]
    pub references: Vec<PathBuf>,
    /// What would be nice to have.
    #[serde(default)]
    pub optional: Vec<PathBuf>,
}

/// What to type who does not know how a plan is written.
const HELP: &str = "`sortie ctx plan --help` shows what a plan looks like";

impl PlanAgent {
    /// What its bundle's file is to be called.
    fn file_name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.agent_type.as_str())
    }

    fn check(&self, at: usize) -> Result<(), Wrong> {
        let name = self.file_name();
        let is_plain = |c: char| !is_hidden(c) && !"/\\".contains(c);
        let fits = (1..=LONGEST_NAME).contains(&name.len()) && !name.starts_with(['.', '-']);
        if fits && name.chars().all(is_plain) {
            return Ok(());
        }
        let key = if self.name.is_some() { "name" } else { "agent_type" };
        let why = format!("'{}' is no name for a file", name.escape_debug());
        Err(Wrong::value(["agents", &at.to_string(), key], why, HELP))
    }
}

impl PlanFile {
    /// Whether it has agents, and each a name for its file.
    pub(crate) fn check(&self) -> Result<(), Wrong> {
        if self.agents.is_empty() {
            return Err(Wrong::value(["agents"], "it has no agents".to_owned(), HELP));
        }
        self.agents.iter().enumerate().try_for_each(|(at, agent)| agent.check(at))
    }

    /// A name for each agent's file, no two alike, whatever their case.
    pub fn names(&self) -> Vec<String> {
        let mut taken = BTreeSet::from(["shared-context".to_owned()]);
        let mut names = Vec::new();
        for agent in &self.agents {
            let name = agent.file_name();
            let numbered = (2u32..).map(|number| format!("{name}-{number}"));
            let mut free = std::iter::once(name.to_owned()).chain(numbered);
            let free = free.find(|name| taken.insert(name.to_lowercase()));
            names.push(free.expect("some number is free"));
        }
        names
    }
}

//! What is known of each harness: its events, and how it has a command called.

use super::command::shell_word;
use super::fault::InstallFault;
use super::target::Scope;
use crate::error::{Result, nearest};
use serde::Serialize;
use serde_json::{Value, json};

/// A harness that sortie can be told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harness {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex.
    Codex,
    /// Google's Gemini CLI.
    Gemini,
}

/// Something a harness tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// As the harness calls it.
    pub name: &'static str,
    /// What of it is told; without one, all.
    pub matcher: Option<&'static str>,
}

const fn event(name: &'static str, matcher: Option<&'static str>) -> Event {
    Event { name, matcher }
}

/// The tool that spawns agents; `Task` is its older name, and reports differ on which one is matched.
const CLAUDE_SPAWNS: Option<&str> = Some("Task|Agent");
const CLAUDE: &[Event] = &[
    event("PreToolUse", CLAUDE_SPAWNS),
    event("PostToolUse", CLAUDE_SPAWNS),
    event("PostToolUseFailure", CLAUDE_SPAWNS),
    event("SubagentStart", None),
    event("SubagentStop", None),
    // An agent in the background comes back as a prompt.
    event("UserPromptSubmit", None),
    event("SessionStart", Some("compact")),
    event("SessionEnd", None),
];

/// `spawn_agent` also has a namespace, and answers to `Agent`.
const CODEX_SPAWNS: Option<&str> = Some("^(.*spawn_agent|Agent)$");
/// Of an agent that failed only who waits for it is told.
const CODEX_ENDS: Option<&str> =
    Some("^(.*spawn_agent|Agent|multi_agent_v1wait_agent|multi_agent_v1close_agent)$");
const CODEX: &[Event] = &[
    event("PreToolUse", CODEX_SPAWNS),
    event("PostToolUse", CODEX_ENDS),
    event("SubagentStart", None),
    event("SubagentStop", None),
    event("SessionStart", Some("compact")),
    event("SessionEnd", None),
];

/// All agents are one tool now; before, each was a tool of its own name.
const GEMINI_SPAWNS: Option<&str> = Some(
    "^(invoke_agent|delegate_to_agent|codebase_investigator|cli_help|generalist|browser_agent)$",
);
const GEMINI: &[Event] = &[
    event("BeforeTool", GEMINI_SPAWNS),
    event("AfterTool", GEMINI_SPAWNS),
    event("SessionEnd", None),
];

impl std::str::FromStr for Harness {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Harness, String> {
        Harness::find(name).map_err(|error| error.to_string())
    }
}

impl Harness {
    /// All of them.
    pub const ALL: [Harness; 3] = [Harness::ClaudeCode, Harness::Codex, Harness::Gemini];

    /// Harnesses whose way of telling is not known for sure, so that nothing is installed for them.
    pub const UNVERIFIED: [&'static str; 2] = ["cursor", "opencode"];

    /// The one called `name`.
    pub fn find(name: &str) -> Result<Harness> {
        let found = Harness::ALL.into_iter().find(|it| it.name() == name);
        Ok(found.ok_or_else(|| match Harness::UNVERIFIED.contains(&name) {
            true => InstallFault::NotVerified { harness: name.to_owned() },
            false => InstallFault::NoHarness {
                name: name.to_owned(),
                near: nearest(name, Harness::ALL.map(Harness::name)).first().map(|it| (*it).into()),
            },
        })?)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
        }
    }

    /// Its name as people say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
        }
    }

    /// What sortie is told of.
    pub fn events(self) -> &'static [Event] {
        match self {
            Self::ClaudeCode => CLAUDE,
            Self::Codex => CODEX,
            Self::Gemini => GEMINI,
        }
    }

    /// The entry that has `command` called. Five seconds are twenty times what it may take.
    pub fn handler(self, command: &str) -> Value {
        let line = format!("{} hook {}", shell_word(command), self.name());
        match self {
            // With `args` there is no shell in between.
            Self::ClaudeCode => json!({
                "type": "command",
                "command": command,
                "args": ["hook", self.name()],
                "timeout": 5,
            }),
            // It says so, each time, if more is asked for at the end of a session.
            Self::Codex => json!({ "type": "command", "command": line, "timeout": 3 }),
            // Here it is milliseconds.
            Self::Gemini => json!({
                "type": "command",
                "command": line,
                "name": "sortie",
                "timeout": 5000,
            }),
        }
    }

    /// The program that sortie was seen to record, with its version: `tests/clients/harness` has it run.
    pub fn verified(self) -> Option<&'static str> {
        match self {
            Self::ClaudeCode => Some("Claude Code 2.1.330"),
            Self::Codex => Some("codex-cli 0.169"),
            Self::Gemini => Some("gemini-cli 0.61"),
        }
    }

    /// What remains to do when the hooks are in place.
    pub fn next(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Self::ClaudeCode, _) => "start a new session of Claude Code, then: sortie status",
            (Self::Codex, Scope::User) => {
                "trust the hooks with /hooks in codex, which calls none before; then: sortie status codex"
            }
            (Self::Codex, _) => {
                "start codex here, trust the project and, with /hooks, the hooks, for before it calls none; \
                 then: sortie status codex"
            }
            (Self::Gemini, Scope::User) => {
                "start a new session of Gemini CLI, then: sortie status gemini"
            }
            (Self::Gemini, _) => {
                "start gemini here and trust the folder, for before it calls no project's hooks; then: \
                 sortie status gemini"
            }
        }
    }
}

//! Codex CLI: hook events named as Claude Code's, and rollouts. As seen with codex-cli 0.169.
//!
//! Its models have one of two sets of tools for agents. In the first a call is answered with the agent's id and the
//! prompt is plain. In the second the answer is only the task's name, what joins both stands in the caller's
//! rollout, and a prompt comes as ciphertext wherever it is told: then it is not known. `event` reads a hook's event,
//! `rollout` finds and `reading` reads what the harness writes, `call` is what both tell of a spawn.

mod call;
mod event;
mod reading;
mod rollout;
mod thread;

pub use event::{is_told_something, observe};
pub use rollout::read as read_rollout;

/// What Codex itself calls an agent for which no role is named.
const DEFAULT_ROLE: &str = "default";

/// The tool that spawns agents.
const SPAWN: &str = "spawn_agent";

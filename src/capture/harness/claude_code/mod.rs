//! Claude Code: hook events, and transcripts in three layouts.
//!
//! `event` reads a hook's event, `response` and `notice` what a caller got back, `sidecar` the file that joins a call
//! to its agent, `agent` an agent's transcript, `session` the transcript of who spawned it.

mod agent;
mod event;
mod notice;
mod response;
pub mod session;
mod sidecar;

pub use agent::{read as read_agent, session_of};
pub use event::{is_told_something, observe};
pub use sidecar::Sidecar;

/// The tool that spawns agents, and its former name.
const SPAWNING: [&str; 2] = ["Agent", "Task"];

/// An agent that sums up a conversation is nobody's deployment.
pub fn is_compaction(agent_id: &str) -> bool {
    agent_id.starts_with("acompact")
}

//! Gemini CLI: a sub-agent is a tool that is told of before and after it runs. As seen with version 0.61.
//!
//! No event names a call or an agent. An agent's own transcript stands beneath its session's, and begins with the prompt:
//! by that the two are joined, and calls with the same prompt are told apart. `event` reads a hook's event, `chats`
//! the transcripts of a session's agents, `session` that of the session.

mod chats;
mod event;
mod session;

pub use chats::is_of_agent;
pub use event::{is_told_something, observe};
pub use session::{is_session, read as read_session};

/// The tool that runs agents, and those that did before there was one for all of them.
pub const SPAWNING: [&str; 6] = [
    "invoke_agent",
    "delegate_to_agent",
    "codebase_investigator",
    "cli_help",
    "generalist",
    "browser_agent",
];

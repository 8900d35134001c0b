//! What each harness says, and how.

pub mod claude_code;
pub mod codex;
pub mod gemini;

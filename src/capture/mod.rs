//! Capture: what agent harnesses tell of the agents they run, taken into the record without anybody
//! remembering to.
//!
//! A harness tells by hooks while it works ([`hook`]) and in transcripts afterwards ([`import`]). `harness/<name>` knows
//! what each says, as sightings of the history; [`spool`] keeps what could not be recorded at once. What
//! follows for the record is `history`'s.

mod fields;
mod harness;
mod hook;
mod import;
mod keeper;
mod markers;
mod places;
mod recall;
mod spool;
mod status;
mod view;

pub use hook::{Event, Heard, hear};
pub use import::{Import, Imported, ImportedAll, ImportedProject, SkippedTranscript};
pub use places::{HarnessHomes, Told};
pub use spool::{CaughtUp, Losses, catch_up};
pub use status::{Coverage, MissingDeployment, Status};

/// Which harness tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harness {
    ClaudeCode,
    Codex,
    Gemini,
}

impl Harness {
    /// All of them.
    pub const ALL: [Harness; 3] = [Harness::ClaudeCode, Harness::Codex, Harness::Gemini];

    /// Its name on the command line and in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
        }
    }
}

impl std::str::FromStr for Harness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Harness::name);
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| format!("'{text}' is none of {}", known.join(", ")))
    }
}

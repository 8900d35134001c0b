//! The plain data of the library: identifiers, times, records and bundles. No input, no output.

mod bundle;
mod excerpt;
mod execution;
mod hidden;
mod id;
mod markup;
mod output;
mod quantity;
mod session;
mod time;

pub use bundle::{
    BlockReference, Bundle, ContextItem, Dedup, DedupMode, Encoding, ItemType, KeptBriefing,
    Priority, Selection, SharedPart, SharedSource, SkipReason, Skipped,
};
pub use excerpt::Excerpt;
pub use execution::{
    Allocation, CompletionStatus, CompletionVersion, ExecutionRecord, ExecutionStatus,
};
pub use hidden::is_hidden;
pub use id::{BundleId, ExecutionId, InvalidId, LATEST, OutputId, ReportId, SessionId};
pub use markup::html_text;
pub use output::{Deliverable, Gate, GateResult, Output, OutputMetadata, OutputType, Report};
pub use quantity::{
    ByteAmount, Count, Reserve, TokenAmount, grouped, grouped_signed, is_countable,
};
pub use session::{Phase, SessionRecord, SessionStatus};
pub use time::{InvalidTime, Timestamp};

/// A fieldless enum with a fixed word for each variant: the word is its text in JSON, in the
/// database and on the command line.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word for this value in JSON, in the database and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("'{text}' is none of {}", known.join(", "))
                })
            }
        }
    };
}
use words;

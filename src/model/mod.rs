//! The plain data of the library: identifiers, times, records and bundles. No input, no output.

mod agent_type;
mod allowance;
mod bundle;
mod evidence;
mod excerpt;
mod execution;
mod hidden;
mod id;
mod markup;
mod output;
mod quantity;
mod said;
mod session;
mod time;
mod usage;
mod words;

pub use agent_type::{AgentType, InvalidAgentType};
pub use allowance::{Allowance, Allowed};
pub use bundle::{
    BlockReference, Bundle, ContextItem, Dedup, DedupMode, Encoding, ItemType, KeptBriefing,
    Priority, Selection, SharedPart, SharedSource, SkipReason, Skipped,
};
pub use evidence::{
    Attachment, Call, Capture, Delivery, Evidence, Markers, TextRef, TranscriptSeen, Turn,
    Unanswered,
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
pub use said::not_empty;
pub use session::{Phase, SessionRecord, SessionStatus};
pub use time::{InvalidTime, Timestamp};
pub use usage::{Cost, ExecutionUsage, Price, Usage};

pub(crate) use id::is_id;
pub(crate) use quantity::percent;

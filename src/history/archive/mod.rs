//! A history as JSON lines: carried between projects and machines, and kept when it is pruned.
//!
//! `lines` is the format, `export` writes it, `source` reads it. `import` brings it in: `records` holds
//! each record against the one on record (`merge` compares them), without the secrets that recording
//! would have taken out (`cleaning`); `step` writes it. Pruning archives in the same format, so that one
//! command brings back whatever was carried away.

mod cleaning;
mod export;
mod fault;
mod import;
mod imported;
mod lines;
mod merge;
mod records;
mod source;
mod step;

pub use crate::store::{Amounts, Chosen};
pub use export::Exported;
pub use fault::{ArchiveFault, DamagedLine};
pub use imported::{Conflict, Imported};
pub use lines::FORMAT;
#[cfg(feature = "fuzzing")]
pub(crate) use lines::Line;
pub use merge::FieldDifference;
pub use source::{Source, spool};

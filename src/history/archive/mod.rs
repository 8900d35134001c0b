//! A history as JSON lines: carried between projects and machines, and kept when it is pruned.
//!
//! `lines` is the format, `export` writes it, `source` reads it, `merge` compares a record with the one
//! on record, `import` brings records in. Pruning archives in the same format, so that one command
//! brings back whatever was carried away.

mod export;
mod fault;
mod import;
mod lines;
mod merge;
mod source;

pub use crate::store::{Amounts, Chosen};
pub use export::Exported;
pub use fault::{ArchiveFault, DamagedLine};
pub use import::{Conflict, Imported};
pub use lines::FORMAT;
pub use merge::FieldDifference;
pub use source::{Source, spool};

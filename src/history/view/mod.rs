//! How this area's results look: a file a question.

mod archive;
mod database;
mod doctor;
mod records;
mod retention;
mod search;
mod stats;
mod timeline;
mod usage;

pub use records::{ExecutionList, SessionList};
pub use usage::UsageList;

//! How this area's results look: a file a question.

mod records;
mod search;
mod stats;

pub use records::{ExecutionList, SessionList};

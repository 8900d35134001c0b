//! How this area's results look: a file a question.

mod records;
mod search;

pub use records::{ExecutionList, SessionList};

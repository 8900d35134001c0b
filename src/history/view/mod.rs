//! How this area's results look: a file a question.

mod records;

pub use records::{ExecutionList, SessionList};

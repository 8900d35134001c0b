//! How this area's results look: a file a question.

mod records;

mod timeline;

pub use records::{ExecutionList, SessionList};

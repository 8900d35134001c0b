//! How this area's results look: a file a question.

mod records;

pub use records::{OutputList, ReportList};

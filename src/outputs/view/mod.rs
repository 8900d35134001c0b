//! How this area's results look: a file a question.

mod records;

mod diffs;
mod recall;
mod versions;

pub use records::{OutputList, ReportList};

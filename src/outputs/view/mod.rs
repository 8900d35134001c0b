//! How this area's results look: a file a question.

mod diffs;
mod recall;
mod records;
mod versions;

pub use records::{OutputList, ReportList};

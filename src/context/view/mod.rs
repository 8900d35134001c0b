//! How this area's results look.

mod budgets;
mod bundles;
mod lists;
mod planned;
mod plans;
mod sharing;
mod words;

mod checks;
mod diffs;

pub use bundles::BriefingText;
pub use lists::{BundleList, ModelList, TemplateList};

pub(crate) use checks::{checked_blocks, states_in_words};
pub(crate) use diffs::{change_table, changes_in_words};

//! How this area's results look.

mod budgets;
mod bundles;
mod checks;
mod diffs;
mod lists;
mod planned;
mod sharing;
mod validation;
mod words;

pub use bundles::BriefingText;
pub use lists::{BundleList, ModelList, TemplateList};

pub(crate) use checks::{checked_blocks, states_in_words};
pub(crate) use diffs::{change_table, changes_in_words};

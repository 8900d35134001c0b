//! How this area's results look.

mod budgets;
mod bundles;
mod lists;
mod plans;
mod words;

pub use bundles::{BriefingText, SharedView};
pub use lists::{BundleList, ModelList, TemplateList};

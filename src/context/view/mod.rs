//! How this area's results look.

mod budgets;
mod bundles;
mod lists;
mod planned;
mod plans;
mod sharing;
mod words;

pub use lists::{BundleList, ModelList, TemplateList};

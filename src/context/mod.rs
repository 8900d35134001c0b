//! What a deployment is given: selected, read, counted, deduplicated, held against a budget, and
//! kept so that it can be given again.
//!
//! [`Context`] is the handle; its verbs stand in the file of their name: `prepare`, `bounds`,
//! `shared` (deduplication across bundles), `brief` (rendering), `load`, `validate`, `usage`. The way of a
//! bundle is `select` → `walk` → `read` → `draft` (deduplicate, render, count) → `budget` → store.

mod advice;
mod bounds;
mod brief;
mod budget;
mod draft;
mod fault;
mod kind;
mod load;
pub mod models;
mod prepare;
mod read;
mod root;
mod sections;
mod select;
mod shared;
mod tokens;
mod usage;
mod validate;
mod view;
mod walk;

pub use advice::{Action, OverBudget, Step};
pub use bounds::{Bounds, FileShare};
pub use brief::Briefing;
pub use budget::{Budget, BudgetRequest, BudgetStatus};
pub use fault::SelectFault;
pub use load::BundleFault;
pub use prepare::{OnOverBudget, Preparation, Prepared, Request};
pub use root::Root;
pub use select::{Selectors, Wanted};
pub use usage::{Usage, UsageRequest, UsageRow};
pub use validate::{CheckedFile, Dependency, Plan, Validation};
pub use view::{BriefingText, BundleList, ModelList, SharedView, TemplateList};
pub use walk::WalkRules;

use crate::briefing::Library;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::Store;

/// The verbs that prepare, on one project.
pub struct Context<'w> {
    pub(crate) root: &'w Root,
    pub(crate) config: &'w Config,
    pub(crate) store: &'w Store,
    pub(crate) templates: &'w Library,
    pub(crate) now: Timestamp,
}

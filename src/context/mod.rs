//! What a deployment is given: selected, read, counted, deduplicated, held against a budget, and
//! kept so that it can be given again.
//!
//! [`Context`] is the handle; its verbs stand in the file of their name: `validate`, `prepare`, `plan`
//! (several bundles at once), `bounds` and `usage` (budgets), `shared` (deduplication across bundles),
//! `brief` (rendering), `load`, `expand` (files got back from a bundle), `verify` (against the disk),
//! `compare`. The way of a bundle is `select` → `walk` → `read` → `draft` (deduplicate, render, count) →
//! `budget` → store.

mod advice;
mod asked;
mod attempt;
mod blocks;
mod bounds;
mod brief;
mod budget;
mod compare;
mod counted;
mod decode;
mod dedup;
mod draft;
mod expand;
mod facts;
mod fault;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzed;
mod guard;
mod kind;
mod load;
pub mod models;
mod names;
mod plan;
mod plan_file;
mod prefix;
mod prepare;
mod progress;
mod read;
mod references;
mod repeat;
mod root;
mod sections;
mod select;
mod sent;
mod shared;
mod tally;
mod texts;
mod tokens;
mod told;
mod trace;
mod usage;
mod validate;
mod verify;
mod view;
mod walk;

pub use advice::{Action, OverBudget, Step};
pub use asked::Asked;
pub use bounds::{Bounds, FileShare};
pub use brief::Briefing;
pub use budget::{Budget, BudgetRequest, BudgetStatus, count_text};
pub use compare::{BundleDiff, Change, ItemChange, ItemChanges, Part, Property, compare};
pub use expand::{ExpandFault, Expanded};
pub use fault::SelectFault;
pub use guard::{SecretFault, Suspect, listed};
pub use load::BundleFault;
pub use plan::{OverAgent, OverPlan, PlanOptions, Planned, PlannedAgent, Planning};
pub use plan_file::{PlanAgent, PlanFile};
pub use prefix::Billed;
pub use prepare::{OnOverBudget, Preparation, Prepared, Request};
pub use progress::{Progress, Task, Unheard};
pub use root::{Hashed, Refusal, Root};
pub use select::{Selectors, Wanted};
pub use shared::{Sharing, SharingRow};
pub use usage::{Usage, UsageRequest, UsageRow};
pub use validate::{CheckedFile, Dependency, Plan, Validation};
pub use verify::{BundleCheck, CheckedItem, DiskState};
pub use view::{BriefingText, BundleList, ModelList, TemplateList};
pub use walk::WalkRules;

pub(crate) use view::{change_table, changes_in_words, checked_blocks, states_in_words};

use crate::briefing::Library;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::{Cache, Store};
use std::sync::Arc;

/// The verbs that prepare, on one project.
pub struct Context<'w> {
    pub(crate) root: &'w Root,
    pub(crate) config: &'w Config,
    pub(crate) store: &'w Store,
    pub(crate) cache: &'w Arc<Cache>,
    pub(crate) templates: &'w Library,
    pub(crate) progress: &'w dyn Progress,
    pub(crate) now: Timestamp,
}

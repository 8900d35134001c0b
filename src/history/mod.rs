//! The record: sessions, deployments, completions. Written so that a retry changes nothing and a
//! contradiction is refused with both sides shown.
//!
//! [`History`] is the handle. What writes: `sessions`, `deployments`, `completions`, `collected` (outputs
//! on record). What reads: `query`, `latest`, `search`, `stats` (with `proportion`), `timeline`, `usage`. What
//! carries away and brings back: `archive` (export, import), `retention` (pruning).

mod archive;
mod captured;
mod collected;
mod completions;
mod database;
mod deployments;
mod doctor;
mod fault;
mod latest;
mod proportion;
mod query;
mod redaction;
mod retention;
mod search;
mod sessions;
mod stats;
mod timeline;
mod usage;
mod view;
mod written;

pub use crate::store::{
    ExecutionFilter, Hit, Messages, Place, Property, SearchFilter, SessionFilter, StatsFilter,
};
#[cfg(feature = "fuzzing")]
pub(crate) use archive::Line;
pub use archive::{
    Amounts, ArchiveFault, Chosen, Conflict, DamagedLine, Exported, FORMAT, FieldDifference,
    Imported, Source, spool,
};
pub use captured::{
    CaptureDetail, CapturedTurn, Injected, LostPart, Observation, Observed, Sighting, Texts,
};
pub use collected::Collected;
pub use completions::{Completed, Completion, Recorded};
pub use database::{DatabaseFault, DatabasePath, Upgrade};
pub use deployments::{Deployment, Given, allocations_of};
pub use fault::{Difference, HistoryFault};
pub use query::{ExecutionDetail, SessionDetail};
pub use redaction::taken_out;
pub use retention::{Going, Kept, Pruned, Retention, RetentionFault, RetentionPlan};
pub use search::{Matched, Search};
pub use sessions::NewSession;
pub use stats::{Figures, Group, Share, SourceGroup, SourceStats, Stats, StatsBy, Telling};
pub use timeline::{IdleGap, Run, Timeline};
pub use usage::{UsageSummary, UsedExecution};
pub use view::{ExecutionList, SessionList, UsageList};
pub use written::Written;

pub(crate) use redaction::Stored;
pub(crate) use timeline::most_at_once;

use crate::config::Config;
use crate::model::Timestamp;
use crate::store::Store;

/// The verbs of the record, on one project.
pub struct History<'w> {
    pub(crate) store: &'w Store,
    pub(crate) now: Timestamp,
    pub(crate) stored: Stored<'w>,
    pub(crate) config: &'w Config,
}

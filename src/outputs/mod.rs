//! What came back from deployments: collected, checked, and brought together in a report.
//!
//! [`Outputs`] is the handle; its verbs stand in `collect`, `verify`, `versions` (one file's history),
//! `compare`, `recall` and `synthesize`. `gather` reads a session for them. [`SynthesisContext`] is the
//! serializable data of a report, the same for its JSON and for its template: `build` makes it, with
//! `totals`, `charts`, `previous` and `recommend`.

mod build;
mod charts;
mod collect;
mod compare;
mod context;
mod gather;
mod look;
mod message;
mod pictures;
mod previous;
mod recall;
mod recommend;
mod synthesize;
mod totals;
mod verify;
mod versions;
mod view;

pub use crate::history::Collected;
pub use crate::store::OutputFilter;
pub use collect::Collection;
pub use compare::{DeliverableChange, DeploymentDiff, GateChange, OutputsDiff, TextChange};
pub use context::{
    AgentRow, ChangeTotals, ContextUse, CoverageRow, DeliverableRow, Delta, ErrorGroup, GateRow,
    InsightRow, Moment, Previous, Summary, SynthesisContext,
};
pub use look::DeliverableFault;
pub use message::{MessageDiff, MessageLine};
pub use pictures::{
    Charts, GateCell, GateGrid, GateGridRow, SavingsChart, Tick, TimelineBar, TimelineChart,
    TokenBar, TokenChart,
};
pub use recall::{Recall, RecalledNote, RecalledRun};
pub use synthesize::{ReportFault, Synthesis, Unrecorded, html_template};
pub use verify::{DeliverableState, Verdict, Verification};
pub use versions::{DeliverableHistory, DeliverableVersion, OnDisk, UnknownDeliverable};
pub use view::{OutputList, ReportList};

use crate::briefing::Library;
use crate::context::Root;
use crate::error::Result;
use crate::git::WorkTree;
use crate::history::History;
use crate::model::{Output, Timestamp};
use crate::store::{Page, Store};

/// The verbs for what came back, on one project.
pub struct Outputs<'w> {
    pub(crate) root: &'w Root,
    pub(crate) git: Option<&'w WorkTree>,
    pub(crate) store: &'w Store,
    pub(crate) history: History<'w>,
    pub(crate) templates: &'w Library,
    pub(crate) now: Timestamp,
    /// Whether what lies outside of the project may be looked at.
    pub(crate) outside: bool,
}

impl<'w> Outputs<'w> {
    /// The same, but that files outside of the project are looked at too, if `outside`.
    pub fn outside(self, outside: bool) -> Self {
        Outputs { outside, ..self }
    }

    /// The same, storing texts as they come if `keep` says so.
    pub fn keeping_secrets(self, keep: bool) -> Outputs<'w> {
        Outputs { history: self.history.keeping_secrets(keep), ..self }
    }

    /// Collected outputs, newest first.
    pub fn query(&self, filter: &OutputFilter) -> Result<Page<Output>> {
        Page::of(filter.limit, |limit| {
            self.store.read(|r| r.outputs(&OutputFilter { limit, ..filter.clone() }))
        })
    }
}

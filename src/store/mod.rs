//! The history database: the only files with SQL, and the only ones that know the driver.
//!
//! [`Store`] opens it and runs a closure in one transaction, a [`Reader`] or a [`Writer`]; the verbs
//! on them stand with their table family. What follows about durability was measured; see the
//! design notes in `references/architecture.md` before changing a pragma.

mod about;
mod archive;
mod backup;
mod best;
mod bundles;
mod cache;
mod captures;
mod care;
mod columns;
mod concern;
pub mod content;
mod copy;
mod doctor;
mod executions;
mod fault;
pub mod file;
mod filesystem;
mod filter;
mod ledger;
mod mark;
mod migrate;
mod names;
mod open;
mod outputs;
mod page;
mod rank;
mod reports;
mod retention;
mod seal;
mod search;
mod sessions;
mod stats;
#[cfg(test)]
mod steps_tests;
mod subjects;
mod transcripts;

pub use about::{DatabaseFacts, Done, TableRows};
pub use archive::{BriefingRow, Chosen, Series};
pub use backup::{BackedUp, BackupFault, Restored};
pub use best::Words;
pub use bundles::{BundleRow, GIVEN};
pub use cache::{Cache, Stamp};
pub use captures::CapturedBy;
pub use concern::Concern;
pub use content::PackedContents;
pub use doctor::{Checkup, Finding, Found, Lost, Repair, Salvaged};
pub use executions::{ExecutionFilter, Messages, PhaseTokens};
pub use fault::StoreFault;
pub use mark::Recorded;
pub use migrate::{Migrated, SCHEMA};
pub use names::{NameFault, Named};
pub use open::{HOME, Reader, Store, Writer};
pub use outputs::OutputFilter;
pub use page::{Listed, Page, PageRequest};
pub use retention::{Amounts, SessionFacts, Space};
pub use search::{Hit, Place, SearchFilter};
pub use sessions::SessionFilter;
pub use stats::{ContextTally, ModelUsage, Property, SourceTally, StatsFilter, Tally};
pub use subjects::SubjectState;
pub use transcripts::ReadTo;

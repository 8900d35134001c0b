//! Capture: what agent harnesses tell of the agents they run, taken into the record without anybody
//! remembering to.
//!
//! A harness tells by hooks while it works ([`hear`]) and in transcripts afterwards ([`Import`]). `harness/<name>`
//! knows what each says, as sightings of the history; `spool` keeps what could not be recorded at once
//! ([`catch_up`] takes it in). What follows for the record is `history`'s. [`install`] writes sortie's hooks into a
//! harness's settings, and takes them out again; [`Status`] tells what is in place and what is missing.

mod again;
mod awaited;
mod fields;
mod harness;
mod hook;
mod import;
pub mod install;
mod keeper;
mod markers;
mod places;
mod recall;
mod spool;
mod status;
mod transcript;
mod view;

pub use again::look_again;
pub use hook::{Event, Heard, hear};
pub use import::{Import, Imported, ImportedAll, ImportedProject, SkippedTranscript};
pub use install::Harness;
pub use places::{HarnessHomes, Told};
pub use spool::{CaughtUp, Losses, catch_up};
pub use status::{Coverage, MissingDeployment, Status};

//! What harnesses tell of deployments, and the record that follows from it.
//!
//! A [`Sighting`] says one thing of one deployment. `observe` adds it to what is known (`model::Evidence`) and
//! writes the execution that follows: `settle` says what follows (`turns`, of each turn), `join` which two halves are one deployment,
//! `write` brings the record to it, `sessions` says in which session it is. What follows depends on what was told, never on the order.

mod join;
mod observe;
mod seen;
mod sessions;
mod settle;
mod turns;
mod write;

pub use observe::{Observation, Observed, Sighting, Texts};
pub use seen::{CaptureDetail, CapturedTurn, Injected, LostPart};

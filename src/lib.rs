//! Prepares, briefs, records and synthesizes the work of one-shot agents.
//!
//! A harness hands work to an agent in one message and gets one message back; nothing in between
//! can be seen. `sortie` keeps both ends: the context that was prepared, counted and handed over,
//! and what came back.
//!
//! [`Workspace`] is an opened project. Its handles do single steps: [`Workspace::context`] before,
//! [`Workspace::history`] for the record, [`Workspace::outputs`] after. [`Session`] and
//! [`Execution`] go through all of it in five phases; `references/api_guide.md` is the walk-through:
#![doc = include_str!("../references/api_guide.md")]
// Let out of it are the files that `tests/suite/crates.rs` names.
#![deny(unsafe_code)]

pub mod briefing;
pub mod capture;
pub mod config;
pub mod context;
pub mod error;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod git;
pub mod history;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod model;
pub mod outputs;
pub mod render;
pub mod secrets;
pub mod session;
pub mod store;
pub mod workspace;

#[cfg(feature = "otlp")]
pub mod otlp;

pub use error::{Error, Kind, Result};
pub use model::Bundle;
pub use session::{Execution, Session};
pub use workspace::Workspace;

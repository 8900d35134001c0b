//! Prepares, briefs, records and synthesizes the work of one-shot agents.

pub mod briefing;
pub mod config;
pub mod context;
pub mod error;
mod git;
pub mod history;
pub mod model;
pub mod outputs;
pub mod store;

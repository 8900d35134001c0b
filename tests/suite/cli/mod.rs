//! The verbs as users type them.

mod archive;
mod backup;
mod compare;
mod ctx;
mod doctor;
mod imported_secrets;
mod install;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(feature = "otlp")]
mod otlp;
mod outgoing;
mod outputs;
mod outside;
mod pages;
#[cfg(unix)]
mod paths;
mod places;
mod prune;
mod prunings;
mod recall;
mod reports;
mod search;
mod secrets;
mod setup;
mod stats;
mod stray;
mod track;
mod types;

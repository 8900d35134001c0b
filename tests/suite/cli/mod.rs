//! The verbs as users type them.

mod archive;
mod backup;
mod compare;
mod ctx;
mod doctor;
#[cfg(feature = "otlp")]
mod otlp;
mod outputs;
mod outside;
mod pages;
#[cfg(unix)]
mod paths;
mod prune;
mod prunings;
mod recall;
mod reports;
mod search;
mod secrets;
mod setup;
mod stats;
mod track;

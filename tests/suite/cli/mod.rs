//! The verbs as users type them.

mod archive;
mod compare;
mod ctx;
mod outputs;
mod pages;
mod prune;
mod recall;
mod reports;
mod search;
mod secrets;
mod setup;
mod stats;
mod track;

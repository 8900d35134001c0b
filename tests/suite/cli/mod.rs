//! The verbs as users type them.

mod archive;
mod ctx;
mod outputs;
mod pages;
mod prune;
mod reports;
mod search;
mod setup;
mod stats;
mod track;

mod compare;
mod recall;

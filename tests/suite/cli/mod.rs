//! The verbs as users type them.

mod ctx;
mod outputs;
mod pages;
mod search;
mod setup;
mod stats;
mod track;

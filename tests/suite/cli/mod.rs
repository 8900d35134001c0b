//! The verbs as users type them.

mod ctx;
mod outputs;
mod reports;
mod setup;
mod track;

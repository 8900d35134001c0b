//! The verbs as users type them.

mod ctx;
mod outputs;
mod pages;
mod setup;
mod track;

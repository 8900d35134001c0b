//! The verbs as users type them.

mod archive;
mod ctx;
mod outputs;
mod prune;
mod setup;
mod track;

mod compare;
mod recall;

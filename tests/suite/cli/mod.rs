//! The verbs as users type them.

mod ctx;
mod outputs;
mod setup;
mod track;

mod compare;
mod recall;

//! What comes in from elsewhere, through the real program and the real store: nothing of it gets
//! where it should not.

mod bundles;
mod inputs;
mod search;
mod terminal;

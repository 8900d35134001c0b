//! What a harness tells of its agents, and how it is made to tell.
//!
//! [`install`] writes sortie's hooks into a harness's own settings, and takes them out again.

pub mod install;

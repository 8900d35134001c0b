//! Puts sortie's hooks into a harness's settings, and takes them out again.
//!
//! A settings file is somebody else's: everything in it but our own entries stays as it is, byte for
//! byte where that can be. `spans` finds the places in the text, `edit` changes the text there, `hooks`
//! and `server` say what is to stand where, `target` is the file, `write` puts it in its place. `plan`
//! looks at all files before it has any written, so that nothing is half installed. [`installed`] tells
//! what is in place.

mod command;
mod draft;
mod edit;
mod fault;
mod harness;
mod hooks;
mod installation;
mod installed;
mod ours;
mod plan;
mod restore;
mod server;
mod skill;
mod spans;
mod surroundings;
mod target;
#[cfg(test)]
mod tests;
mod trust;
mod view;
mod write;

pub use fault::InstallFault;
pub use harness::{Event, Harness};
pub use hooks::hooks_object;
pub use installation::{Action, FileChange, Installation};
pub use installed::{Installed, Program, installed};
pub use plan::{Request, install, uninstall};
pub use skill::SKILL;
pub use surroundings::Surroundings;
pub use target::Scope;

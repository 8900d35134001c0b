//! Opening files that somebody else may have laid: beneath a directory and nowhere else, regular
//! files only, and read whole or not at all.
//!
//! [`Beneath`] is a directory held open; what it opens lies in it, by whatever race. [`Opened`] is a
//! regular file, read between two looks at it that must agree. [`Folder`] is a directory that new files are
//! written into. [`Trouble`] is why not. What such a
//! refusal means is for the areas to say.

mod beneath;
mod dirs;
mod folder;
mod ignore_files;
mod named;
mod opened;
#[cfg(all(test, unix))]
mod tests;
mod trouble;

pub use beneath::Beneath;
pub use dirs::{make_dir, sync_dir};
pub use folder::Folder;
pub use ignore_files::unusable_ignore_file;
pub use named::{open_named, read_named};
pub use opened::{Opened, patiently};
pub use trouble::{Trouble, kind_of};

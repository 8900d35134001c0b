//! What goes on while much is read and counted, told to whoever listens.

use std::fmt;

/// A part of the work that takes long with much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Files are read, or found to be as they were.
    Read,
    /// Texts are counted.
    Count,
    /// Texts that the history lacks are compressed and written.
    Keep,
}

/// Listens to the work. Tasks come one after the other; their files are told from several threads.
pub trait Progress: Send + Sync {
    /// A task begins, of so many files. How many bytes they have is not always known.
    fn begin(&self, task: Task, files: u64, bytes: Option<u64>);
    /// One file of so many bytes is done.
    fn advance(&self, bytes: u64);
    /// The task is done, or was given up.
    fn end(&self);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unheard;

impl Progress for Unheard {
    fn begin(&self, _: Task, _: u64, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

impl fmt::Debug for dyn Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dyn Progress")
    }
}

/// A task that is under way; it ends when this goes.
pub(super) struct Running<'p>(&'p dyn Progress);

impl<'p> Running<'p> {
    pub fn begin(
        progress: &'p dyn Progress,
        task: Task,
        files: usize,
        bytes: Option<u64>,
    ) -> Running<'p> {
        progress.begin(task, files as u64, bytes);
        Running(progress)
    }

    pub fn advance(&self, bytes: u64) {
        self.0.advance(bytes);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

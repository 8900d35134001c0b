//! Whether something was recorded, or had been.

/// Whether a record was written, or was there already just so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is on record now.
    New,
    /// The very same was on record; nothing was changed.
    Already,
}

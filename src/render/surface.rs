//! What a result is shown on.

use crate::model::Timestamp;

/// How wide and how colourful a terminal is, and what its time is.
#[derive(Debug, Clone, Copy)]
pub struct Surface {
    /// Columns; `None` does not wrap.
    pub width: Option<u16>,
    /// Whether it shows colours.
    pub colour: bool,
    /// The time to count ages from; `None` tells no ages, for what is kept or compared.
    pub now: Option<Timestamp>,
}

impl Surface {
    /// Text without width, colours or ages: the same wherever it goes.
    pub const PLAIN: Surface = Surface { width: None, colour: false, now: None };
}

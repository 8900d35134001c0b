//! A bundle on its way: what was read for it, and what it would be.

use super::budget::Budget;
use super::draft::{self, Measured};
use super::models::Model;
use super::read::Loaded;
use super::texts::Texts;
use super::trace::Seen;
use crate::briefing::Template;
use crate::error::Result;
use crate::model::{Bundle, Skipped};

/// What a request is counted with, and held against.
pub(super) struct Frame {
    pub model: Model,
    pub budget: Budget,
    pub template: Template,
}

/// Texts that were read for a request, and what they are counted with.
pub(super) struct Material {
    pub model: Model,
    pub budget: Budget,
    pub template: Template,
    pub loaded: Vec<Loaded>,
    pub texts: Texts,
    pub skipped: Vec<Skipped>,
    /// What the selection follows from.
    pub seen: Vec<Seen>,
}

/// A bundle as it would be, measured.
pub(super) struct Attempt {
    pub bundle: Bundle,
    pub measured: Measured,
}

impl Attempt {
    /// The bundle with its counts and names.
    pub fn sealed(self, material: &Material) -> Result<Bundle> {
        let Attempt { mut bundle, measured } = self;
        draft::fill_counts(&mut bundle, &measured, &material.template);
        draft::seal(&mut bundle)?;
        Ok(bundle)
    }

    /// By how many tokens the upper end is over the budget.
    pub fn over_by(&self) -> u64 {
        self.measured.total().upper.saturating_sub(self.bundle.budget)
    }
}

//! A bundle on its way: what was read for it, and what it would be.

use super::budget::Budget;
use super::draft::{self, Measured, Texts};
use super::models::Model;
use super::read::Loaded;
use crate::briefing::Template;
use crate::error::Result;
use crate::model::{Bundle, Skipped};

/// Texts that were read for a request, and what they are counted with.
pub(super) struct Material {
    pub model: Model,
    pub budget: Budget,
    pub template: Template,
    pub loaded: Vec<Loaded>,
    pub skipped: Vec<Skipped>,
}

/// A bundle as it would be, measured.
pub(super) struct Attempt {
    pub bundle: Bundle,
    pub texts: Texts,
    pub measured: Measured,
}

impl Attempt {
    /// The bundle with its counts and names, and its texts.
    pub fn sealed(self, material: &Material) -> Result<(Bundle, Texts)> {
        let Attempt { mut bundle, texts, measured } = self;
        draft::fill_counts(&mut bundle, &measured, &material.template);
        draft::seal(&mut bundle)?;
        Ok((bundle, texts))
    }

    /// By how many tokens the upper end is over the budget.
    pub fn over_by(&self) -> u64 {
        self.measured.total().upper.saturating_sub(self.bundle.budget)
    }
}

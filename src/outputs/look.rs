//! Deliverables as they are on disk: opened as everything of the project is, and nothing outside of it
//! unless that is asked for.

use super::Outputs;
use crate::context::{Hashed, Refusal};
use crate::error::{Error, Fault, Kind, Result};
use crate::files::{Trouble, open_named, patiently};
use crate::model::SkipReason;
use std::path::Path;

/// What stands at a path.
pub(super) struct Found {
    pub exists: bool,
    /// Of a regular file that can be read.
    pub hashed: Option<Hashed>,
}

impl Outputs<'_> {
    /// What stands at an absolute path now.
    pub(super) fn found(&self, absolute: &Path) -> Result<Found> {
        let hashed = self.root.find_any(absolute).and_then(|found| self.root.hash(&found));
        let fault = |refusal: Refusal| DeliverableFault {
            path: self.root.name(absolute),
            reason: refusal.reason,
            by_link: refusal.detail.is_some(),
        };
        match hashed {
            Ok(hashed) => Ok(Found { exists: true, hashed: Some(hashed) }),
            Err(refusal) => match refusal.reason {
                SkipReason::OutsideRoot if self.outside => found_outside(absolute)
                    .map_err(|_| fault(Refusal::new(SkipReason::Changed, None)).into()),
                SkipReason::OutsideRoot | SkipReason::Changed => Err(fault(refusal).into()),
                _ => Ok(Found { exists: absolute.exists(), hashed: None }),
            },
        }
    }
}

fn found_outside(absolute: &Path) -> Result<Found, Trouble> {
    let hash = || Hashed::of(&mut open_named(absolute)?);
    match patiently(hash, Trouble::may_pass) {
        Ok(hashed) => Ok(Found { exists: true, hashed: Some(hashed) }),
        Err(Trouble::Changed) => Err(Trouble::Changed),
        Err(_) => Ok(Found { exists: absolute.exists(), hashed: None }),
    }
}

/// Whether that is all that was wrong.
pub(super) fn is_outside(error: &Error) -> bool {
    error.downcast_ref::<DeliverableFault>().is_some_and(DeliverableFault::is_outside)
}

/// A deliverable that is not looked at.
#[derive(Debug, thiserror::Error)]
#[error("cannot look at '{}': {}", path.escape_debug(), self.told())]
pub struct DeliverableFault {
    path: String,
    /// Outside of the project, or being written.
    pub reason: SkipReason,
    by_link: bool,
}

impl DeliverableFault {
    fn told(&self) -> &'static str {
        match (self.reason, self.by_link) {
            (SkipReason::Changed, _) => "somebody is writing it",
            (_, true) => "it is a link out of the project",
            (_, false) => "it is outside the project",
        }
    }

    /// Whether it lies outside of the project.
    fn is_outside(&self) -> bool {
        self.reason == SkipReason::OutsideRoot
    }
}

impl Fault for DeliverableFault {
    fn kind(&self) -> Kind {
        match self.is_outside() {
            true => Kind::Usage,
            false => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self.is_outside() {
            true => {
                "nothing was recorded; `sortie outputs collect --outside` takes such files".into()
            }
            false => "nothing was recorded; run it again when it is written".into(),
        })
    }
}

//! What was installed or removed.

use super::harness::Harness;
use super::target::Scope;
use serde::Serialize;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was not there.
    Created,
    /// Something of it is different now.
    Changed,
    /// It was as it should be.
    Unchanged,
    /// Nothing but ours was in it.
    Removed,
}

impl Action {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }
}

/// One file, and what was done to it.
#[derive(Debug, Clone, Serialize)]
pub struct FileChange {
    /// From the project's root, if it lies in there.
    pub path: String,
    pub action: Action,
    /// Where the file as it was is kept.
    pub backup: Option<String>,
    /// What changed, as a unified diff; empty if nothing did.
    pub diff: String,
}

/// What was installed or removed, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Installation {
    pub harness: Harness,
    pub scope: Scope,
    /// Whether it was taken out.
    pub uninstalled: bool,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// What the settings call sortie by; none if it was taken out.
    pub command: Option<String>,
    /// The file that this leads to.
    pub program: Option<String>,
    pub files: Vec<FileChange>,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
    /// What is to be done next.
    pub next: Option<String>,
}

impl Installation {
    /// Whether any file is different for it.
    pub fn changes(&self) -> bool {
        self.files.iter().any(|it| it.action != Action::Unchanged)
    }
}

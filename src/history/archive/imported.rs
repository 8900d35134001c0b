//! What comes of an import.

use super::merge::FieldDifference;
use crate::secrets::Finding;
use crate::store::Amounts;
use serde::Serialize;

/// A record that is on record with other values.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    /// Where it stands in the file.
    pub line: u64,
    /// What it is: `session`, `execution`, …
    pub record: &'static str,
    pub id: String,
    pub differences: Vec<FieldDifference>,
}

/// What came of an import.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Imported {
    /// What the file is called.
    pub file: String,
    /// All that the file holds.
    pub read: Amounts,
    /// What was not on record.
    pub new: Amounts,
    /// What had gone on since it was recorded here, and was carried forward.
    pub updated: Amounts,
    /// Records that are here with other values; nothing of them was changed.
    pub conflicts: Vec<Conflict>,
    /// Records that belong to those, and were left out with them.
    pub left_out: u64,
    /// Secrets that were taken out of what was brought in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<Finding>,
    /// Bundles and briefings that were brought in with secrets: they are named by what they hold.
    pub with_secrets: u64,
}

impl Imported {
    /// Whether all of it was on record just so, or further on.
    pub fn changed_nothing(&self) -> bool {
        let nothing = Amounts::default();
        self.new == nothing && self.updated == nothing && self.conflicts.is_empty()
    }
}

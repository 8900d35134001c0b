//! What a check-up found.

use super::super::mark::Recorded;
use serde::Serialize;
use std::path::PathBuf;

/// A database as it was found.
#[derive(Debug, Clone, Serialize)]
pub struct Checkup {
    pub path: PathBuf,
    pub schema: u32,
    /// Whether nothing is wrong with it, and nothing missing.
    pub sound: bool,
    /// Rows whose checksum was compared.
    pub rows: u64,
    /// Rows from before there were checksums.
    pub unsealed: u64,
    /// How many of those have got one now.
    pub sealed_now: u64,
    /// Contents that were unpacked and held against their hash.
    pub contents: u64,
    /// What was acknowledged and is not there.
    pub missing: Recorded,
    /// What is damaged.
    pub findings: Vec<Finding>,
    /// The network file system it lies on, if it does.
    pub network: Option<&'static str>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub found: Found,
    /// The table it is in, if that is known.
    pub table: Option<String>,
    /// What names the row.
    pub id: Option<String>,
    pub detail: String,
}

/// Kinds of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It is no database.
    File,
    /// Its pages do not hang together.
    Structure,
    /// A row that cannot be read any more.
    LostRow,
    /// A row that is not what was recorded.
    ChangedRow,
    /// A content that does not match its hash.
    ChangedContent,
    /// A row that refers to what is not there.
    Reference,
}

impl Checkup {
    /// Whether any page, row or content is damaged.
    pub fn is_damaged(&self) -> bool {
        !self.findings.is_empty()
    }

    pub(super) fn find(
        &mut self,
        found: Found,
        table: Option<&str>,
        id: Option<String>,
        detail: String,
    ) {
        let table = table.map(str::to_owned);
        self.findings.push(Finding { found, table, id, detail });
    }
}

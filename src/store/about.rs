//! What there is to say of the database itself: where it is, how large, of which schema.

use super::fault::StoreFault;
use super::migrate::{SCHEMA, version_of};
use super::open::{Store, beside, locate, look};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use std::path::PathBuf;

/// A database as it is.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseFacts {
    pub path: PathBuf,
    /// Length of its file in bytes.
    pub bytes: u64,
    /// Length of the write-ahead log, which is part of it.
    pub log_bytes: u64,
    /// Bytes in it that are free for what is recorded next.
    pub free_bytes: u64,
    pub schema: u32,
    /// The schema that this program writes.
    pub known_schema: u32,
    /// The version of SQLite that this program brings along.
    pub sqlite: &'static str,
    pub journal_mode: String,
    pub tables: Vec<TableRows>,
    /// When a backup of it was last made, and where.
    pub last_backup: Option<Done>,
    /// When `sortie doctor` last looked at it, and what it found.
    pub last_check: Option<Done>,
}

/// How many rows a table has.
#[derive(Debug, Clone, Serialize)]
pub struct TableRows {
    pub table: String,
    pub rows: u64,
}

/// Something that was done for the database.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    pub at: Timestamp,
    pub detail: String,
}

/// Tables of records, in the order of what needs what.
pub(super) const TABLES: [&str; 17] = [
    "contents",
    "bundles",
    "manifests",
    "bundle_contents",
    "briefings",
    "sessions",
    "agent_executions",
    "completion_versions",
    "context_allocations",
    "outputs",
    "reports",
    "captures",
    "capture_contents",
    "harness_sessions",
    "usages",
    "transcripts",
    "forgotten_sessions",
];

impl Store {
    /// What there is to say of the database, if there is one. Changes nothing, not even the schema.
    pub fn facts(&self) -> Result<Option<DatabaseFacts>> {
        if !self.exists() {
            return Ok(None);
        }
        let path = self.path();
        let look = || {
            let conn = look(path)?;
            let tx = rusqlite::Transaction::new_unchecked(
                &conn,
                rusqlite::TransactionBehavior::Deferred,
            )?;
            self.facts_of(&tx)
        };
        look().map(Some).map_err(|error: Error| locate(error, path))
    }

    fn facts_of(&self, conn: &Connection) -> Result<DatabaseFacts> {
        let path = self.path();
        let schema = version_of(conn, path)? as u32;
        if schema == 0 {
            return Err(StoreFault::Unused { path: path.to_owned() }.into());
        }
        let length = |path: PathBuf| path.metadata().map_or(0, |found| found.len());
        let number = |sql| conn.query_row(sql, [], |row| row.get::<_, u64>(0));
        let free = number("PRAGMA freelist_count")? * number("PRAGMA page_size")?;
        Ok(DatabaseFacts {
            path: path.to_owned(),
            bytes: length(path.to_owned()),
            log_bytes: length(beside(path, "-wal")),
            free_bytes: free,
            schema,
            known_schema: SCHEMA,
            sqlite: rusqlite::version(),
            journal_mode: conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?,
            tables: rows_by_table(conn)?,
            last_backup: last_done(conn, schema, "backup")?,
            last_check: last_done(conn, schema, "check")?,
        })
    }
}

fn rows_by_table(conn: &Connection) -> Result<Vec<TableRows>> {
    let mut tables = Vec::new();
    for table in TABLES {
        let is_there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        if conn.prepare(is_there)?.exists([table])? {
            let count = format!("SELECT count(*) FROM {table}");
            let rows = conn.query_row(&count, [], |row| row.get(0))?;
            tables.push(TableRows { table: table.to_owned(), rows });
        }
    }
    Ok(tables)
}

/// The first schema that has the table.
const CARE_SINCE: u32 = 5;

fn last_done(conn: &Connection, schema: u32, what: &str) -> Result<Option<Done>> {
    if schema < CARE_SINCE {
        return Ok(None);
    }
    let sql = "SELECT at, detail FROM care WHERE what = ?1 ORDER BY seq DESC LIMIT 1";
    let done = |row: &rusqlite::Row<'_>| Ok(Done { at: row.get(0)?, detail: row.get(1)? });
    Ok(conn.query_row(sql, [what], done).optional()?)
}

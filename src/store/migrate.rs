//! The schema's history, forward only: each step once, in order, whoever comes first.

use super::copy;
use super::fault::StoreFault;
use super::open::sync_names;
use crate::error::Result;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Marks a database as sortie's: “srti” in ASCII.
const APPLICATION_ID: i64 = 0x7372_7469;

/// Every step ever released, in order; the schema's version is how many have run.
const MIGRATIONS: &[&str] = &[
    include_str!("../../assets/migrations/0001_initial.sql"),
    include_str!("../../assets/migrations/0002_search.sql"),
    include_str!("../../assets/migrations/0003_manifests.sql"),
    include_str!("../../assets/migrations/0004_questions.sql"),
    include_str!("../../assets/migrations/0005_care.sql"),
    include_str!("../../assets/migrations/0006_capture.sql"),
    include_str!("../../assets/migrations/0007_forgotten.sql"),
];

/// The schema that this program writes.
pub const SCHEMA: u32 = MIGRATIONS.len() as u32;

/// A schema that was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The schema before.
    pub from: u32,
    /// The schema now.
    pub to: u32,
    /// The history as it was before.
    pub backup: Option<PathBuf>,
}

/// Brings the schema up to date; refuses a newer or a foreign database untouched. What was recorded is
/// kept as it was in a file beside it: there is no other way back to an older sortie.
pub(super) fn migrate(conn: &Connection, path: &Path) -> Result<Option<Migrated>> {
    run(conn, path, conn.path().is_some_and(|file| !file.is_empty()))
}

/// The same of a copy: what it is a copy of is kept elsewhere.
pub(super) fn migrate_alone(conn: &Connection, path: &Path) -> Result<()> {
    run(conn, path, false).map(drop)
}

fn run(conn: &Connection, path: &Path, is_history: bool) -> Result<Option<Migrated>> {
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    // Another process may have migrated since the look above.
    let version = version_of(&tx, path)?;
    if version == MIGRATIONS.len() {
        return Ok(None);
    }
    let kept = match is_history && version > 0 {
        true => Some(keep_before(path)?),
        false => None,
    };
    for step in &MIGRATIONS[version..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    if is_history {
        // Whoever made the files may not have come to it; whoever records next relies on it.
        sync_names(path)?;
    }
    tx.commit()?;
    let backup = kept.map(Kept::stays);
    Ok((version > 0).then_some(Migrated { from: version as u32, to: SCHEMA, backup }))
}

/// A backup that goes if what it was made for does not come about.
struct Kept(PathBuf);

impl Kept {
    fn stays(self) -> PathBuf {
        let path = self.0.clone();
        std::mem::forget(self);
        path
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Copies what is committed, while this process holds the database for writing.
fn keep_before(path: &Path) -> Result<Kept> {
    let target = copy::free_name(path, &format!("before-schema-{SCHEMA}"));
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Two connections of one process: the log is not to be folded in when this one ends.
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    copy::put(copy::snapshot(&reader, &target)?, &target, false)?;
    Ok(Kept(target))
}

/// The schema of a database of ours; nothing is changed. Refuses a newer or a foreign one.
pub(super) fn schema_of(conn: &Connection, path: &Path) -> Result<u32> {
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Deferred)?;
    Ok(version_of(&tx, path)? as u32)
}

/// Whether the schema is what this program writes. Refuses a newer or a foreign database; only reads.
pub(super) fn is_current(conn: &Connection, path: &Path) -> Result<bool> {
    // One state of the database: another process may be migrating it.
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Deferred)?;
    Ok(version_of(&tx, path)? == MIGRATIONS.len())
}

/// How many steps this database has run; to be asked within a transaction.
pub(super) fn version_of(conn: &Connection, path: &Path) -> Result<usize> {
    // Both stand in the file's header. What needs the schema would have it read first, which is a
    // third of what opening takes.
    let header = |pragma| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let (application, version) = (header("PRAGMA application_id")?, header("PRAGMA user_version")?);
    let known = MIGRATIONS.len() as i64;
    match (application, version) {
        (0, 0) if is_empty(conn)? => Ok(0),
        (APPLICATION_ID, 1..) if version <= known => Ok(version as usize),
        (APPLICATION_ID, _) if version > known => {
            Err(StoreFault::Newer { path: path.to_path_buf(), found: version, known }.into())
        }
        _ => Err(StoreFault::Foreign { path: path.to_path_buf() }.into()),
    }
}

fn is_empty(conn: &Connection) -> Result<bool> {
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Definitions in name order, as the database has them, without the tables that FTS5 makes itself.
    fn schema(conn: &Connection) -> Vec<String> {
        let mut statement = conn
            .prepare(
                r"SELECT sql FROM sqlite_schema
                  WHERE sql IS NOT NULL AND (type <> 'table' OR name NOT LIKE '%\_fts\__%' ESCAPE '\')
                  ORDER BY type DESC, name",
            )
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn the_published_schema_is_what_the_migrations_make() {
        let migrated = Connection::open_in_memory().unwrap();
        migrate(&migrated, Path::new("test")).unwrap();
        let published =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/execution_db.schema.sql");
        let text = format!(
            "-- The schema as it stands, whole. Written by a test from assets/migrations.\n\n{};\n",
            schema(&migrated).join(";\n\n")
        );
        if std::env::var_os("SORTIE_WRITE_ASSETS").is_some() {
            std::fs::write(&published, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(published).unwrap_or_default(), text);
    }

    #[test]
    fn a_newer_and_a_foreign_database_are_refused() {
        let newer = Connection::open_in_memory().unwrap();
        migrate(&newer, Path::new("test")).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        let refused = migrate(&newer, Path::new("test")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the history at test has schema 99, this sortie knows up to 7"
        );

        let foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let refused = migrate(&foreign, Path::new("test")).unwrap_err();
        assert_eq!(refused.to_string(), "test is a database, but not one of sortie's");
    }
}

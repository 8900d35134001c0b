//! What the user should know of the database itself, in one line each, whatever he asked for.

use super::seal::SEALED;
use crate::error::Result;
use rusqlite::Connection;
use std::fmt;

/// Something that may be wrong with the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Fewer transactions are on record than were acknowledged.
    Missing { writes: u64 },
    /// A short look found it damaged.
    Damage { found: String },
    /// It lies on a file system that other machines write, too.
    Far { kind: &'static str },
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { writes: 1 } => {
                write!(f, "a recording that was acknowledged is missing from the history")?;
            }
            Self::Missing { writes } => {
                write!(
                    f,
                    "{writes} recordings that were acknowledged are missing from the history"
                )?;
            }
            Self::Damage { found } => write!(f, "the history is damaged: {found}")?,
            Self::Far { kind } => {
                return write!(
                    f,
                    "the history lies on a network file system ({kind}), where several machines can \
                     damage it: put it on a local disk with `--db FILE`"
                );
            }
        }
        write!(f, ": `sortie doctor` tells more")
    }
}

/// Up to how many pages all of a database is looked through: some ten milliseconds.
const FEW_PAGES: u64 = 2048;

/// How many rows of each table the seals are compared of, the newest.
const ROWS: u32 = 50;

/// A short look, whose cost does not grow with the history.
pub(super) fn damage(conn: &Connection) -> Option<Concern> {
    let found = structure(conn).transpose().or_else(|| seals(conn).transpose())?;
    Some(Concern::Damage { found: found.unwrap_or_else(|error| error.to_string()) })
}

fn structure(conn: &Connection) -> Result<Option<String>> {
    let pages: u64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages > FEW_PAGES {
        return Ok(None);
    }
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then(|| found.split_whitespace().collect::<Vec<_>>().join(" ")))
}

fn seals(conn: &Connection) -> Result<Option<String>> {
    for it in &SEALED {
        let sql = format!(
            "SELECT {} FROM (SELECT * FROM {} ORDER BY rowid DESC LIMIT {ROWS})
             WHERE seal <> row_seal({}) LIMIT 1",
            it.name, it.table, it.columns
        );
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        if let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            return Ok(Some(format!("{name} in {} is not as it was recorded", it.table)));
        }
    }
    Ok(None)
}

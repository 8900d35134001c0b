//! The rows of a table that may be damaged: those that can be read, and those that only an index still
//! names.
//!
//! A scan ends where a page is damaged, so it is made from both ends, and so are those of the indexes;
//! every row that any of them names is then read by itself.

use super::super::open::look;
use super::super::seal::{sealed, teach};
use crate::error::{Error, Result};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use std::collections::BTreeMap;
use std::path::Path;

/// A connection to a database that is damaged: SQLite takes one that is too short, or whose schema it cannot
/// read whole, only from who says that he knows.
pub(super) fn readable(path: &Path) -> Result<Connection> {
    let conn = look(path).or_else(|_| {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(path, flags).map_err(Error::from)
    })?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    teach(&conn)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(conn)
}

/// A value as it stands in a row: a text keeps its bytes, which nobody promised to be UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for Stored {
    fn from(value: ValueRef<'_>) -> Stored {
        match value {
            ValueRef::Null => Stored::Null,
            ValueRef::Integer(number) => Stored::Integer(number),
            ValueRef::Real(number) => Stored::Real(number),
            ValueRef::Text(bytes) => Stored::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Stored::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Stored {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Stored::Null => ValueRef::Null,
            Stored::Integer(number) => ValueRef::Integer(*number),
            Stored::Real(number) => ValueRef::Real(*number),
            Stored::Text(bytes) => ValueRef::Text(bytes),
            Stored::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What a scan found of a row.
#[derive(Debug, Default)]
struct Seen {
    /// Its name, if an index says.
    name: Option<String>,
}

/// A row that cannot be read.
#[derive(Debug, Clone)]
pub(super) struct Unreadable {
    pub rowid: i64,
    /// What names it.
    pub name: String,
    pub why: String,
}

/// Calls `each` with every row of `table` that can be read, and lists the others.
pub(super) fn rows(
    conn: &Connection,
    table: &str,
    columns: &str,
    each: &mut dyn FnMut(i64, Vec<Stored>) -> Result<Option<String>>,
) -> Result<Vec<Unreadable>> {
    let seen = candidates(conn, table);
    let mut lost = Vec::new();
    let sql = format!("SELECT {columns} FROM {table} NOT INDEXED WHERE rowid = ?1");
    let count = columns_of(conn, &sql);
    for (rowid, seen) in seen {
        let read = conn.prepare_cached(&sql).and_then(|mut statement| {
            statement.query_row([rowid], |row| {
                (0..count).map(|at| Ok(row.get_ref(at)?.into())).collect()
            })
        });
        let why = match read {
            Ok(values) => each(rowid, values)?,
            // An index may name what was deleted long ago, if it is the index that is damaged.
            Err(rusqlite::Error::QueryReturnedNoRows) => Some("it is not there".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            let name = seen.name.unwrap_or_else(|| format!("row {rowid}"));
            lost.push(Unreadable { rowid, name, why });
        }
    }
    Ok(lost)
}

fn columns_of(conn: &Connection, sql: &str) -> usize {
    conn.prepare(sql).map_or(0, |statement| statement.column_count())
}

/// All rows that the table or an index names.
fn candidates(conn: &Connection, table: &str) -> BTreeMap<i64, Seen> {
    let mut seen = BTreeMap::new();
    for order in ["ASC", "DESC"] {
        let scan = format!("SELECT rowid, NULL FROM {table} NOT INDEXED ORDER BY rowid {order}");
        collect(conn, &scan, &mut seen);
    }
    let name = sealed(table).map_or("content_hash", |it| it.name);
    for (index, first) in indexes(conn, table) {
        for order in ["ASC", "DESC"] {
            let scan = |what: &str| {
                format!(
                    "SELECT rowid, {what} FROM {table} INDEXED BY {index} ORDER BY {first} {order}"
                )
            };
            // Where the index has the name, it need not be looked up in the table.
            if conn.prepare(&scan(name)).is_ok() && index.starts_with("sqlite_autoindex_") {
                collect(conn, &scan(name), &mut seen);
            }
            collect(conn, &scan("NULL"), &mut seen);
        }
    }
    seen
}

fn collect(conn: &Connection, scan: &str, seen: &mut BTreeMap<i64, Seen>) {
    let Ok(mut statement) = conn.prepare(scan) else { return };
    let Ok(mut rows) = statement.query([]) else { return };
    // The scan ends where a page is damaged; what comes behind that is found from the other end.
    while let Ok(Some(row)) = rows.next() {
        let Ok(rowid) = row.get(0) else { continue };
        let entry: &mut Seen = seen.entry(rowid).or_default();
        if let Ok(Some(name)) = row.get::<_, Option<String>>(1) {
            entry.name = Some(name);
        }
    }
}

/// The indexes of a table, each with its first column.
fn indexes(conn: &Connection, table: &str) -> Vec<(String, String)> {
    let look = || -> rusqlite::Result<Vec<(String, String)>> {
        let mut statement = conn.prepare(
            "SELECT l.name, (SELECT i.name FROM pragma_index_info(l.name) i WHERE i.seqno = 0)
             FROM pragma_index_list(?1) l",
        )?;
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    look().unwrap_or_default()
}

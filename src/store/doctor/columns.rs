//! What the rows of a table look like, in the damaged database and in the one that is made of it.

use super::survey::Stored;
use crate::error::Result;
use rusqlite::Connection;

/// The columns of a table that is saved.
pub(super) struct Columns {
    pub table: &'static str,
    /// As they stand in a row of the damaged one.
    pub all: Vec<String>,
    /// What each may hold there.
    pub kinds: Vec<Kind>,
    /// Which of them are carried over: those that both have, for an older schema has fewer. The row's
    /// number goes by itself.
    pub carried: Vec<usize>,
    /// Puts the row's number and those in their place.
    pub insert: String,
}

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It stands for the row's number, which is not among the values.
    Place,
    Integer {
        needed: bool,
    },
    Text {
        needed: bool,
    },
    Blob {
        needed: bool,
    },
}

impl Kind {
    fn of(declared: &str, needed: bool, is_key: bool) -> Kind {
        match declared {
            "INTEGER" if is_key => Kind::Place,
            "INTEGER" => Kind::Integer { needed },
            "BLOB" => Kind::Blob { needed },
            _ => Kind::Text { needed },
        }
    }

    pub fn takes(self, value: &Stored) -> bool {
        match (self, value) {
            (Kind::Place, value) => *value == Stored::Null,
            (
                Kind::Integer { needed } | Kind::Text { needed } | Kind::Blob { needed },
                Stored::Null,
            ) => !needed,
            (kind, Stored::Integer(_)) => matches!(kind, Kind::Integer { .. }),
            (kind, Stored::Text(_)) => matches!(kind, Kind::Text { .. }),
            (kind, Stored::Blob(_)) => matches!(kind, Kind::Blob { .. }),
            (_, Stored::Real(_)) => false,
        }
    }
}

impl Columns {
    pub fn of(from: &Connection, to: &Connection, table: &'static str) -> Result<Columns> {
        let columns = |conn: &Connection| -> rusqlite::Result<(Vec<String>, Vec<Kind>)> {
            let sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid";
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([table], |row| {
                let kind =
                    Kind::of(&row.get::<_, String>(1)?, row.get(2)?, row.get::<_, i64>(3)? == 1);
                Ok((row.get(0)?, kind))
            })?;
            rows.collect()
        };
        let (all, kinds) = columns(from).unwrap_or_default();
        let (known, _) = columns(to)?;
        let is_carried = |name: &String| known.contains(name) && name != "seq";
        let carried: Vec<usize> = (0..all.len()).filter(|at| is_carried(&all[*at])).collect();
        let names: Vec<&str> = carried.iter().map(|at| all[*at].as_str()).collect();
        let places: Vec<String> = (2..carried.len() + 2).map(|at| format!("?{at}")).collect();
        let (names, places) = (names.join(", "), places.join(", "));
        let insert = format!("INSERT INTO {table} (rowid, {names}) VALUES (?1, {places})");
        Ok(Columns { table, all, kinds, carried, insert })
    }

    /// The names of what is carried over.
    pub fn names(&self) -> Vec<String> {
        self.carried.iter().map(|at| self.all[*at].clone()).collect()
    }
}

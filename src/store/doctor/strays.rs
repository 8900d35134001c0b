//! Rows on pages that nothing leads to any more: they are taken where their checksum says that they are
//! what was recorded, so that nothing else gets in.

use super::super::about::TABLES;
use super::super::copy;
use super::super::seal::sealed;
use super::columns::Columns;
use super::pages::Pages;
use super::salvage::{Salvaged, is_whole};
use super::survey::Stored;
use crate::error::{IoContext, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeMap;
use std::path::Path;

/// What the rows of a table look like on a page.
struct Shape {
    columns: Columns,
    /// Where the sealed columns and the seal stand; none in the table of contents, whose rows are known by
    /// their hash.
    seal: Option<(Vec<usize>, usize)>,
    is_there: String,
}

/// Adds to `to` the rows that stand on the pages of the database at `path` and were not found by its
/// tables.
pub(super) fn save(
    path: &Path,
    from: &Connection,
    to: &Connection,
    salvaged: &mut Salvaged,
) -> Result<()> {
    let dir = copy::dir_of(path);
    let dir =
        tempfile::Builder::new().prefix(".sortie-").tempdir_in(dir).or_cannot("write into", dir)?;
    let file = dir.path().join("pages.db");
    copy::raw(path, &file)?;
    // Without its log it is one file; if that cannot be folded in, pages are not as they were last.
    let (true, Some(pages)) = (fold(&file), Pages::open(&file)?) else { return Ok(()) };
    let shapes =
        TABLES.iter().map(|table| Shape::of(from, to, table)).collect::<Result<Vec<_>>>()?;
    let shapes: Vec<Shape> = shapes.into_iter().flatten().collect();
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    pages.rows(&mut |rowid, values| {
        for shape in &shapes {
            if shape.fits(to, rowid, &values)? && shape.put(to, rowid, &values)? {
                *found.entry(shape.columns.table).or_default() += 1;
                break;
            }
        }
        Ok(())
    })?;
    salvaged.strays = found.into_iter().map(|(table, rows)| (table.to_owned(), rows)).collect();
    Ok(())
}

/// Brings the log of a copy into its file.
fn fold(file: &Path) -> bool {
    let fold = || -> rusqlite::Result<bool> {
        let conn = Connection::open(file)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
    };
    fold().unwrap_or(false)
}

impl Shape {
    /// None for a table whose rows nothing vouches for.
    fn of(from: &Connection, to: &Connection, table: &'static str) -> Result<Option<Shape>> {
        let columns = Columns::of(from, to, table)?;
        let place = |name: &str| columns.all.iter().position(|it| it == name);
        let seal = match sealed(table) {
            Some(it) => {
                let sealed = it.columns.split(',').map(|name| place(name.trim()));
                match sealed.collect::<Option<Vec<_>>>().zip(place("seal")) {
                    Some(seal) => Some(seal),
                    None => return Ok(None),
                }
            }
            None if table == "contents" => None,
            None => return Ok(None),
        };
        let is_there = format!("SELECT 1 FROM {table} WHERE rowid = ?1");
        Ok(Some(Shape { columns, seal, is_there }))
    }

    /// Seals are of values; whose they are is told by what columns may hold.
    fn looks_like(&self, values: &[Stored]) -> bool {
        let kinds = &self.columns.kinds;
        values.len() == kinds.len() && kinds.iter().zip(values).all(|(kind, it)| kind.takes(it))
    }

    /// Whether it is a row of this table as it was recorded, and one that is not there yet.
    fn fits(&self, to: &Connection, rowid: i64, values: &[Stored]) -> Result<bool> {
        if !self.looks_like(values) || to.prepare_cached(&self.is_there)?.exists([rowid])? {
            return Ok(false);
        }
        let Some((sealed, seal)) = &self.seal else {
            return Ok(is_whole(&self.columns.all, values));
        };
        let Stored::Integer(seal) = values[*seal] else { return Ok(false) };
        let places: Vec<String> = (1..=sealed.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("SELECT row_seal({})", places.join(", "));
        let sealed = sealed.iter().map(|at| &values[*at]);
        let is: i64 =
            to.prepare_cached(&sql)?.query_row(params_from_iter(sealed), |row| row.get(0))?;
        Ok(is == seal)
    }

    /// Puts a row in its place; not if its name is there under another number.
    fn put(&self, to: &Connection, rowid: i64, values: &[Stored]) -> Result<bool> {
        let wanted = self.columns.carried.iter().map(|at| values[*at].clone());
        let values = std::iter::once(Stored::Integer(rowid)).chain(wanted);
        Ok(to.prepare_cached(&self.columns.insert)?.execute(params_from_iter(values)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::Kind;
    use super::*;

    /// Whether some value could stand in both.
    fn overlap(a: Kind, b: Kind) -> bool {
        let values =
            [Stored::Null, Stored::Integer(1), Stored::Text(Vec::new()), Stored::Blob(Vec::new())];
        values.iter().any(|it| a.takes(it) && b.takes(it))
    }

    /// The seal of a row would fit in another table, too, if it could stand there.
    #[test]
    fn no_row_looks_like_one_of_another_table() {
        let conn = Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate(&conn, Path::new("test")).unwrap();
        let shapes: Vec<Shape> =
            TABLES.iter().filter_map(|table| Shape::of(&conn, &conn, table).unwrap()).collect();
        // Contents are known by their hash; rows without a seal are not looked for.
        assert_eq!(shapes.len(), crate::store::seal::SEALED.len() + 1);
        for (at, a) in shapes.iter().enumerate() {
            for b in &shapes[at + 1..] {
                let (a, b) = (&a.columns, &b.columns);
                let alike = a.kinds.len() == b.kinds.len()
                    && a.kinds.iter().zip(&b.kinds).all(|(a, b)| overlap(*a, *b));
                assert!(!alike, "{} and {}", a.table, b.table);
            }
        }
    }
}

//! The questions of a check-up, in order: each says what it found.

use super::super::about::TABLES;
use super::super::content;
use super::super::ledger;
use super::super::mark::{self, Recorded};
use super::super::migrate::{SCHEMA, version_of};
use super::super::open::{Store, locate, look};
use super::super::seal::{SEALED, teach};
use super::super::{StoreFault, backup, filesystem};
use super::survey::{self, readable};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;
use std::path::{Path, PathBuf};

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

/// How many findings of SQLite's own check are listed.
const LISTED: u32 = 100;

impl Store {
    /// Whether a mark says that something was recorded here.
    pub fn was_there(&self) -> bool {
        mark::read(self.path()).is_some()
    }

    /// Looks the whole database over. Changes nothing; others may read and write meanwhile.
    pub fn check(&self) -> Result<Checkup> {
        let path = self.path();
        // Before the database is looked at: what is written meanwhile makes the mark lag, not lead.
        let mark = mark::read(path);
        let mut checkup = Checkup {
            path: path.to_owned(),
            schema: 0,
            sound: false,
            rows: 0,
            unsealed: 0,
            sealed_now: 0,
            contents: 0,
            missing: Recorded::default(),
            findings: Vec::new(),
            network: filesystem::far(path),
        };
        if !self.exists() {
            checkup.missing = mark.map_or_else(Recorded::default, |mark| mark.recorded);
            return Ok(checkup);
        }
        match self.checked(&mut checkup, mark.clone()) {
            Err(error) if backup::is_damaged(&error) => {
                checkup.find(Found::File, None, None, detail(&error));
                checkup.ask_what_is_left(path, mark)?;
            }
            outcome => outcome?,
        }
        checkup.sound = checkup.findings.is_empty() && checkup.missing == Recorded::default();
        Ok(checkup)
    }

    fn checked(&self, checkup: &mut Checkup, mark: Option<mark::Mark>) -> Result<()> {
        let path = self.path();
        let ask = |checkup: &mut Checkup| {
            let conn = look(path)?;
            teach(&conn)?;
            let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Deferred)?;
            checkup.ask(&tx, path, mark)
        };
        ask(checkup).map_err(|error: Error| locate(error, path))
    }

    /// Seals rows from before there were checksums, when nothing was found wrong with them; some at a time,
    /// so that others need not wait. Says how many.
    pub fn seal_old_rows(&self) -> Result<u64> {
        let mut sealed = 0;
        for it in &SEALED {
            let sql = format!(
                "UPDATE {table} SET seal = row_seal({columns}) WHERE rowid IN
                   (SELECT rowid FROM {table} WHERE seal IS NULL LIMIT 500)",
                table = it.table,
                columns = it.columns
            );
            loop {
                let some = self.write(|w| Ok(w.0.execute(&sql, [])?))?;
                sealed += some as u64;
                if some == 0 {
                    break;
                }
            }
        }
        Ok(sealed)
    }

    /// Notes what a check found.
    pub fn note_check(&self, checkup: &Checkup, now: Timestamp) {
        let structure = [Found::File, Found::Structure, Found::LostRow];
        // What is damaged in its pages is not written to, and no schema is changed by asking.
        if checkup.schema == SCHEMA
            && checkup.findings.iter().all(|it| !structure.contains(&it.found))
        {
            let found = match (checkup.sound, checkup.findings.len()) {
                (true, _) => "sound".to_owned(),
                (false, 0) => "something is missing".to_owned(),
                (false, count) => format!("{count} findings"),
            };
            self.note("check", &found, now);
        }
    }
}

/// What an error says, without where.
fn detail(error: &Error) -> String {
    match error.downcast_ref::<StoreFault>() {
        Some(StoreFault::Damaged { detail, .. }) => detail.clone(),
        _ => error.to_string(),
    }
}

impl Checkup {
    /// Whether any page, row or content is damaged.
    pub fn is_damaged(&self) -> bool {
        !self.findings.is_empty()
    }

    fn find(&mut self, found: Found, table: Option<&str>, id: Option<String>, detail: String) {
        let table = table.map(str::to_owned);
        self.findings.push(Finding { found, table, id, detail });
    }

    fn ask(&mut self, conn: &Connection, path: &Path, mark: Option<mark::Mark>) -> Result<()> {
        self.schema = version_of(conn, path)? as u32;
        if self.schema == 0 {
            return Err(StoreFault::Unused { path: path.to_owned() }.into());
        }
        self.structure(conn)?;
        let is_torn = self.is_damaged();
        if is_torn {
            self.lost_rows(conn)?;
        } else {
            self.references(conn)?;
        }
        self.contents(conn)?;
        if self.schema >= SCHEMA {
            self.seals(conn)?;
            self.missing(conn, mark)?;
        }
        Ok(())
    }

    /// Of what SQLite refuses to open: what can be read all the same; else all that was acknowledged is
    /// missing.
    fn ask_what_is_left(&mut self, path: &Path, mark: Option<mark::Mark>) -> Result<()> {
        match readable(path) {
            Ok(conn) => {
                let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Deferred)?;
                self.lost_rows(&tx)
            }
            Err(_) => {
                self.missing = mark.map_or_else(Recorded::default, |mark| mark.recorded);
                Ok(())
            }
        }
    }

    fn structure(&mut self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare(&format!("PRAGMA integrity_check({LISTED})"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for line in rows {
            match line {
                Ok(line) if line == "ok" => {}
                Ok(line) => self.find(Found::Structure, None, None, one_line(&line)),
                Err(error) => self.find(Found::Structure, None, None, error.to_string()),
            }
        }
        Ok(())
    }

    /// Of a database whose pages are damaged, the rows that only an index still names.
    fn lost_rows(&mut self, conn: &Connection) -> Result<()> {
        for table in tables(conn) {
            let lost = survey::rows(conn, &table, "*", &mut |_, _| Ok(None))?;
            for it in lost {
                self.find(Found::LostRow, Some(&table), Some(it.name), it.why);
            }
        }
        Ok(())
    }

    fn references(&mut self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
        let rows = statement.query_map([], |row| {
            let (table, row_id, parent) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok::<(String, Option<i64>, String), _>((table, row_id, parent))
        })?;
        for row in rows {
            let (table, row_id, parent) = row?;
            let id = row_id.map(|it| format!("row {it}"));
            let detail = format!("it refers to one of {parent} that is not there");
            self.find(Found::Reference, Some(&table), id, detail);
        }
        Ok(())
    }

    fn contents(&mut self, conn: &Connection) -> Result<()> {
        let Ok(mut statement) =
            conn.prepare("SELECT content_hash, bytes, codec, data FROM contents")
        else {
            return Ok(());
        };
        let mut rows = statement.query([])?;
        // Where a page is damaged the scan ends; that is found by then.
        while let Ok(Some(row)) = rows.next() {
            self.contents += 1;
            let hash: String = row.get(0)?;
            if content::unpacked(&hash, row.get(1)?, &row.get::<_, String>(2)?, row.get(3)?)
                .is_none()
            {
                let detail = "it does not match its hash".to_owned();
                self.find(Found::ChangedContent, Some("contents"), Some(hash), detail);
            }
        }
        Ok(())
    }

    fn seals(&mut self, conn: &Connection) -> Result<()> {
        for it in &SEALED {
            let sql = format!(
                "SELECT {}, seal, row_seal({}) FROM {} NOT INDEXED",
                it.name, it.columns, it.table
            );
            let mut statement = conn.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Ok(Some(row)) = rows.next() {
                let (sealed, is): (Option<i64>, i64) = (row.get(1)?, row.get(2)?);
                match sealed {
                    None => self.unsealed += 1,
                    Some(_) => self.rows += 1,
                }
                if sealed.is_some_and(|sealed| sealed != is) {
                    let id =
                        row.get_ref(0)?.as_bytes().map(|it| String::from_utf8_lossy(it).into());
                    let detail = "it is not as it was recorded".to_owned();
                    self.find(Found::ChangedRow, Some(it.table), id.ok(), detail);
                }
            }
        }
        Ok(())
    }

    fn missing(&mut self, conn: &Connection, mark: Option<mark::Mark>) -> Result<()> {
        let ledger = match ledger::read(conn) {
            Ok(ledger) => ledger,
            Err(error) => {
                self.find(Found::Structure, Some("ledger"), None, error.to_string());
                return Ok(());
            }
        };
        if ledger.missing > 0 {
            self.missing = ledger::entered_losses(conn)?;
        }
        if let Some(lost) = mark.and_then(|mark| ledger::lost(&ledger, &mark)) {
            self.missing = self.missing.plus(lost);
        }
        Ok(())
    }
}

/// The tables of the record that the database has.
pub(super) fn tables(conn: &Connection) -> Vec<String> {
    let is_there = |table: &&str| {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        conn.prepare(sql).and_then(|mut it| it.exists([table])).unwrap_or(false)
    };
    TABLES.into_iter().filter(is_there).map(str::to_owned).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

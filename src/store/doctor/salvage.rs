//! Saving what can be read of a damaged database into a sound one, which takes its place. The damaged files
//! are kept as they are, under another name.

use super::super::content;
use super::super::copy;
use super::super::ledger::{self, Ledger};
use super::super::mark::Recorded;
use super::super::migrate::migrate;
use super::super::open::{Store, locate};
use super::super::seal::{SEALED, sealed, teach};
use super::super::{StoreFault, about::TABLES};
use super::columns::Columns;
use super::findings::Checkup;
use super::strays;
use super::survey::{self, Stored, readable};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params, params_from_iter};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// What a repair did.
#[derive(Debug, Clone, Serialize)]
pub struct Repair {
    /// How the database was found.
    pub found: Checkup,
    /// What was saved, if there was damage.
    pub salvaged: Option<Salvaged>,
    /// What was acknowledged and is not there: sortie goes on without it.
    pub given_up: Recorded,
}

/// What was saved of a damaged database.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Salvaged {
    /// The damaged one, as it was found.
    pub kept: Option<PathBuf>,
    /// Rows saved, by table.
    pub saved: Vec<(String, u64)>,
    /// Of them, those on pages that nothing led to any more, by table.
    pub strays: Vec<(String, u64)>,
    /// Rows that are not there any more.
    pub lost: Vec<Lost>,
    /// Rows that were saved as they are, which is not as they were recorded.
    pub changed: Vec<Lost>,
}

/// A row of a damaged database.
#[derive(Debug, Clone, Serialize)]
pub struct Lost {
    pub table: String,
    /// What names it.
    pub id: String,
    pub why: String,
}

/// How often to begin again because something was recorded meanwhile.
const TRIES: u32 = 5;

impl Store {
    /// Saves what can be saved of a damaged database, and goes on without what is missing. Of a sound one
    /// nothing is changed.
    pub fn repair(&self, now: Timestamp) -> Result<Repair> {
        let found = self.check()?;
        // Seen twice: what is said once may have been a moment's trouble of the disk.
        let is_damaged = found.is_damaged() && self.check()?.is_damaged();
        let mut given_up = found.missing;
        let salvaged = match is_damaged {
            false => None,
            true => Some(self.salvage_and_replace(now)?),
        };
        if is_damaged || given_up != Recorded::default() {
            let detail = serde_json::to_string(&given_up).expect("figures only");
            self.write(|w| {
                ledger::forget_losses(w.0)?;
                w.note_care("repair", &detail, now)
            })?;
        } else {
            given_up = Recorded::default();
        }
        Ok(Repair { found, salvaged, given_up })
    }

    fn salvage_and_replace(&self, now: Timestamp) -> Result<Salvaged> {
        let path = self.path();
        for _ in 0..TRIES {
            let (new, mut salvaged, seen) = self.salvage()?;
            let keep = |reader: &Connection, kept: &std::path::Path| {
                let still = ledger::read(reader).ok().map(|it| it.recorded.writes);
                if still != seen.as_ref().map(|it| it.recorded.writes) {
                    return Err(StoreFault::Replaced { path: path.to_owned() }.into());
                }
                copy::raw(path, kept)
            };
            match self.replace_with(new, &format!("damaged-{}", now.compact()), &keep) {
                Err(error) if matches!(error.downcast_ref(), Some(StoreFault::Replaced { .. })) => {
                }
                outcome => {
                    salvaged.kept = outcome?;
                    return Ok(salvaged);
                }
            }
        }
        Err(StoreFault::Busy { seconds: 0 }.into())
    }

    /// A sound database of what can be read, and the ledger that stood in the damaged one.
    fn salvage(&self) -> Result<(TempPath, Salvaged, Option<Ledger>)> {
        let path = self.path();
        let run = || {
            let new = copy::temporary(path)?;
            let to = Connection::open(&new)?;
            teach(&to)?;
            // References are put right when all is there; nobody else sees it before it is on disk.
            to.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
            to.pragma_update(None, "synchronous", "OFF")?;
            migrate(&to, &new)?;
            let mut salvaged = Salvaged::default();
            let seen = match readable(path) {
                Ok(from) => save(path, &from, &to, &mut salvaged)?,
                // Not even its first page is there.
                Err(_) => None,
            };
            drop(to);
            copy::sync(&new, path)?;
            Ok((new, salvaged, seen))
        };
        run().map_err(|error: Error| locate(error, path))
    }
}

fn save(
    path: &Path,
    from: &Connection,
    to: &Connection,
    salvaged: &mut Salvaged,
) -> Result<Option<Ledger>> {
    from.execute_batch("BEGIN")?;
    let tx = to.unchecked_transaction()?;
    let mut lost = Vec::new();
    for table in TABLES {
        lost.extend(save_table(from, &tx, table, salvaged)?);
    }
    strays::save(path, from, &tx, salvaged)?;
    tx.execute_batch(CONTENTS_OF_BUNDLES)?;
    // Those are there again, with their bundles.
    for (rowid, it) in lost.into_iter().filter(|(_, it)| it.table != "bundle_contents") {
        let sql = format!("SELECT 1 FROM {} WHERE rowid = ?1", it.table);
        if !tx.prepare_cached(&sql)?.exists([rowid])? {
            salvaged.lost.push(it);
        }
    }
    put_references_right(&tx, salvaged)?;
    for it in &SEALED {
        let (table, columns) = (it.table, it.columns);
        tx.execute(&format!("UPDATE {table} SET seal = row_seal({columns})"), [])?;
        let rows = tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        salvaged.saved.push((table.to_owned(), rows));
    }
    let contents = tx.query_row("SELECT count(*) FROM contents", [], |row| row.get(0))?;
    salvaged.saved.push(("contents".to_owned(), contents));
    let ledger = save_ledger(from, &tx)?;
    tx.commit()?;
    Ok(ledger)
}

fn save_ledger(from: &Connection, to: &Connection) -> Result<Option<Ledger>> {
    // As many as there are; the former figures come over them, if they can be read.
    to.execute_batch(
        "UPDATE ledger SET writes = 1, sessions = (SELECT count(*) FROM sessions),
           executions = (SELECT count(*) FROM agent_executions),
           completions = (SELECT count(*) FROM agent_executions WHERE status <> 'deployed'),
           outputs = (SELECT count(*) FROM outputs), reports = (SELECT count(*) FROM reports),
           bundles = (SELECT count(*) FROM bundles)",
    )?;
    let former = ledger::read(from).ok();
    if let Some(former) = &former {
        ledger::carry_on(to, &former.mark())?;
    }
    let care = |conn: &Connection| -> rusqlite::Result<Vec<(i64, String, String, String)>> {
        let mut statement = conn.prepare("SELECT seq, at, what, detail FROM care ORDER BY seq")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.collect()
    };
    for (seq, at, what, detail) in care(from).unwrap_or_default() {
        let sql = "INSERT OR IGNORE INTO care (seq, at, what, detail) VALUES (?1, ?2, ?3, ?4)";
        to.execute(sql, params![seq, at, what, detail])?;
    }
    Ok(former)
}

fn save_table(
    from: &Connection,
    to: &Connection,
    table: &'static str,
    salvaged: &mut Salvaged,
) -> Result<Vec<(i64, Lost)>> {
    let it = Columns::of(from, to, table)?;
    let columns = it.names();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let (list, insert) = (columns.join(", "), it.insert);
    let is_sealed = columns.iter().any(|name| name == "seal");
    let mut changed = Vec::new();
    let lost = survey::rows(from, table, &list, &mut |rowid, values| {
        if table == "contents" && !is_whole(&columns, &values) {
            return Ok(Some("it does not match its hash".to_owned()));
        }
        let values = std::iter::once(Stored::Integer(rowid)).chain(values);
        match to.prepare_cached(&insert)?.execute(params_from_iter(values)) {
            Err(error) => return Ok(Some(error.to_string())),
            Ok(_) if is_sealed => changed.extend(changed_name(to, table, rowid)?),
            Ok(_) => {}
        }
        Ok(None)
    })?;
    let row = |id, why| Lost { table: table.to_owned(), id, why };
    let why = "it is not as it was recorded";
    salvaged.changed.extend(changed.into_iter().map(|id| row(id, why.to_owned())));
    Ok(lost.into_iter().map(|it| (it.rowid, row(it.name, it.why))).collect())
}

/// The name of a row whose seal does not fit.
fn changed_name(to: &Connection, table: &str, rowid: i64) -> Result<Option<String>> {
    let Some(it) = sealed(table) else { return Ok(None) };
    let sql = format!(
        "SELECT CAST({} AS TEXT), seal <> row_seal({}) FROM {table} WHERE rowid = ?1",
        it.name, it.columns
    );
    let found = to.prepare_cached(&sql)?.query_row([rowid], |row| {
        let name = row.get_ref(0)?.as_bytes().map(|it| String::from_utf8_lossy(it).into_owned());
        Ok((name.unwrap_or_default(), row.get::<_, Option<bool>>(1)?))
    })?;
    Ok((found.1 == Some(true)).then_some(found.0))
}

pub(super) fn is_whole(columns: &[String], values: &[Stored]) -> bool {
    let value = |name: &str| columns.iter().position(|it| it == name).map(|at| &values[at]);
    let text = |name: &str| match value(name) {
        Some(Stored::Text(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    match (text("content_hash"), value("bytes"), text("codec"), value("data")) {
        (Some(hash), Some(Stored::Integer(bytes)), Some(codec), Some(Stored::Blob(data))) => {
            content::unpacked(hash, *bytes as usize, codec, data.clone()).is_some()
        }
        _ => false,
    }
}

/// What refers to something that is lost: what is nothing without it goes, too; else the reference does.
/// A session that is lost gets one in its place, so that its executions stay.
const PUT_RIGHT: [(&str, &str, &str); 14] = [
    ("bundles", "bundle_id", "bundle_id NOT IN (SELECT bundle_id FROM manifests)"),
    ("manifests", "bundle_id", "bundle_id NOT IN (SELECT bundle_id FROM bundles)"),
    ("bundle_contents", "bundle_id", "bundle_id NOT IN (SELECT bundle_id FROM bundles)"),
    ("bundle_contents", "bundle_id", "content_hash NOT IN (SELECT content_hash FROM contents)"),
    ("briefings", "bundle_id", "bundle_id NOT IN (SELECT bundle_id FROM bundles)"),
    ("briefings", "bundle_id", "briefing_hash NOT IN (SELECT content_hash FROM contents)"),
    (
        "completion_versions",
        "execution_id",
        "execution_id NOT IN (SELECT execution_id FROM agent_executions)",
    ),
    (
        "context_allocations",
        "allocation_id",
        "execution_id NOT IN (SELECT execution_id FROM agent_executions)",
    ),
    ("outputs", "output_id", "execution_id NOT IN (SELECT execution_id FROM agent_executions)"),
    ("reports", "report_id", "content_hash NOT IN (SELECT content_hash FROM contents)"),
    ("manifests", "bundle_id", "bundle_id NOT IN (SELECT bundle_id FROM bundles)"),
    ("usages", "execution_id", "execution_id NOT IN (SELECT execution_id FROM agent_executions)"),
    ("capture_contents", "content_hash", "capture NOT IN (SELECT seq FROM captures)"),
    ("capture_contents", "content_hash", "content_hash NOT IN (SELECT content_hash FROM contents)"),
];

/// Which contents a bundle has stands in its manifest, too.
const CONTENTS_OF_BUNDLES: &str = "
    INSERT OR IGNORE INTO bundle_contents (bundle_id, content_hash)
      SELECT manifests.bundle_id, item.value ->> 'content_hash'
      FROM manifests, json_each(manifests.manifest, '$.context_items') AS item
      WHERE json_valid(manifests.manifest) AND item.value ->> 'content_hash' IS NOT NULL";

const STAND_INS: &str = "
    INSERT INTO sessions (session_id, created_at, scope, phase, status, metadata)
      SELECT session_id, min(deployed_at), '(lost)', max(phase), 'executing', '{}'
      FROM agent_executions WHERE session_id NOT IN (SELECT session_id FROM sessions) GROUP BY session_id;
    UPDATE reports SET session_id = NULL WHERE session_id NOT IN (SELECT session_id FROM sessions);
    DELETE FROM harness_sessions WHERE session_id NOT IN (SELECT session_id FROM sessions);
    UPDATE captures SET execution_id = NULL
      WHERE execution_id NOT IN (SELECT execution_id FROM agent_executions);
    UPDATE agent_executions SET bundle_id = NULL
      WHERE bundle_id IS NOT NULL AND bundle_id NOT IN (SELECT bundle_id FROM bundles);
    UPDATE agent_executions SET briefing_hash = NULL
      WHERE briefing_hash IS NOT NULL AND briefing_hash NOT IN (SELECT content_hash FROM contents);";

fn put_references_right(to: &Connection, salvaged: &mut Salvaged) -> Result<()> {
    for (table, id, condition) in PUT_RIGHT {
        let sql = format!("DELETE FROM {table} WHERE {condition} RETURNING {id}");
        let mut statement = to.prepare(&sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for id in rows {
            let why = "what it belongs to is lost".to_owned();
            salvaged.lost.push(Lost { table: table.to_owned(), id: id?, why });
        }
    }
    Ok(to.execute_batch(STAND_INS)?)
}

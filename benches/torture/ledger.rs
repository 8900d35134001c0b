//! What was acknowledged, and whether a history has it: every id with its whole content, and nothing
//! that is half there.

use crate::Outcome;
use crate::records::{amended, message, open, scope};
use rusqlite::Connection;
use sortie::Workspace;
use sortie::history::{ExecutionFilter, Messages};
use sortie::model::{BundleId, ExecutionId, ExecutionRecord, ExecutionStatus};
use sortie::store::PageRequest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a writer says once the call has returned, as a line: a letter and an id.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    sessions: BTreeSet<String>,
    deployed: BTreeSet<String>,
    completed: BTreeSet<String>,
    amended: BTreeSet<String>,
    bundles: BTreeSet<String>,
    /// Backups by name, each with what had been acknowledged before it was begun.
    backups: BTreeMap<String, Ledger>,
    /// Final messages that do not follow from their ids.
    known: BTreeMap<String, Option<Vec<u8>>>,
    /// How many lines there were.
    pub acknowledged: u64,
}

impl Ledger {
    pub fn note(&mut self, line: &str) -> Outcome<()> {
        let (kind, id) = line.split_once(' ').ok_or_else(|| format!("a strange line: {line}"))?;
        self.acknowledged += 1;
        let to = match kind {
            "k" => {
                let before = Ledger { backups: BTreeMap::new(), ..self.clone() };
                self.backups.insert(id.to_owned(), before);
                return Ok(());
            }
            "s" => &mut self.sessions,
            "d" => &mut self.deployed,
            "c" => &mut self.completed,
            "a" => &mut self.amended,
            "b" => &mut self.bundles,
            _ => return Err(format!("a strange line: {line}").into()),
        };
        to.insert(id.to_owned());
        Ok(())
    }

    /// Adds what another holds.
    pub fn join(&mut self, other: Ledger) {
        self.sessions.extend(other.sessions);
        self.deployed.extend(other.deployed);
        self.completed.extend(other.completed);
        self.amended.extend(other.amended);
        self.bundles.extend(other.bundles);
        self.backups.extend(other.backups);
        self.known.extend(other.known);
        self.acknowledged += other.acknowledged;
    }

    /// The same without a session whose executions are called after it.
    pub fn without(&self, session: &str) -> Ledger {
        self.filtered(|id| !id.starts_with(session))
    }

    /// Only such a session.
    pub fn of_session(&self, session: &str) -> Ledger {
        let only = self.filtered(|id| id.starts_with(session));
        Ledger { bundles: BTreeSet::new(), backups: BTreeMap::new(), ..only }
    }

    fn filtered(&self, keep: impl Fn(&str) -> bool) -> Ledger {
        let mut less = self.clone();
        for ids in [&mut less.sessions, &mut less.deployed, &mut less.completed, &mut less.amended]
        {
            ids.retain(|id| keep(id));
        }
        less
    }

    /// Whether each acknowledged backup, beside the database, has what had been acknowledged before.
    pub fn check_backups(&self, tree: &Path, database: &Path) -> Outcome<()> {
        for (name, within) in &self.backups {
            let copy = open(tree, &database.with_file_name(name))?;
            let within = Ledger { known: self.known.clone(), ..within.clone() };
            within.check(&copy).map_err(|fault| format!("{name}: {fault}"))?;
        }
        Ok(())
    }

    pub fn forget_backups(&mut self) {
        self.backups.clear();
    }

    /// All that a history holds when it is begun with.
    pub fn of(ws: &Workspace) -> Outcome<Ledger> {
        let mut ledger = Ledger::default();
        for row in executions(ws)? {
            let id = row.execution_id.as_str().to_owned();
            ledger.sessions.insert(row.session_id.as_str().to_owned());
            ledger.deployed.insert(id.clone());
            ledger.known.insert(id, row.final_message);
        }
        for row in ws.context().bundles(PageRequest { after: None, limit: 0 })?.rows {
            ledger.bundles.insert(row.bundle_id.as_str().to_owned());
        }
        Ok(ledger)
    }

    /// Says what of all that is missing, or not as it was recorded.
    pub fn check(&self, ws: &Workspace) -> Outcome<()> {
        let found: BTreeMap<String, ExecutionRecord> = executions(ws)?
            .into_iter()
            .map(|row| (row.execution_id.as_str().to_owned(), row))
            .collect();
        let missing = self.deployed.iter().chain(&self.completed).chain(&self.amended);
        let missing: BTreeSet<&String> = missing.filter(|id| !found.contains_key(*id)).collect();
        if let Some(first) = missing.first() {
            return Err(format!("{} executions are missing: {first} …", missing.len()).into());
        }
        for (id, row) in &found {
            self.check_execution(ws, id, row)?;
        }
        for session in &self.sessions {
            ws.history().find::<sortie::model::SessionId>(session)?;
        }
        self.check_bundles(ws)
    }

    fn check_execution(&self, ws: &Workspace, id: &str, row: &ExecutionRecord) -> Outcome<()> {
        let kept = row.final_message.as_deref();
        if let Some(known) = self.known.get(id) {
            return match kept == known.as_deref() {
                true => Ok(()),
                false => Err(format!("{id} has another message").into()),
            };
        }
        let is_open = row.status == ExecutionStatus::Deployed;
        let is_first = !is_open && kept == Some(&message(id)[..]);
        let is_second = !is_open && kept == Some(&amended(id)[..]);
        let whole = (is_open && kept.is_none()) || is_first || is_second;
        let late =
            (self.completed.contains(id) && is_open) || (self.amended.contains(id) && !is_second);
        if !whole || late || row.scope != scope(id) {
            let bytes = kept.map_or(0, <[u8]>::len);
            let acknowledged = (self.completed.contains(id), self.amended.contains(id));
            return Err(format!(
                "{id} is {:?} with {bytes} bytes; completed and amended: {acknowledged:?}",
                row.status
            )
            .into());
        }
        if is_second {
            let detail = ws.history().show(&ExecutionId::new(id)?)?;
            if detail.message(Some(1))? != Some(&message(id)[..]) {
                return Err(format!("{id} has lost its first message").into());
            }
        }
        if row.bundle_id.is_some() {
            ws.history().briefing(&row.execution_id)?;
        }
        Ok(())
    }

    /// A bundle is whole, or it is not there.
    fn check_bundles(&self, ws: &Workspace) -> Outcome<()> {
        let mut found = BTreeSet::new();
        for row in ws.context().bundles(PageRequest { after: None, limit: 0 })?.rows {
            check_bundle(ws, &row.bundle_id)?;
            found.insert(row.bundle_id.as_str().to_owned());
        }
        match self.bundles.difference(&found).next() {
            Some(missing) => Err(format!("bundle {missing} is missing").into()),
            None => Ok(()),
        }
    }
}

fn check_bundle(ws: &Workspace, id: &BundleId) -> Outcome<()> {
    let bundle = ws.context().load(Path::new(id.as_str()))?;
    for item in &bundle.context_items {
        // Read, unpacked and held against its hash.
        if ws.store().read(|r| r.content(&item.content_hash))?.is_none() {
            return Err(format!("bundle {id} lacks {}", item.source).into());
        }
    }
    Ok(())
}

fn executions(ws: &Workspace) -> Outcome<Vec<ExecutionRecord>> {
    let all = ExecutionFilter { messages: Messages::Whole, ..ExecutionFilter::default() };
    Ok(ws.history().executions(&all)?.rows)
}

/// Whether the library itself finds nothing wrong and nothing missing: what a cut or a kill leaves must
/// not alarm anybody.
pub fn check_sound(ws: &Workspace) -> Outcome<()> {
    let checkup = ws.store().check()?;
    match checkup.sound {
        true => Ok(()),
        false => {
            Err(format!("a false alarm: {:?}, {:?}", checkup.missing, checkup.findings).into())
        }
    }
}

/// Copies that were found to be whole, by their bytes: many of them are the same.
pub type Known = std::sync::Mutex<BTreeSet<[u8; 32]>>;

/// A history and every copy of it that has a name, in one directory: none is there by half.
pub fn check_all(database: &Path, known: &Known) -> Outcome<()> {
    check_integrity(database)?;
    for entry in std::fs::read_dir(database.with_file_name(""))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "db") && path != database {
            let hash = *blake3::hash(&std::fs::read(&path)?).as_bytes();
            if known.lock().expect("no panic").insert(hash) {
                check_integrity(&path).map_err(|fault| format!("{}: {fault}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// What SQLite itself has to say: pages, rows and indexes, references, and whether the full-text
/// indexes say what the rows say.
pub fn check_integrity(database: &Path) -> Outcome<()> {
    if !database.exists() {
        return Ok(());
    }
    let conn = Connection::open(database)?;
    conn.busy_timeout(std::time::Duration::from_secs(30))?;
    let said: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(format!("integrity_check: {said}").into());
    }
    if conn.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err("a row refers to one that is not there".into());
    }
    let search = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'";
    let indexes: Vec<String> =
        conn.prepare(search)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for index in indexes {
        let compare = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        conn.execute_batch(&compare).map_err(|error| format!("{index}: {error}"))?;
    }
    Ok(())
}

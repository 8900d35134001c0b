//! What a history must hold after a power cut: all that had been acknowledged, whole; nothing by half; and no
//! reason to be alarmed.

use crate::Outcome;
use crate::cut::Run;
use crate::ledger::{Ledger, check_all, check_sound};
use crate::place::{Place, database_in};
use crate::records::{begin, bundle, complete, deploy, open};
use crate::scenarios::LATE;
use sortie::Workspace;
use sortie::history::Source;
use std::path::{Path, PathBuf};

/// Shared memory may be there again, with anything in it.
pub fn leave_garbage(dir: &Path, rng: &mut fastrand::Rng) -> Outcome<()> {
    let database = database_in(dir);
    if database.exists() && rng.u8(..3) == 0 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(32 << 10).collect();
        std::fs::write(database.with_extension("db-shm"), bytes)?;
    }
    Ok(())
}

/// What the library finds in a state, and SQLite, and the library again when it goes on.
pub fn check(place: &Place, run: &Run, dir: &Path, ledger: &Ledger) -> Outcome<()> {
    let database = database_in(dir);
    let ws = open(&place.tree(), &database)?;
    for archive in archives(dir)? {
        ws.history().import(&Source::open(&archive)?)?;
    }
    if ledger.acknowledged > 0 {
        check_sound(&ws)?;
    }
    let restored = match ledger.check(&ws) {
        Err(fault) if run.name == "restore" => {
            // It was replaced: then what it held stands beside it.
            aside(place, dir, ledger).map_err(|other| format!("{fault}; aside: {other}"))?;
            true
        }
        outcome => {
            outcome?;
            false
        }
    };
    let ledger = if restored { ledger.without(LATE) } else { ledger.clone() };
    if run.starts_new && ledger.acknowledged > 0 {
        check_ignored(&database)?;
    }
    // It must be able to go on.
    begin(&ws, "after")?;
    deploy(&ws, "after", "after-1", None)?;
    complete(&ws, "after-1")?;
    if run.name == "bundle" {
        check_cache(place, &ws, dir)?;
    }
    ledger.check(&ws)?;
    drop(ws);
    ledger.check_backups(&place.tree(), &database)?;
    check_all(&database, &run.copies)
}

/// The history must not get into a commit.
fn check_ignored(database: &Path) -> Outcome<()> {
    match std::fs::read(database.with_file_name(".gitignore")).ok().as_deref() {
        Some(b"*\n") => Ok(()),
        other => Err(format!(".gitignore is {other:?}").into()),
    }
}

/// What a cut left of the cache may be nothing; it must not make another bundle.
fn check_cache(place: &Place, ws: &Workspace, dir: &Path) -> Outcome<()> {
    let files = ["part-01.md".to_owned(), "part-02.md".to_owned()];
    let prepared = bundle(ws, "Torture", &files)?;
    let truth = bundle(&open(&place.tree(), &dir.join("fresh.db"))?, "Torture", &files)?;
    let same =
        prepared.bundle_hash == truth.bundle_hash && prepared.total_tokens == truth.total_tokens;
    match same {
        true => Ok(()),
        false => Err("what was left of the cache makes another bundle".into()),
    }
}

/// Whether all of it is in the history that a restore kept.
fn aside(place: &Place, dir: &Path, ledger: &Ledger) -> Outcome<()> {
    let mut found = Err("no history was kept".into());
    for entry in std::fs::read_dir(database_in(dir).with_file_name(""))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.contains(".before-restore-") && name.ends_with(".db") && found.is_err() {
            // What was acknowledged after the restore is in the other one.
            found = ledger.of_session(LATE).check(&open(&place.tree(), &path)?);
        }
    }
    found
}

/// What pruning put aside before it deleted.
fn archives(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let dir = database_in(dir).with_file_name("archive");
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let paths = std::fs::read_dir(dir)?.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<Outcome<_>>()?;
    Ok(paths.into_iter().filter(|it| it.to_string_lossy().ends_with(".jsonl.zst")).collect())
}

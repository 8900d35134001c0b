//! Copies of the database, each a file of its own that needs no log beside it.

use super::columns::TextBytes;
use super::fault::StoreFault;
use super::open::{beside, locate};
use crate::error::{Error, IoContext, Result};
use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// What of `conn` is committed as one consistent state in a new temporary file beside `target`, on disk,
/// the user's alone. Others may read and write meanwhile.
pub(super) fn snapshot(conn: &Connection, target: &Path) -> Result<TempPath> {
    let copy = temporary(target)?;
    let name = TextBytes(copy.as_os_str().as_encoded_bytes());
    conn.execute("VACUUM INTO ?1", [name]).map_err(|error| of_target(error, conn, target))?;
    sync(&copy, target)?;
    Ok(copy)
}

/// Where the disk is full is where the copy goes; all else is the database's own trouble.
fn of_target(error: rusqlite::Error, conn: &Connection, target: &Path) -> Error {
    let own = conn.path().map_or(target, Path::new);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            let (path, detail) = (target.to_path_buf(), error.to_string());
            StoreFault::NoCopy { path, detail }.into()
        }
        _ => locate(error.into(), own),
    }
}

/// An empty file beside `target` that goes when nobody keeps it.
pub(super) fn temporary(target: &Path) -> Result<TempPath> {
    let dir = dir_of(target);
    // The temporary file's own error would name it.
    std::fs::read_dir(dir).or_cannot("write into", dir)?;
    let file = Builder::new().prefix(".sortie-").suffix(".tmp").tempfile_in(dir);
    Ok(file.or_cannot("write", target)?.into_temp_path())
}

pub(super) fn sync(file: &Path, target: &Path) -> Result<()> {
    let file = std::fs::OpenOptions::new().write(true).open(file);
    file.and_then(|file| file.sync_all()).or_cannot("write", target)
}

/// Puts a whole file in its place; one that is there is an error unless it is to be replaced.
pub(super) fn put(file: TempPath, target: &Path, replace: bool) -> Result<()> {
    let put = match replace {
        true => file.persist(target),
        false => file.persist_noclobber(target),
    };
    put.map_err(|error| error.error).or_cannot("write", target)?;
    sync_name(target)
}

/// The name must outlive a power cut, too.
pub(super) fn sync_name(path: &Path) -> Result<()> {
    let dir = dir_of(path);
    crate::files::sync_dir(dir).or_cannot("write into", dir)
}

pub(super) fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name beside `database` that is free: `history.WHAT.db`, or `history.WHAT-2.db` if that is taken.
pub(super) fn free_name(database: &Path, what: &str) -> PathBuf {
    let name = |ending: &str| {
        let mut name = database.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".{what}{ending}"));
        if let Some(extension) = database.extension() {
            name.push(".");
            name.push(extension);
        }
        database.with_file_name(name)
    };
    let endings = std::iter::once(String::new()).chain((2..).map(|number| format!("-{number}")));
    let mut names = endings.map(|ending| name(&ending));
    let is_free = |path: &PathBuf| ["", "-wal"].iter().all(|it| !beside(path, it).exists());
    names.find(is_free).expect("some number is free")
}

/// The files of a database as they are, sound or not, under another name.
pub(super) fn raw(database: &Path, target: &Path) -> Result<()> {
    // The log last: what is folded into the database meanwhile stands in both.
    for ending in ["", "-wal"] {
        let (from, to) = (beside(database, ending), beside(target, ending));
        if !from.exists() {
            continue;
        }
        let copy = temporary(&to)?;
        let open = std::fs::OpenOptions::new().write(true).open(&copy);
        let mut out = open.or_cannot("write", &to)?;
        let mut whole = std::fs::File::open(&from).or_cannot("read", &from)?;
        std::io::copy(&mut whole, &mut out).or_cannot("copy", &from)?;
        // To close it would let go of every lock that this process has on the database.
        std::mem::forget(whole);
        out.sync_all().or_cannot("write", &to)?;
        put(copy, &to, false)?;
    }
    Ok(())
}

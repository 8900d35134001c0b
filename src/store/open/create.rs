//! Making the database's file and its directory, so that they are the user's alone from the first byte.

use super::log::beside;
use crate::error::{IoContext, Result};
use crate::store::copy::{free_name, sync_name};
use crate::store::file;
use std::path::Path;

/// The directory of a project's history and templates, in its root.
pub const HOME: &str = ".sortie";

/// Pre-creates the file, so that it and the files SQLite puts beside it are the user's alone. Says
/// whether it was not there.
pub(in crate::store) fn create_file(path: &Path) -> Result<bool> {
    let log = beside(path, "-wal");
    let is_log_there = log.metadata().is_ok_and(|it| it.len() > 0);
    if path.try_exists().or_cannot("open the history", path)? {
        return Ok(false);
    }
    if is_log_there {
        // The database was deleted, its log was not; SQLite deletes a log that has no database.
        let _ = std::fs::hard_link(&log, beside(&free_name(path, "orphaned"), "-wal"));
    }
    make_dir(path)?;
    match create_private(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        outcome => outcome.map(|()| true).or_cannot("create the history", path),
    }
}

/// Makes the directory that a database is to stand in.
pub(in crate::store) fn make_dir(path: &Path) -> Result<()> {
    match path.parent() {
        Some(dir) if dir.ends_with(HOME) => make_home(dir),
        Some(dir) if !dir.as_os_str().is_empty() => create_dir(dir),
        _ => Ok(()),
    }
}

/// Creates a file that is the user's alone; one that is there is an error.
pub(in crate::store) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Creates a directory and those it is in, so that a power cut does not take them away again.
fn create_dir(dir: &Path) -> Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    crate::files::make_dir(dir).or_cannot("create", dir)?;
    missing.iter().filter(|dir| !dir.as_os_str().is_empty()).try_for_each(|dir| sync_name(dir))
}

/// Makes sure of the names of a new database, of its log and of the directory of both: SQLite sees to the
/// log's if it made it, and to no other. To be called before anything in it is acknowledged.
pub(in crate::store) fn sync_names(path: &Path) -> Result<()> {
    sync_name(path)?;
    if let Some(dir) = path.parent().filter(|dir| dir.ends_with(HOME)) {
        // Of a project that may be entered but not read it cannot be made sure.
        let _ = sync_name(dir);
    }
    Ok(())
}

/// The project's own directory is the user's alone, and no commit's: it may have been made before,
/// for templates.
fn make_home(dir: &Path) -> Result<()> {
    crate::files::make_dir(dir).or_cannot("create", dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir, private).or_cannot("protect", dir)?;
    }
    let ignore = dir.join(".gitignore");
    match ignore.exists() {
        true => Ok(()),
        // Whole or not at all: an empty one would stay, and let the history be committed.
        false => file::write(&ignore, b"*\n"),
    }
}

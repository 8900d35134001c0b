//! Puts a file in its place: whole, over nothing but what was read, and with what was there kept.

use super::fault::InstallFault;
use super::target::{Scope, Target};
use crate::error::{IoContext, Result};
use crate::files::{make_dir, sync_dir};
use crate::model::Timestamp;
use crate::store::file::write_new;
use std::fs::{File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What stands between a file's name and the time of its backup.
const BACKUP: &str = ".sortie-backup-";

/// How many backups one second may have.
const A_SECOND: usize = 100;

/// Writes `bytes` to `target`; what was there is kept beside it, under the name that is returned, if
/// `keep` says so.
pub fn replace(
    target: &Target,
    bytes: &[u8],
    scope: Scope,
    keep: Option<Timestamp>,
) -> Result<Option<PathBuf>> {
    let path = &target.real;
    let dir = path.parent().unwrap_or(Path::new("/"));
    make_dirs(dir, scope).or_cannot("create", dir)?;
    let there = path.metadata().ok().filter(|_| target.before.is_some());
    let is_private = scope == Scope::User || there.is_some();
    let file = beside(dir, is_private).or_cannot("write into", dir)?;
    fill(file.as_file(), bytes, there.as_ref()).or_cannot("write", path)?;
    let backup = match (&target.before, keep) {
        (Some(before), Some(now)) => Some(keep_beside(&target.path, before, now)?),
        _ => None,
    };
    // Whoever else edits the file may have done so while this was made.
    let placed = match unchanged(target) {
        false => Err(InstallFault::Meanwhile { path: target.path.clone() }.into()),
        true if target.before.is_some() => {
            file.persist(path).map_err(|error| error.error).or_cannot("write", path).map(|_| ())
        }
        true => match file.persist_noclobber(path) {
            Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(InstallFault::Meanwhile { path: target.path.clone() }.into())
            }
            outcome => outcome.map_err(|it| it.error).or_cannot("write", path).map(|_| ()),
        },
    };
    if let (Err(_), Some(backup)) = (&placed, &backup) {
        // It is the backup of nothing.
        let _ = std::fs::remove_file(backup);
    }
    placed?;
    sync_dir(dir).or_cannot("write into", dir)?;
    Ok(backup)
}

/// Takes a file away that has nothing but what is ours, and the directories that only it was in.
pub fn remove(target: &Target, up_to: usize) -> Result<()> {
    if !unchanged(target) {
        return Err(InstallFault::Meanwhile { path: target.path.clone() }.into());
    }
    std::fs::remove_file(&target.path).or_cannot("remove", &target.path)?;
    let above = target.path.ancestors().skip(1);
    for dir in above.clone().take(up_to) {
        // One that has something else in it stays.
        if std::fs::remove_dir(dir).is_err() {
            break;
        }
    }
    above.clone().find(|dir| dir.exists()).map_or(Ok(()), sync_dir).or_cannot("write", &target.path)
}

/// The backups of a file, the newest first.
pub fn backups(path: &Path) -> Vec<PathBuf> {
    let Some((dir, name)) = path.parent().zip(path.file_name()) else { return Vec::new() };
    let prefix = format!("{}{BACKUP}", name.to_string_lossy());
    let is_one = |it: &PathBuf| {
        let name = it.file_name().map(|name| name.to_string_lossy().starts_with(&prefix));
        name == Some(true)
    };
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|it| it.path());
    let mut found: Vec<PathBuf> = entries.filter(is_one).collect();
    found.sort();
    found.reverse();
    found
}

fn make_dirs(dir: &Path, scope: Scope) -> std::io::Result<()> {
    match scope {
        Scope::User => make_dir(dir),
        // A project's directories are everybody's who works on it.
        Scope::Project | Scope::Local => std::fs::create_dir_all(dir),
    }
}

/// A new file in `dir`: private, or as readable as the user's other files are.
fn beside(dir: &Path, is_private: bool) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sortie-");
    #[cfg(unix)]
    if !is_private {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = is_private;
    builder.tempfile_in(dir)
}

/// The bytes, on disk, with the mode and the owner of what was there.
fn fill(mut file: &File, bytes: &[u8], there: Option<&Metadata>) -> std::io::Result<()> {
    file.write_all(bytes)?;
    if let Some(there) = there {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Only the superuser can, and only for the superuser does it matter.
            let _ = std::os::unix::fs::fchown(file, Some(there.uid()), Some(there.gid()));
        }
        file.set_permissions(there.permissions())?;
    }
    file.sync_all()
}

fn keep_beside(path: &Path, bytes: &[u8], now: Timestamp) -> Result<PathBuf> {
    let first = format!("{}{BACKUP}{}", path.display(), now.compact());
    let further = (2..A_SECOND).map(|number| PathBuf::from(format!("{first}-{number:02}")));
    let names = std::iter::once(PathBuf::from(&first)).chain(further);
    let kept = write_new(names, |out| out.write_all(bytes).or_cannot("write", &first))?;
    match kept {
        Some((path, ())) => Ok(path),
        None => {
            Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists)).or_cannot("write", first)
        }
    }
}

fn unchanged(target: &Target) -> bool {
    match (&target.before, std::fs::read(&target.real)) {
        (Some(before), Ok(now)) => *before == now,
        (None, Err(error)) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

//! Files other than the database (bundles, briefings, reports): whole, or not at all.

use super::copy::sync_dir;
use crate::error::{IoContext, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`: beside it first, on disk, then in its place. A new file is the user's
/// alone, one that is there keeps its mode, a link keeps leading where it does. What is no regular
/// file, such as a terminal, is written as it is.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |out| out.write_all(bytes).or_cannot("write", path))
}

/// The same with whatever `produce` writes; a failure of it leaves no file behind.
pub fn write_with<T>(path: &Path, produce: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if target.exists() && !target.is_file() {
        let mut device =
            std::fs::OpenOptions::new().write(true).open(&target).or_cannot("write", path)?;
        return produce(&mut device);
    }
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut file = temporary(dir, path)?;
    let value = produce(&mut file)?;
    if let Ok(there) = target.metadata() {
        file.as_file().set_permissions(there.permissions()).or_cannot("write", path)?;
    }
    file.as_file().sync_all().or_cannot("write", path)?;
    file.persist(&target).map_err(|error| error.error).or_cannot("write", path)?;
    Ok(value)
}

/// Writes what `produce` writes into a new file of the first of these names, all of one directory, that
/// is free, and says which. It is there whole, and its name outlives a power cut; no file is ever
/// replaced. With no name left, nothing is written.
pub fn write_new<T>(
    names: impl IntoIterator<Item = PathBuf>,
    produce: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<Option<(PathBuf, T)>> {
    let mut names = names.into_iter().peekable();
    let Some(first) = names.peek().cloned() else { return Ok(None) };
    let dir = first.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = temporary(dir, &first)?;
    let value = produce(&mut file)?;
    file.as_file().sync_all().or_cannot("write", &first)?;
    for name in names {
        // To look first would not do: another process may take the name in between.
        match file.persist_noclobber(&name) {
            Ok(_) => {
                sync_dir(&name)?;
                // The directory itself may be new; the one it is in need not be ours to read.
                let _ = sync_dir(dir);
                return Ok(Some((name, value)));
            }
            Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => {
                file = taken.file;
            }
            Err(other) => return Err(other.error).or_cannot("write", &name),
        }
    }
    Ok(None)
}

/// A file that will be `path`, in its directory.
fn temporary(dir: &Path, path: &Path) -> Result<tempfile::NamedTempFile> {
    // The temporary file's own error would name it.
    std::fs::read_dir(dir).or_cannot("write into", dir)?;
    tempfile::NamedTempFile::new_in(dir).or_cannot("write", path)
}

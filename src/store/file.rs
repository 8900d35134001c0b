//! Files other than the database (bundles, briefings, reports, archives): whole, or not at all, and the
//! user's alone.

use super::copy::sync_name;
use crate::error::{Fault, IoContext, Kind, Result};
pub use crate::files::{make_dir, sync_dir};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// All of `from`, which messages call `name`; what has more than `most` bytes is refused, for it
/// might never end.
pub fn read_all(mut from: impl Read, name: impl AsRef<Path>, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.by_ref().take(most + 1).read_to_end(&mut bytes).or_cannot("read", &name)?;
    match bytes.len() as u64 > most {
        true => Err(TooMuch { name: name.as_ref().to_path_buf(), most }.into()),
        false => Ok(bytes),
    }
}

/// More bytes than are taken.
#[derive(Debug, thiserror::Error)]
#[error("{} has more than {} MB, the most that is taken here", name.display(), most >> 20)]
pub struct TooMuch {
    pub name: PathBuf,
    /// Bytes.
    pub most: u64,
}

impl Fault for TooMuch {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

/// Writes `bytes` to `path`: beside it first, on disk, then in its place. A new file is the user's
/// alone, one that is there keeps its mode. A link at its place is replaced, not followed: whoever laid
/// it there does not choose what is written over. What is no regular file, such as a terminal or a
/// pipe, is written as it is.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |out| out.write_all(bytes).or_cannot("write", path))
}

/// The same with whatever `produce` writes; a failure of it leaves no file behind.
pub fn write_with<T>(path: &Path, produce: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    if let Some(mut device) = device(path, dir).or_cannot("write", path)? {
        return produce(&mut device);
    }
    let mut file = temporary(dir, path)?;
    let value = produce(&mut file)?;
    if let Some(mode) = mode_of(path) {
        file.as_file().set_permissions(mode).or_cannot("write", path)?;
    }
    file.as_file().sync_all().or_cannot("write", path)?;
    file.persist(path).map_err(|error| error.error).or_cannot("write", path)?;
    sync_dir(dir).or_cannot("write into", dir)?;
    Ok(value)
}

/// Makes a directory of sortie's own, if it is not there. As a link, which may have come with the tree,
/// it would have some other directory written to.
pub fn make_own_dir(dir: &Path) -> Result<()> {
    if dir.is_symlink() {
        let link = std::io::Error::other("it is a link; remove it, or name another place");
        return Err(link).or_cannot("write into", dir);
    }
    make_dir(dir).or_cannot("create", dir)
}

/// What is written as it is. `/dev/stdout` is a link to wherever it was sent, a file too.
fn device(path: &Path, dir: &Path) -> std::io::Result<Option<File>> {
    let is_file = path.metadata().map_or(true, |found| found.is_file());
    let of_system = || {
        let real = dir.canonicalize().unwrap_or_default();
        ["/dev", "/proc"].iter().any(|top| real.starts_with(top)) && !real.starts_with("/dev/shm")
    };
    match is_file && !of_system() {
        true => Ok(None),
        false => OpenOptions::new().write(true).open(path).map(Some),
    }
}

/// The mode of the file that is to be replaced, without what would let it act as somebody else.
fn mode_of(path: &Path) -> Option<Permissions> {
    let found = path.symlink_metadata().ok().filter(|found| found.is_file())?;
    let mode = found.permissions();
    #[cfg(unix)]
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        Permissions::from_mode(mode.mode() & 0o777)
    };
    Some(mode)
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
            Ok(written) => {
                // Where descriptors are few, the directory needs this one.
                drop(written);
                sync_name(&name)?;
                // The directory itself may be new; the one it is in need not be ours to read.
                let _ = sync_name(dir);
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

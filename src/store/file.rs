//! Files other than the database (bundles, briefings, reports): whole, or not at all.

use crate::error::{Fault, IoContext, Kind, Result};
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
    // The temporary file's own error would name it.
    std::fs::read_dir(dir).or_cannot("write into", dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir).or_cannot("write", path)?;
    let value = produce(&mut file)?;
    if let Ok(there) = target.metadata() {
        file.as_file().set_permissions(there.permissions()).or_cannot("write", path)?;
    }
    file.as_file().sync_all().or_cannot("write", path)?;
    file.persist(&target).map_err(|error| error.error).or_cannot("write", path)?;
    Ok(value)
}

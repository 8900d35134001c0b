//! A directory to write new files into: beneath it, through no link, and over nothing.

use super::beneath::Beneath;
use super::dirs::make_dir;
use super::opened::patiently;
use super::trouble::Trouble;
use std::io;
use std::path::{Path, PathBuf};

/// A directory to write into.
#[derive(Debug)]
pub struct Folder {
    beneath: Beneath,
}

impl Folder {
    /// Makes the directory, if it is not there.
    pub fn make(path: &Path) -> io::Result<Folder> {
        make_dir(path)?;
        Ok(Folder { beneath: Beneath::open(path)? })
    }

    /// Whether there is a file at `inner` that has just these bytes; `None` if nothing is there.
    pub fn has(&self, inner: &Path, bytes: &[u8]) -> Result<Option<bool>, Trouble> {
        let path = self.beneath.path().join(inner);
        let read = || self.beneath.open_file(&path)?.read(bytes.len() as u64);
        match patiently(read, Trouble::may_pass) {
            Ok(there) => Ok(Some(there == bytes)),
            Err(Trouble::TooLarge(_)) => Ok(Some(false)),
            Err(Trouble::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes a new file, whole or not at all, with the directories above it.
    #[cfg(unix)]
    pub fn lay(&self, inner: &Path, bytes: &[u8]) -> io::Result<()> {
        use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, renameat, unlinkat};
        use rustix::io::Errno;
        use std::io::Write;
        let name = inner.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let dir = self.beneath.make_dirs(inner.parent().unwrap_or(Path::new("")))?;
        let beside = format!(".sortie-{:016x}", fastrand::u64(..));
        let new =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = std::fs::File::from(openat(&dir, &beside, new, mode)?);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let clear = || unlinkat(&dir, &beside, AtFlags::empty());
        if let Err(error) = written {
            let _ = clear();
            return Err(error);
        }
        // Unlike a renaming, a second name never takes another file's place.
        match linkat(&dir, &beside, &dir, name, AtFlags::empty()) {
            Ok(()) => Ok(clear()?),
            // Not every file system has second names.
            Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(renameat(&dir, &beside, &dir, name)?),
            Err(error) => {
                let _ = clear();
                Err(error.into())
            }
        }
    }

    #[cfg(not(unix))]
    pub fn lay(&self, inner: &Path, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write;
        let path = self.beneath.path().join(inner);
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        make_dir(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&path).map(|_| ()).map_err(|error| error.error)
    }

    /// Where a file in it stands, for a message.
    pub fn path_of(&self, inner: &Path) -> PathBuf {
        self.beneath.path().join(inner)
    }
}

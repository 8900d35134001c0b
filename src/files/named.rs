//! Files that the user named: they may lie anywhere, but must be regular files.

use super::opened::{Opened, patiently};
use super::trouble::{Trouble, kind_of};
use crate::error::{Fault, Kind, Result};
use std::path::{Path, PathBuf};

/// Opens a file that the user named, all links followed. A pipe does not make it wait, a device is not
/// touched.
pub fn open_named(path: &Path) -> Result<Opened, Trouble> {
    // Opening a device can already do something; the look after it is for a race.
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(Trouble::NotAFile(kind_of(&found)));
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    Opened::new(options.open(path)?)
}

/// The bytes of such a file, if there are no more than `limit`.
pub fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let read = || open_named(path)?.read(limit);
    let fault = |trouble| NamedFault { path: path.to_path_buf(), limit, trouble };
    Ok(patiently(read, Trouble::may_pass).map_err(fault)?)
}

/// A file that the user named and that was not read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {trouble}", path.display())]
pub struct NamedFault {
    path: PathBuf,
    limit: u64,
    /// Why.
    pub trouble: Trouble,
}

impl Fault for NamedFault {
    fn kind(&self) -> Kind {
        match &self.trouble {
            Trouble::Io(error) if error.kind() == std::io::ErrorKind::NotFound => Kind::NotFound,
            Trouble::Io(_) | Trouble::Changed => Kind::Failed,
            _ => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match &self.trouble {
            Trouble::TooLarge(_) => Some(format!("at most {} bytes are read", self.limit)),
            Trouble::Changed => Some("run it again when nobody writes it".to_owned()),
            _ => None,
        }
    }
}

//! What the database can refuse, in the user's words.

use crate::error::{Fault, Kind, plain};
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// A failure of the history database.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Another process held it past the deadline.
    #[error("the history is busy: another process held it for more than {seconds} s")]
    Busy { seconds: u64 },
    /// SQLite found it corrupt, or no database.
    #[error("the history at {} is damaged: {detail}", path.display())]
    Damaged { path: PathBuf, detail: String },
    /// A later version of this program wrote it.
    #[error("the history at {} has schema {found}, this sortie knows up to {known}", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// A database of another program.
    #[error("{} is a database, but not one of sortie's", path.display())]
    Foreign { path: PathBuf },
    /// It cannot be opened or written.
    #[error("the history at {} cannot be written: {detail}", path.display())]
    ReadOnly { path: PathBuf, detail: String },
    /// No room is left on the disk.
    #[error("the disk is full: nothing was recorded in {}", path.display())]
    Full { path: PathBuf },
    /// A content that does not match the hash it is kept under.
    #[error("content {hash} of the history does not match its hash")]
    ContentDamaged { hash: String },
    /// Another file stands where the database was that this process has open.
    #[error("the history at {} was replaced meanwhile: nothing was recorded", path.display())]
    Replaced { path: PathBuf },
    /// A file that is to become a history, with nothing in it.
    #[error("nothing was recorded in {} yet", path.display())]
    Unused { path: PathBuf },
    /// The system does not let the file be opened.
    #[error("the history at {} cannot be opened: {why}", path.display())]
    Unopened { path: PathBuf, why: String },
    /// A copy of it cannot be written.
    #[error("no copy of the history can be written to {}: {detail}", path.display())]
    NoCopy { path: PathBuf, detail: String },
    /// A read or a write failed.
    #[error("the history at {} cannot be read or written: {detail}", path.display())]
    Io { path: PathBuf, detail: String },
    /// Anything else the driver reports.
    #[error("the history refused the operation: {detail}")]
    Other { detail: String },
}

impl Fault for StoreFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy { .. } | Self::Replaced { .. } => Kind::Busy,
            Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::Foreign { .. }
            | Self::ContentDamaged { .. } => Kind::Refused,
            Self::Unused { .. } => Kind::NotFound,
            Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::Unopened { .. }
            | Self::NoCopy { .. }
            | Self::Io { .. }
            | Self::Other { .. } => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Busy { .. } => Some("nothing was written; run the same command again".into()),
            Self::Replaced { .. } => Some("run the same command again".into()),
            Self::Damaged { .. } => Some(
                "nothing was changed; `sortie doctor` says what is damaged, and `sortie doctor --repair` saves what can be read".into(),
            ),
            Self::Newer { .. } => {
                Some("update sortie, or name another database with `--db FILE`".into())
            }
            Self::Foreign { .. } => {
                Some("it was left untouched; name another database with `--db FILE`".into())
            }
            Self::Unused { .. } => {
                Some("`sortie track init-session --scope …` records the first".into())
            }
            Self::Unopened { why, .. } if why.contains("too many open files") => {
                Some("close some, or raise the limit: `ulimit -n 256`".into())
            }
            Self::NoCopy { .. } => {
                Some("nothing was changed; make room, then run the same command again".into())
            }
            Self::Unopened { .. } | Self::ReadOnly { .. } => {
                Some("check who owns it, or name another database with `--db FILE`".into())
            }
            Self::Io { .. } => Some(
                "nothing was recorded; look at the disk, its quota, and the limits of `ulimit -f`".into(),
            ),
            Self::Full { .. } => Some("make room, then run the same command again".into()),
            Self::ContentDamaged { .. } => {
                Some("`sortie doctor` says what else is damaged; a backup may have it whole".into())
            }
            Self::Other { .. } => None,
        }
    }
}

impl StoreFault {
    fn read_only(path: PathBuf, detail: String) -> Self {
        let detail = unwritable(&path).unwrap_or(detail);
        Self::ReadOnly { path, detail }
    }

    /// What a driver error means; `path` is the database it came from.
    pub(super) fn from_driver(error: rusqlite::Error, path: &Path, seconds: u64) -> Self {
        let detail = error.to_string();
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { seconds },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::read_only(path, detail)
            }
            Some(ErrorCode::CannotOpen) => match refusal(&path) {
                Some(error) => Self::Unopened { path, why: plain(&error) },
                None => Self::read_only(path, detail),
            },
            Some(ErrorCode::SystemIoFailure) => Self::Io { path, detail },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Other { detail },
        }
    }
}

/// Why the system does not let a database be opened, which SQLite does not say. It opens three files.
fn refusal(path: &Path) -> Option<std::io::Error> {
    let opened: Vec<_> = (0..3).map(|_| std::fs::File::open(path)).collect();
    opened.into_iter().find_map(Result::err)
}

/// Why the system does not let it be written: the file, or the directory that needs two more beside it.
#[cfg(unix)]
fn unwritable(path: &Path) -> Option<String> {
    use rustix::fs::{Access, access};
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = [path, dir].into_iter().find_map(|it| access(it, Access::WRITE_OK).err());
    refused.map(|error| plain(&error.into()))
}

#[cfg(not(unix))]
fn unwritable(_: &Path) -> Option<String> {
    None
}

/// Lets the verbs use `?` on driver calls: where the transaction ends it becomes a [`StoreFault`].
impl Fault for rusqlite::Error {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

//! Why a copy is not made or not put back.

use crate::error::{Fault, Kind};
use std::path::{Path, PathBuf};

/// A backup or a restore that is refused.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// Nothing was recorded yet.
    #[error("there is no history at {}", path.display())]
    Nothing { path: PathBuf },
    /// The file is there.
    #[error("{} is there already", path.display())]
    There { path: PathBuf },
    /// The database was named for its own backup.
    #[error("{} is the history itself", path.display())]
    Itself { path: PathBuf },
    /// It is damaged.
    #[error("the copy {} is damaged: {detail}", path.display())]
    Unsound { path: PathBuf, detail: String },
    /// A restore would replace what is recorded.
    #[error("there is a history at {} already", path.display())]
    HistoryThere { path: PathBuf },
}

impl BackupFault {
    pub(super) fn unsound(path: &Path, found: &str) -> BackupFault {
        let detail = found.split_whitespace().collect::<Vec<_>>().join(" ");
        BackupFault::Unsound { path: path.to_path_buf(), detail }
    }
}

impl Fault for BackupFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Nothing { .. } => Kind::NotFound,
            Self::There { .. } | Self::Itself { .. } => Kind::Usage,
            Self::HistoryThere { .. } => Kind::Conflict,
            Self::Unsound { .. } => Kind::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Nothing { .. } => "name it with `--db FILE`".into(),
            Self::There { .. } => {
                "nothing was written; name another file, or replace it with --force".into()
            }
            Self::Itself { .. } => "name another file".into(),
            Self::Unsound { path, .. } => {
                let path = path.display();
                format!("nothing was changed; `sortie doctor --db {path}` says what is damaged in it")
            }
            Self::HistoryThere { .. } => {
                "nothing was changed; --force puts the backup in its place, and keeps it under another name"
                    .into()
            }
        })
    }
}

//! Why an export cannot be brought in.

use super::lines::FORMAT;
use crate::error::{Fault, Kind};

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedLine {
    /// From 1.
    pub line: u64,
    pub why: String,
}

fn listed(lines: &[DamagedLine], more: u64) -> String {
    let mut text: String =
        lines.iter().map(|it| format!("\n  line {}: {}", it.line, it.why)).collect();
    if more > 0 {
        text += &format!("\n  and {more} more");
    }
    text
}

/// An export that is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveFault {
    /// It does not begin as one.
    #[error("{file} is no export of sortie: {why}")]
    Foreign { file: String, why: String },
    /// A later version of this program wrote it.
    #[error("{file} has format {found}, this sortie knows up to {FORMAT}")]
    Newer { file: String, found: u32 },
    /// Some of its lines are not as they were written.
    #[error("{file} is damaged:{}", listed(lines, *more))]
    Damaged { file: String, lines: Vec<DamagedLine>, more: u64 },
    /// A record refers to another that is neither in the file nor on record.
    #[error(
        "{file}, line {line}: {record} needs {needs}, which is neither before it nor on record"
    )]
    Lacking { file: String, line: u64, record: String, needs: String },
}

impl Fault for ArchiveFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Foreign { .. } => Kind::Usage,
            Self::Newer { .. } | Self::Damaged { .. } | Self::Lacking { .. } => Kind::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Foreign { .. } => "`sortie track export --output FILE` writes one".into(),
            Self::Newer { .. } => "nothing was changed; update sortie".into(),
            Self::Damaged { .. } => {
                "nothing was changed; write it again with `sortie track export`".into()
            }
            Self::Lacking { .. } => {
                "records before it were brought in, whole; write the file again \
                                     with `sortie track export` and import that"
                    .into()
            }
        })
    }
}

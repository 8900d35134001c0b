//! Why a harness's settings were left as they are.

use super::harness::Harness;
use super::target::Scope;
use crate::error::{Fault, Kind};
use std::path::PathBuf;

/// Something that keeps hooks from being installed or removed; no file was touched.
#[derive(Debug, thiserror::Error)]
pub enum InstallFault {
    /// No harness of that name.
    #[error("there is no harness '{}'", name.escape_debug())]
    NoHarness { name: String, near: Option<String> },
    /// A harness whose way of telling has not been verified.
    #[error("not verified: how {harness} tells of its agents, so nothing is installed for it")]
    NotVerified { harness: String },
    /// The harness has no settings of that scope.
    #[error("{} has no {} settings", harness.title(), scope.name())]
    NoScope { harness: Harness, scope: Scope },
    /// Nothing says where the user's own files are.
    #[error("no home directory is known: HOME is not set")]
    NoHome,
    /// Settings cannot name the program.
    #[error("settings cannot name {}: the path is not UTF-8 text", path.display())]
    NoName { path: PathBuf },
    /// The server is registered in a file that the harness writes all the time.
    #[error("the MCP server of {} is not registered by a file that is safe to edit", harness.title())]
    ByHand { harness: Harness, command: String },
    /// The settings are no JSON.
    #[error("{} is not JSON: {why} at line {line}, column {column}", path.display())]
    NotJson { path: PathBuf, line: usize, column: usize, why: String, other: Option<String> },
    /// The settings are not UTF-8.
    #[error("{} is not UTF-8 text, from line {line} on", path.display())]
    NotText { path: PathBuf, line: usize },
    /// Something in the settings is not what the harness takes there.
    #[error("in {}, {} is not {wanted}", path.display(), if at.is_empty() { "the whole" } else { at })]
    OtherShape { path: PathBuf, at: String, wanted: &'static str },
    /// Another MCP server is called sortie.
    #[error("in {}, another server is called sortie", path.display())]
    Taken { path: PathBuf },
    /// The file was made read-only.
    #[error("{} is read-only", path.display())]
    ReadOnly { path: PathBuf },
    /// A project's file lies elsewhere.
    #[error("{} is a link out of the project, to {}", path.display(), real.display())]
    Outside { path: PathBuf, real: PathBuf },
    /// A link that leads nowhere.
    #[error("{} is a link to nothing", path.display())]
    Dangling { path: PathBuf },
    /// Somebody else wrote the file in between.
    #[error("{} was changed by somebody else in the meantime", path.display())]
    Meanwhile { path: PathBuf },
}

impl Fault for InstallFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NoHarness { .. }
            | Self::NotVerified { .. }
            | Self::NoScope { .. }
            | Self::NoHome
            | Self::NoName { .. }
            | Self::ByHand { .. }
            | Self::NotJson { .. }
            | Self::NotText { .. }
            | Self::OtherShape { .. }
            | Self::Outside { .. }
            | Self::Dangling { .. } => Kind::Usage,
            Self::Taken { .. } => Kind::Conflict,
            Self::ReadOnly { .. } => Kind::Failed,
            Self::Meanwhile { .. } => Kind::Busy,
        }
    }

    fn hint(&self) -> Option<String> {
        let shown = |path: &PathBuf| super::command::shell_word(&path.display().to_string());
        Some(match self {
            Self::NoHarness { near: Some(near), .. } => format!("sortie install {near}"),
            Self::NoHarness { .. } => {
                format!("one of {}", Harness::ALL.map(Harness::name).join(", "))
            }
            Self::NotVerified { .. } => "record by hand: sortie track init-deployment --help, \
                 sortie track record-completion --help; or let its MCP settings run: sortie mcp"
                .to_owned(),
            Self::NoScope { harness, .. } => {
                let name = harness.name();
                format!("sortie install {name}, or sortie install {name} --user")
            }
            Self::NoHome => "set HOME, or leave --user out".to_owned(),
            Self::NoName { .. } => "put a directory with sortie in it on PATH".to_owned(),
            Self::ByHand { harness: Harness::Codex, command } => {
                format!("codex mcp add sortie -- {command} mcp")
            }
            Self::ByHand { command, .. } => {
                format!("claude mcp add --scope user sortie -- {command} mcp")
            }
            Self::NotJson { other: Some(other), .. } => {
                format!("mend it, or use your own settings for this project: {other}")
            }
            Self::NotJson { path, .. } | Self::NotText { path, .. } => {
                format!("nothing was changed; mend it there: ${{EDITOR:-vi}} {}", shown(path))
            }
            Self::OtherShape { path, .. } | Self::Taken { path } => {
                format!("nothing was changed; look there: ${{EDITOR:-vi}} {}", shown(path))
            }
            Self::ReadOnly { path } => {
                format!("if it may be changed: chmod u+w {}", shown(path))
            }
            Self::Outside { .. } => "to install for all projects: the same with --user".to_owned(),
            Self::Dangling { path } => {
                format!("make what it leads to, or take it away: rm {}", shown(path))
            }
            Self::Meanwhile { .. } => "nothing was written; run it again".to_owned(),
        })
    }
}

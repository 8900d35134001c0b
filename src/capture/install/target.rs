//! The files that are written to: where each harness has them, and what stands in them.

use super::fault::InstallFault;
use super::harness::Harness;
use super::surroundings::Surroundings;
use crate::error::{IoContext, Result};
use crate::files::read_named;
use serde::Serialize;
use serde::de::IgnoredAny;
use std::path::{Path, PathBuf};

/// Settings are a few kilobytes; what is larger than this is none.
const LARGEST: u64 = 64 << 20;

const BOM: &str = "\u{feff}";

/// Whose settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The user's, for all projects.
    User,
    /// The project's, for all who work on it.
    #[default]
    Project,
    /// The user's own for this project.
    Local,
}

impl Scope {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
        }
    }

    /// The option that asks for it, with a blank before; the usual one needs none.
    pub fn option(self) -> &'static str {
        match self {
            Self::User => " --user",
            Self::Project => "",
            Self::Local => " --local",
        }
    }
}

/// Where a harness's files are, in one scope.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    pub harness: Harness,
    pub scope: Scope,
    /// The project's root.
    pub root: &'p Path,
    pub surroundings: &'p Surroundings,
}

impl Place<'_> {
    /// The file that hooks stand in.
    pub fn settings(&self) -> Result<PathBuf> {
        let of_user = |dir: Option<PathBuf>| dir.ok_or(InstallFault::NoHome);
        Ok(match (self.harness, self.scope) {
            (Harness::ClaudeCode, Scope::User) => {
                of_user(self.surroundings.claude_dir())?.join("settings.json")
            }
            (Harness::ClaudeCode, Scope::Project) => self.root.join(".claude/settings.json"),
            (Harness::ClaudeCode, Scope::Local) => self.root.join(".claude/settings.local.json"),
            (Harness::Codex, Scope::User) => {
                of_user(self.surroundings.codex_dir())?.join("hooks.json")
            }
            (Harness::Codex, Scope::Project) => self.root.join(".codex/hooks.json"),
            (Harness::Gemini, Scope::User) => {
                of_user(self.surroundings.gemini_dir())?.join("settings.json")
            }
            (Harness::Gemini, Scope::Project) => self.root.join(".gemini/settings.json"),
            (harness, scope @ Scope::Local) => {
                return Err(InstallFault::NoScope { harness, scope }.into());
            }
        })
    }

    /// The file that MCP servers stand in, where that is one to write to.
    pub fn servers(&self) -> Result<Option<PathBuf>> {
        Ok(match (self.harness, self.scope) {
            (Harness::ClaudeCode, Scope::Project) => Some(self.root.join(".mcp.json")),
            (Harness::Gemini, _) => Some(self.settings()?),
            // State files that the harness itself writes, and TOML.
            (Harness::ClaudeCode | Harness::Codex, _) => None,
        })
    }

    /// Where the skill is read from.
    pub fn skill(&self) -> Result<PathBuf> {
        let dir = match (self.harness, self.scope) {
            (Harness::ClaudeCode, Scope::User) => self.surroundings.claude_dir(),
            (Harness::ClaudeCode, _) => Some(self.root.join(".claude")),
            (_, Scope::User) => self.surroundings.in_home(".agents"),
            (_, _) => Some(self.root.join(".agents")),
        };
        Ok(dir.ok_or(InstallFault::NoHome)?.join("skills/sortie/SKILL.md"))
    }

    /// Looks at one of these files.
    pub fn target(&self, path: PathBuf) -> Result<Target> {
        let real = resolve(&path)?;
        let root = self.root.canonicalize().or_cannot("find", self.root)?;
        if self.scope != Scope::User && !real.starts_with(&root) {
            return Err(InstallFault::Outside { path, real }.into());
        }
        let before = match real.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            _ => Some(read_named(&real, LARGEST)?),
        };
        Ok(Target { path, real, before })
    }
}

/// A text of the harness's own that may not be there.
pub fn read_small(path: &Path, largest: u64) -> Option<String> {
    String::from_utf8(read_named(path, largest).ok()?).ok()
}

/// Where a file really is, or would be: links are followed, so that they stay.
fn resolve(path: &Path) -> Result<PathBuf> {
    if path.symlink_metadata().is_ok() {
        return match path.exists() {
            true => path.canonicalize().or_cannot("find", path),
            false => Err(InstallFault::Dangling { path: path.to_path_buf() }.into()),
        };
    }
    let above = path.ancestors().find(|it| it.exists()).unwrap_or(path);
    let rest = path.strip_prefix(above).expect("it is an ancestor");
    Ok(above.canonicalize().or_cannot("find", above)?.join(rest))
}

/// A path as it is told: from the project's root, if it lies in there.
pub fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// A file that may be written to.
#[derive(Debug, Clone)]
pub struct Target {
    /// As it is called.
    pub path: PathBuf,
    /// Where it is.
    pub real: PathBuf,
    /// What stands in it; none if it is not there.
    pub before: Option<Vec<u8>>,
}

impl Target {
    /// Its text, which must be JSON; `{}` where there is nothing yet.
    pub fn json(&self, place: Place<'_>) -> Result<Text> {
        let text = Text::of(self.before.as_deref().unwrap_or_default())
            .map_err(|line| InstallFault::NotText { path: self.path.clone(), line })?;
        match serde_json::from_str::<IgnoredAny>(&text.text) {
            Ok(_) => Ok(text),
            Err(error) => Err(self.not_json(&text.text, &error, place).into()),
        }
    }

    fn not_json(&self, text: &str, error: &serde_json::Error, place: Place<'_>) -> InstallFault {
        let (line, column) = (error.line(), error.column());
        let there = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let from: String = there.chars().skip(column.saturating_sub(1)).collect();
        let told = error.to_string();
        let why = match from.as_bytes() {
            [b'/', b'/' | b'*', ..] => "a comment",
            [b'}' | b']', ..] if told.starts_with("key must") || told.starts_with("trailing") => {
                "a comma before a closing bracket"
            }
            _ => told.split(" at line").next().unwrap_or_default(),
        };
        let why = why.to_owned();
        let name = place.harness.name();
        let is_shared = place.harness == Harness::ClaudeCode && place.scope == Scope::Project;
        let other = is_shared.then(|| format!("sortie install {name} --local"));
        InstallFault::NotJson { path: self.path.clone(), line, column, why, other }
    }

    /// Whether it was made so that nobody writes to it.
    pub fn writable(&self) -> Result<()> {
        let read_only = self.real.metadata().is_ok_and(|it| is_read_only(&it));
        match read_only {
            true => Err(InstallFault::ReadOnly { path: self.path.clone() }.into()),
            false => Ok(()),
        }
    }
}

fn is_read_only(found: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        found.permissions().mode() & 0o222 == 0
    }
    #[cfg(not(unix))]
    found.permissions().readonly()
}

/// A text without the mark of byte order that it may begin with.
#[derive(Debug, Clone)]
pub struct Text {
    mark: &'static str,
    pub text: String,
}

impl Text {
    /// Of a file's bytes. What has nothing but blanks becomes `{}`; what is no text fails with the
    /// first line that is none.
    pub fn of(bytes: &[u8]) -> Result<Text, usize> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let newlines = bytes[..error.valid_up_to()].iter().filter(|it| **it == b'\n');
            newlines.count() + 1
        })?;
        let (mark, text) = match text.strip_prefix(BOM) {
            Some(rest) => (BOM, rest),
            None => ("", text),
        };
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        Ok(Text { mark, text: text.to_owned() })
    }

    /// Another text in the same file.
    pub fn bytes_with(&self, text: &str) -> Vec<u8> {
        [self.mark, text].concat().into_bytes()
    }
}

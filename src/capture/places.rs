//! Where harnesses write the transcripts of a project.

use super::Harness;
use super::fields::text;
use super::install::Surroundings;
use crate::error::Result;
use crate::workspace::{Options, Workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The directories that harnesses have for themselves.
#[derive(Debug, Clone, Default)]
pub struct HarnessHomes {
    /// `~/.claude`, or what `CLAUDE_CONFIG_DIR` names.
    pub claude: Option<PathBuf>,
    /// `~/.codex`, or what `CODEX_HOME` names.
    pub codex: Option<PathBuf>,
    /// `~/.gemini`, or that in what `GEMINI_CLI_HOME` names.
    pub gemini: Option<PathBuf>,
}

/// A project that transcripts tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where its sessions ran.
    pub cwd: PathBuf,
    /// Its transcripts: directories of them, or files.
    pub transcripts: Vec<PathBuf>,
}

/// How many lines at the beginning of a transcript may be without a directory.
const FIRST_LINES: usize = 40;
/// A first line may hold a whole prompt.
const FIRST_BYTES: u64 = 1 << 20;

impl HarnessHomes {
    /// Where they are by what surrounds a process.
    pub fn of(surroundings: &Surroundings) -> HarnessHomes {
        HarnessHomes {
            claude: surroundings.claude_dir(),
            codex: surroundings.codex_dir(),
            gemini: surroundings.gemini_dir(),
        }
    }

    /// Without those of any other harness.
    pub fn only(self, harness: Harness) -> HarnessHomes {
        let none = HarnessHomes::default();
        match harness {
            Harness::ClaudeCode => HarnessHomes { claude: self.claude, ..none },
            Harness::Codex => HarnessHomes { codex: self.codex, ..none },
            Harness::Gemini => HarnessHomes { gemini: self.gemini, ..none },
        }
    }

    /// The transcripts of sessions that ran in `root` or beneath it.
    pub fn transcripts_of(&self, root: &Path) -> Vec<PathBuf> {
        let mut found = self.claude_dirs();
        // Many names can be of one directory, none of another one.
        let name = encoded(root);
        found.retain(|dir| {
            let of_dir = dir.file_name().map(|it| it.to_string_lossy().into_owned());
            let is_named =
                of_dir.as_deref().is_some_and(|it| encoded(it.as_ref()).starts_with(&name));
            is_named && cwd_of_dir(dir).is_none_or(|cwd| is_within(&cwd, root))
        });
        let rollouts = self.rollouts();
        let is_of_root = |path: &PathBuf| cwd_of(path).is_some_and(|cwd| is_within(&cwd, root));
        found.extend(rollouts.into_iter().filter(is_of_root));
        let chats = self.chats().into_iter().filter(|(cwd, _)| is_within(cwd, root));
        found.extend(chats.map(|(_, dir)| dir));
        found
    }

    /// All projects that transcripts tell of, in the order of their directories.
    pub fn all(&self) -> Vec<Told> {
        let mut all: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for dir in self.claude_dirs() {
            if let Some(cwd) = cwd_of_dir(&dir) {
                all.entry(cwd).or_default().push(dir);
            }
        }
        for rollout in self.rollouts() {
            if let Some(cwd) = cwd_of(&rollout) {
                all.entry(cwd).or_default().push(rollout);
            }
        }
        for (cwd, dir) in self.chats() {
            all.entry(cwd).or_default().push(dir);
        }
        all.into_iter().map(|(cwd, transcripts)| Told { cwd, transcripts }).collect()
    }

    fn claude_dirs(&self) -> Vec<PathBuf> {
        let projects = self.claude.as_ref().map(|home| home.join("projects"));
        let mut dirs = projects.map(|dir| entries(&dir)).unwrap_or_default();
        dirs.retain(|path| path.is_dir());
        dirs
    }

    /// Projects of Gemini CLI, and where it keeps their sessions.
    fn chats(&self) -> Vec<(PathBuf, PathBuf)> {
        let projects = self.gemini.as_ref().map(|home| home.join("tmp"));
        let dirs = projects.map(|dir| entries(&dir)).unwrap_or_default().into_iter();
        let chats = dirs.filter_map(|dir| {
            let root = std::fs::read_to_string(dir.join(".project_root")).ok()?;
            Some((PathBuf::from(root.trim_end()), dir.join("chats")))
        });
        chats.filter(|(_, dir)| dir.is_dir()).collect()
    }

    fn rollouts(&self) -> Vec<PathBuf> {
        let mut dirs: Vec<PathBuf> = self.codex.iter().map(|home| home.join("sessions")).collect();
        let mut files = Vec::new();
        while let Some(dir) = dirs.pop() {
            for path in entries(&dir) {
                match path.is_dir() {
                    true => dirs.push(path),
                    false if path.extension().is_some_and(|it| it == "jsonl") => files.push(path),
                    false => {}
                }
            }
        }
        files.sort_unstable();
        files
    }
}

impl Told {
    /// The project itself; nothing, if its directory is gone.
    pub fn open(&self, options: &Options) -> Result<Option<Workspace>> {
        match self.cwd.is_dir() {
            true => {
                let options = Options { cwd: self.cwd.clone(), ..options.clone() };
                Workspace::open(options).map(Some)
            }
            false => Ok(None),
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths
}

/// A path as Claude Code names a directory after it.
fn encoded(path: &Path) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    path.to_string_lossy().chars().map(plain).collect()
}

fn is_within(cwd: &Path, root: &Path) -> bool {
    cwd.starts_with(root) || cwd.canonicalize().is_ok_and(|cwd| cwd.starts_with(root))
}

fn cwd_of_dir(dir: &Path) -> Option<PathBuf> {
    let mut files = entries(dir);
    files.retain(|path| path.extension().is_some_and(|it| it == "jsonl"));
    files.iter().find_map(|path| cwd_of(path))
}

/// The directory in which a session ran, by the first record that says so.
fn cwd_of(path: &Path) -> Option<PathBuf> {
    let file = std::fs::File::open(path).ok()?;
    let lines = BufReader::new(file.take(FIRST_BYTES)).lines();
    let records = lines
        .take(FIRST_LINES)
        .map_while(|line| line.ok())
        .filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let cwd = |it: Value| {
        let of_rollout = it.get("payload").and_then(|payload| text(payload, "cwd"));
        text(&it, "cwd").or(of_rollout).map(PathBuf::from)
    };
    records.into_iter().find_map(cwd)
}

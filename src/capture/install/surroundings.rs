//! What of a process's surroundings decides where settings are, and what they call.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where the user's own files are, and where programs are looked for.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Where Claude Code's own files are, if not in `~/.claude`: `CLAUDE_CONFIG_DIR`.
    pub claude: Option<PathBuf>,
    /// Where Codex's own files are, if not in `~/.codex`: `CODEX_HOME`.
    pub codex: Option<PathBuf>,
    /// The directory that has Gemini CLI's `.gemini`, if not the home directory: `GEMINI_CLI_HOME`.
    pub gemini: Option<PathBuf>,
    /// The directories of programs, as `PATH` has them.
    pub path: Option<OsString>,
    /// The sortie that runs.
    pub program: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Surroundings {
        let named = |name| std::env::var_os(name).filter(|it: &OsString| !it.is_empty());
        let dir = |name| named(name).map(PathBuf::from).filter(|it| it.is_absolute());
        Surroundings {
            home: dir("HOME").or_else(|| dir("USERPROFILE")),
            claude: dir("CLAUDE_CONFIG_DIR"),
            codex: dir("CODEX_HOME"),
            gemini: dir("GEMINI_CLI_HOME"),
            path: named("PATH"),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("sortie")),
        }
    }

    /// Where Claude Code's own files are.
    pub fn claude_dir(&self) -> Option<PathBuf> {
        self.claude.clone().or_else(|| self.in_home(".claude"))
    }

    /// Where Codex's own files are.
    pub fn codex_dir(&self) -> Option<PathBuf> {
        self.codex.clone().or_else(|| self.in_home(".codex"))
    }

    /// Where Gemini CLI's own files are.
    pub fn gemini_dir(&self) -> Option<PathBuf> {
        let home = self.gemini.as_ref().or(self.home.as_ref());
        Some(home?.join(".gemini"))
    }

    /// A path in the home directory.
    pub fn in_home(&self, name: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(name))
    }
}

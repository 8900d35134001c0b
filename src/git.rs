//! What git says of a project: its top level, the main worktree behind a linked one, the commit that
//! is checked out, and which lines of a file are new. All of it is optional: no git, no answer.

use crate::files::read_named;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// A git work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    /// Its top directory.
    pub top: PathBuf,
    /// The repository's own directory for this work tree: `.git`, or one below `worktrees/`.
    git_dir: PathBuf,
    /// The directory that all work trees of the repository share.
    common_dir: PathBuf,
}

impl WorkTree {
    /// The work tree that `dir` lies in. Reads files only, so that it costs no process.
    pub fn of(dir: &Path) -> Option<WorkTree> {
        let top = dir.ancestors().find(|above| above.join(".git").exists())?;
        let dot_git = top.join(".git");
        let git_dir = match dot_git.is_dir() {
            true => dot_git,
            // A linked work tree or a submodule: a file that says where.
            false => {
                let text = short(&dot_git)?;
                let target = text.strip_prefix("gitdir:")?.trim();
                top.join(target).canonicalize().ok()?
            }
        };
        let common_dir = match short(&git_dir.join("commondir")) {
            Some(text) => git_dir.join(text.trim()).canonicalize().ok()?,
            None => git_dir.clone(),
        };
        Some(WorkTree { top: top.to_path_buf(), git_dir, common_dir })
    }

    /// The top of the repository's main work tree, if this one is linked to it.
    pub fn main_top(&self) -> Option<&Path> {
        let linked = self.git_dir != self.common_dir;
        let main = self.common_dir.parent().filter(|_| self.common_dir.ends_with(".git"));
        main.filter(|_| linked)
    }

    /// What the repository leaves out besides what its `.gitignore` files say.
    pub fn excludes(&self) -> PathBuf {
        self.common_dir.join("info/exclude")
    }

    /// The commit that is checked out, if there is one yet.
    pub fn head(&self) -> Option<String> {
        let head = short(&self.git_dir.join("HEAD"))?;
        match head.trim().strip_prefix("ref: ") {
            None => Some(head.trim().to_owned()),
            Some(name) => self.reference(name),
        }
        .filter(|commit| commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()))
    }

    fn reference(&self, name: &str) -> Option<String> {
        // A name is a path there; one that leads elsewhere is none.
        if Path::new(name).components().any(|it| !matches!(it, Component::Normal(_))) {
            return None;
        }
        if let Some(loose) = short(&self.common_dir.join(name)) {
            return Some(loose.trim().to_owned());
        }
        let packed = short(&self.common_dir.join("packed-refs"))?;
        let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(_, reference)| *reference == name).map(|(commit, _)| commit.to_owned())
    }

    /// Lines of the file `path` added to and removed from what it was in `base` (a commit), the
    /// uncommitted ones included. A file that git does not track is new from the first line on; it has
    /// that many, as was found when it was read.
    pub fn changed_lines(&self, path: &Path, base: &str, lines: Option<u64>) -> Option<Changed> {
        let diff = self.git(
            &["diff", "--numstat", "--no-ext-diff", "--no-textconv", "--no-renames", base, "--"],
            path,
        )?;
        let text = String::from_utf8(diff.stdout).ok().filter(|_| diff.status.success());
        let changed = text.as_deref().and_then(figures);
        // Lines that were added tell that git tracks the file; that saves asking, which takes a process.
        if changed.is_some_and(|lines| lines.added > 0) {
            return changed;
        }
        let tracked = self.git(&["ls-files", "--error-unmatch", "--"], path)?;
        match tracked.status.code() {
            Some(1) => lines.map(|added| Changed { added, removed: 0 }),
            _ => changed,
        }
    }

    fn git(&self, arguments: &[&str], path: &Path) -> Option<std::process::Output> {
        Command::new("git")
            .arg("--literal-pathspecs")
            // A configuration that came with the tree could name a program to run.
            .args(["-c", "core.fsmonitor=false"])
            .arg("-C")
            .arg(&self.top)
            .args(arguments)
            .arg(path)
            // Another repository's directory in the environment would be asked instead.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .stdin(Stdio::null())
            .output()
            .ok()
    }
}

/// The largest of git's files that are read here, in bytes: the list of packed references is long.
const LARGEST: u64 = 64 << 20;

/// One of git's own files; a pipe in its place would be waited for.
fn short(path: &Path) -> Option<String> {
    String::from_utf8(read_named(path, LARGEST).ok()?).ok()
}

/// What `git diff --numstat` says of one file; `None` if it cannot be read.
fn figures(numstat: &str) -> Option<Changed> {
    let mut figures = numstat.split('\t');
    match (figures.next().map(str::trim), figures.next()) {
        (Some(added), Some(removed)) => {
            // `-` stands for a binary file.
            Some(Changed { added: added.parse().ok()?, removed: removed.parse().ok()? })
        }
        _ => Some(Changed { added: 0, removed: 0 }),
    }
}

/// Lines added and removed; a line that was changed counts as both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub added: u64,
    pub removed: u64,
}

impl Changed {
    /// Lines that replace others.
    pub fn modified(self) -> u64 {
        self.added.min(self.removed)
    }
}

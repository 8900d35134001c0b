//! The ignore files that a walk reads by itself: each must be a file of a reasonable size, or the walk
//! would wait for ever, or fill the memory.

use super::named::open_named;
use super::trouble::{Trouble, kind_of};
use std::path::{Path, PathBuf};

/// The largest ignore file, in bytes.
const LARGEST: u64 = 4 << 20;

/// An ignore file of the directory `dir` that must not be opened, and why.
pub fn unusable_ignore_file(dir: &Path) -> Option<(PathBuf, Trouble)> {
    let own = [".gitignore", ".ignore"].into_iter().find_map(|name| unusable(dir.join(name)));
    own.or_else(|| unusable_in_git(dir.join(".git")))
}

fn unusable(path: PathBuf) -> Option<(PathBuf, Trouble)> {
    // What cannot be looked at cannot be opened.
    let found = std::fs::metadata(&path).ok()?;
    match found.is_file() {
        false => Some((path, Trouble::NotAFile(kind_of(&found)))),
        true if found.len() > LARGEST => Some((path, Trouble::TooLarge(found.len()))),
        true => None,
    }
}

/// The repository's own excludes, wherever its `.git` says that it is.
fn unusable_in_git(dot_git: PathBuf) -> Option<(PathBuf, Trouble)> {
    let found = std::fs::metadata(&dot_git).ok()?;
    if found.is_dir() {
        return unusable(dot_git.join("info/exclude"));
    }
    if !found.is_file() {
        return None;
    }
    let first_line = |path: &Path| -> Result<Option<PathBuf>, Trouble> {
        let bytes = open_named(path)?.read(LARGEST)?;
        let line = String::from_utf8(bytes).ok();
        Ok(line.and_then(|text| text.lines().next().map(PathBuf::from)))
    };
    let git_dir = match first_line(&dot_git) {
        Ok(line) => line?.to_str()?.strip_prefix("gitdir: ").map(PathBuf::from)?,
        Err(trouble) => return Some((dot_git, trouble)),
    };
    let pointer = git_dir.join("commondir");
    if let Some(unusable) = unusable(pointer.clone()) {
        return Some(unusable);
    }
    let common = first_line(&pointer).ok()??;
    unusable(git_dir.join(common).join("info/exclude"))
}

//! What a selection was found by, so that next time it can be told in milliseconds that it would be
//! found again: build systems call this a verifying trace.
//!
//! A selection follows from what was asked for, from the directories that were listed, from the ignore
//! files that count there, and from the files that were read. As long as the system says of each of
//! them what it said before ([`Stamp`]), nothing need be walked, and no cache of files asked.

use super::root::Root;
use crate::git::WorkTree;
use crate::store::Stamp;
use rayon::prelude::*;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Something that a selection was found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Seen {
    /// A directory that was listed, a file that was read, an ignore file that counts, there or not.
    Plain(PathBuf),
    /// What may be a link, or lie behind one: where it leads counts too.
    Led(PathBuf),
}

/// The ignore files of a directory; what git excludes besides is found by [`excludes`].
const IGNORE_FILES: [&str; 2] = [".gitignore", ".ignore"];

/// From how many on it is worth to look by several threads: a look takes a microsecond, to begin a thread
/// a hundred.
const MANY: usize = 512;

/// What else a name in a listing says about the selection.
pub fn seen_in_listing(directory: &Path, name: &OsStr, is_link: bool) -> Option<Seen> {
    let path = || directory.join(name);
    match () {
        () if is_link => Some(Seen::Led(path())),
        () if IGNORE_FILES.iter().any(|file| name == *file) => Some(Seen::Plain(path())),
        () if name == ".git" => excludes(directory).map(Seen::Plain),
        () => None,
    }
}

/// What counts in a walk of `directory` and stands outside it: its own place, the ignore files above,
/// and the user's own excludes.
pub fn seen_around(directory: &Path) -> Vec<Seen> {
    let real = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let mut seen = vec![Seen::Led(directory.to_path_buf())];
    for above in real.ancestors().skip(1) {
        seen.extend(IGNORE_FILES.map(|name| Seen::Plain(above.join(name))));
        let dot_git = above.join(".git");
        seen.extend(excludes(above).map(Seen::Plain));
        seen.push(Seen::Plain(dot_git));
    }
    seen.extend(ignore::gitignore::gitconfig_excludes_path().map(Seen::Plain));
    seen
}

/// The file of a repository's own excludes, if `directory` is the top of a work tree.
fn excludes(directory: &Path) -> Option<PathBuf> {
    directory.join(".git").symlink_metadata().ok()?;
    WorkTree::of(directory).map(|tree| tree.excludes())
}

/// The trace of what was seen, if all of it was as it is now when the selection began; what changed
/// meanwhile, or just before, may have been seen as it was.
pub fn trace(seen: &[Seen], began: SystemTime) -> Option<Vec<u8>> {
    let traced: Option<Vec<Vec<u8>>> = seen.par_iter().map(|seen| traced(seen, began)).collect();
    Some(traced?.concat())
}

fn traced(seen: &Seen, began: SystemTime) -> Option<Vec<u8>> {
    let (kind, path) = match seen {
        Seen::Plain(path) => (PLAIN, path),
        Seen::Led(path) => (LED, path),
    };
    let look = look(kind, path)?;
    if !look.stamp.is_none_or(|stamp| stamp.is_settled(began)) {
        return None;
    }
    let mut bytes = vec![kind];
    for part in [bytes_of(path), &look.to_bytes()] {
        bytes.extend(u32::try_from(part.len()).ok()?.to_le_bytes());
        bytes.extend(part);
    }
    Some(bytes)
}

/// Whether all that a trace names is as it was.
pub fn is_unchanged(trace: &[u8]) -> bool {
    let mut rest = trace;
    let entries: Option<Vec<_>> = std::iter::from_fn(|| {
        (!rest.is_empty()).then(|| {
            let (kind, after) = rest.split_first()?;
            rest = after;
            Some((*kind, part(&mut rest)?, part(&mut rest)?))
        })
    })
    .collect();
    let is_same = |(kind, path, then): &(u8, &[u8], &[u8])| {
        let now = path_of(path).and_then(|path| look(*kind, path));
        now.is_some_and(|now| now.to_bytes() == *then)
    };
    entries.is_some_and(|entries| match entries.len() < MANY {
        true => entries.iter().all(is_same),
        false => entries.par_iter().with_min_len(MANY / 2).all(is_same),
    })
}

/// The next part, behind its length.
fn part<'t>(rest: &mut &'t [u8]) -> Option<&'t [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(part)
}

const PLAIN: u8 = 0;
const LED: u8 = 1;

/// What the system says of a path.
struct Look {
    /// Nothing where there is nothing.
    stamp: Option<Stamp>,
    /// Where it leads, if that matters and there is something.
    target: Option<PathBuf>,
}

impl Look {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.stamp.map_or(Vec::new(), |stamp| stamp.to_bytes().to_vec());
        bytes.extend(self.target.iter().flat_map(|target| bytes_of(target)));
        bytes
    }
}

/// Nothing where the system tells too little of a file to know it again.
fn look(kind: u8, path: &Path) -> Option<Look> {
    let target = (kind == LED).then(|| path.canonicalize().ok());
    let found = match &target {
        Some(None) => None,
        Some(Some(target)) => target.symlink_metadata().ok(),
        None => path.symlink_metadata().ok(),
    };
    let stamp = match found {
        Some(found) => Some(Stamp::of(&found)?),
        None => None,
    };
    Some(Look { stamp, target: target.flatten() })
}

fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

/// What tells two selections apart that would look at the same things.
pub fn key(root: &Root, asked: &impl std::fmt::Debug) -> [u8; 32] {
    *blake3::hash(format!("{root:?} {asked:?}").as_bytes()).as_bytes()
}

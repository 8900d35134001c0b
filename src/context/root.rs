//! The fence around the project: what lies inside its root, and opening nothing else.

use super::names::{escaped, unescaped};
use crate::error::plain;
use crate::files::{Beneath, Opened, Trouble, kind_of, patiently};
use crate::model::SkipReason;
use crate::render;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Why a file cannot be read, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub reason: SkipReason,
    pub detail: Option<String>,
}

impl Refusal {
    pub fn new(reason: SkipReason, detail: impl Into<Option<String>>) -> Refusal {
        Refusal { reason, detail: detail.into() }
    }
}

/// Version control's and sortie's own files are no part of any project's text.
pub(super) fn is_never_context(name: &OsStr) -> bool {
    let own = [".git", ".hg", ".jj", ".svn", ".sortie"];
    match cfg!(any(target_os = "macos", windows)) {
        // There `.GIT` is the same directory.
        true => own.iter().any(|own| name.eq_ignore_ascii_case(own)),
        false => own.iter().any(|own| name == *own),
    }
}

/// The project's root directory, and the directory that relative paths are given from.
#[derive(Debug, Clone)]
pub struct Root {
    beneath: Arc<Beneath>,
    cwd: PathBuf,
}

impl Root {
    /// `dir` with links resolved; `cwd` as it is, for relative paths.
    pub fn new(dir: &Path, cwd: &Path) -> std::io::Result<Root> {
        Ok(Root { beneath: Arc::new(Beneath::open(dir)?), cwd: cwd.canonicalize()? })
    }

    /// The root itself, absolute, links resolved.
    pub fn dir(&self) -> &Path {
        self.beneath.path()
    }

    /// The root held open, for who knows a file in it by name.
    pub fn beneath(&self) -> &Beneath {
        &self.beneath
    }

    /// Where a path that the user gave points, without following a link at its end: absolute, `.`
    /// and `..` taken out. A path that leads into the root through links gets the root's own name.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let mut clean = PathBuf::new();
        for part in self.cwd.join(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    clean.pop();
                }
                other => clean.push(other),
            }
        }
        if clean.starts_with(self.dir()) {
            return clean;
        }
        let real = clean.parent().and_then(|parent| parent.canonicalize().ok());
        match (real, clean.file_name()) {
            (Some(real), Some(name)) if real.starts_with(self.dir()) => real.join(name),
            _ => clean,
        }
    }

    /// A path as bundles name it: from the root, with `/`; outside the root it stays absolute. No two
    /// paths have one name: bytes that are no text are written `\xff`, and what reads like that `\x5cxff`.
    pub fn name(&self, absolute: &Path) -> String {
        let inner = absolute.strip_prefix(self.dir()).unwrap_or(absolute);
        let text = escaped(inner);
        match (text.is_empty(), std::path::MAIN_SEPARATOR) {
            (true, _) => ".".to_owned(),
            (false, '/') => text,
            (false, separator) => text.replace(separator, "/"),
        }
    }

    /// Where what [`Root::name`] named stands.
    pub fn located(&self, name: &str) -> PathBuf {
        self.dir().join(unescaped(name))
    }

    /// The file a path leads to, all links followed, if that lies inside the root.
    fn inside(&self, absolute: &Path) -> Result<PathBuf, Refusal> {
        let real = self.beneath.resolve(absolute).map_err(refusal)?;
        let inner = real.strip_prefix(self.dir()).expect("it was resolved to lie there");
        match inner.iter().any(is_never_context) {
            // Whatever link or spelling leads there.
            true => Err(Refusal::new(
                SkipReason::Ignored,
                "it belongs to version control or to sortie".to_owned(),
            )),
            false => Ok(real),
        }
    }

    /// What a path leads to inside the root, and whether that is a directory.
    pub fn look(&self, absolute: &Path) -> Result<FoundFile, Refusal> {
        let path = self.inside(absolute)?;
        let metadata = look_at(&path)?;
        let by_link = path.as_os_str() != absolute.as_os_str();
        Ok(FoundFile { path, metadata, by_link })
    }

    /// The regular file that a path leads to, inside the root; it is not opened. What a walk met is no
    /// link, or was looked at there: it lies where it was met.
    pub fn find(&self, absolute: &Path, walked: bool) -> Result<FoundFile, Refusal> {
        if walked {
            let metadata = look_at(absolute)?;
            if metadata.is_file() {
                return Ok(FoundFile { path: absolute.to_path_buf(), metadata, by_link: false });
            }
        }
        self.look(absolute)?.regular()
    }

    /// The same, even of what is no context, such as a template in sortie's own directory.
    pub fn find_any(&self, absolute: &Path) -> Result<FoundFile, Refusal> {
        let path = self.beneath.resolve(absolute).map_err(refusal)?;
        let metadata = look_at(&path)?;
        FoundFile { path, metadata, by_link: false }.regular()
    }

    /// Reads such a file, if it has no more than `limit` bytes. The only way to a file's bytes: whatever
    /// became of it since it was found, what is opened is a regular file inside the root, and it is whole.
    pub fn read(&self, found: &FoundFile, limit: u64) -> Result<Content, Refusal> {
        self.patiently(found, |opened| {
            let bytes = opened.read(limit).map_err(|trouble| match trouble {
                Trouble::TooLarge(bytes) => too_large(bytes, limit),
                other => refusal(other),
            })?;
            Ok(Content { bytes, metadata: opened.metadata().clone() })
        })
    }

    /// The length and the blake3 of such a file, whatever its size.
    pub fn hash(&self, found: &FoundFile) -> Result<Hashed, Refusal> {
        self.patiently(found, |opened| Hashed::of(opened).map_err(refusal))
    }

    fn patiently<T>(
        &self,
        found: &FoundFile,
        take: impl Fn(&mut Opened) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let attempt = || take(&mut self.open(&found.path)?);
        patiently(attempt, |refusal| refusal.reason == SkipReason::Changed)
    }

    fn open(&self, path: &Path) -> Result<Opened, Refusal> {
        match self.beneath.open_file(path) {
            // It has been put there meanwhile, or is above what a walk met: where does it lead now?
            Err(Trouble::Link) => self.beneath.open_file(&self.inside(path)?).map_err(refusal),
            outcome => outcome.map_err(refusal),
        }
    }
}

/// A file inside the root, before it is opened.
pub struct FoundFile {
    /// All links followed.
    pub path: PathBuf,
    pub metadata: std::fs::Metadata,
    /// Whether links were followed.
    pub by_link: bool,
}

impl FoundFile {
    fn regular(self) -> Result<FoundFile, Refusal> {
        match self.metadata.is_file() {
            true => Ok(self),
            false => Err(Refusal::new(SkipReason::NotAFile, kind_of(&self.metadata).to_owned())),
        }
    }
}

/// The bytes of a file, and what the system said of it when it was open.
pub struct Content {
    pub bytes: Vec<u8>,
    pub metadata: std::fs::Metadata,
}

/// What is kept of a file that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// In bytes.
    pub size: u64,
    /// blake3, lower-case hex.
    pub hash: String,
    /// How many lines it has; none if it is binary.
    pub lines: Option<u64>,
}

impl Hashed {
    /// Of an open file.
    pub fn of(opened: &mut Opened) -> Result<Hashed, Trouble> {
        let mut hasher = blake3::Hasher::new();
        let (mut newlines, mut last, mut is_text) = (0, b'\n', true);
        let size = opened.pour(|piece| {
            hasher.update(piece);
            newlines += memchr::memchr_iter(b'\n', piece).count() as u64;
            is_text &= memchr::memchr(0, piece).is_none();
            last = piece.last().copied().unwrap_or(last);
        })?;
        let lines = newlines + u64::from(last != b'\n');
        let hash = hasher.finalize().to_hex().to_string();
        Ok(Hashed { size, hash, lines: is_text.then_some(lines) })
    }
}

fn look_at(path: &Path) -> Result<std::fs::Metadata, Refusal> {
    std::fs::symlink_metadata(path).map_err(|error| refusal(error.into()))
}

/// Why a file is not taken, in the words of a bundle.
pub(super) fn refusal(trouble: Trouble) -> Refusal {
    match trouble {
        Trouble::Io(error) => Refusal::new(SkipReason::Unreadable, plain(&error)),
        Trouble::NotAFile(kind) => Refusal::new(SkipReason::NotAFile, kind.to_owned()),
        Trouble::TooLarge(bytes) => Refusal::new(SkipReason::TooLarge, render::bytes(bytes)),
        // Where it leads is this machine's business: bundles of the same tree are the same.
        Trouble::Outside { by_link: true } => {
            Refusal::new(SkipReason::OutsideRoot, "a link out of it".to_owned())
        }
        Trouble::Outside { by_link: false } => Refusal::new(SkipReason::OutsideRoot, None),
        Trouble::Link | Trouble::Changed => Refusal::new(SkipReason::Changed, None),
    }
}

pub(super) fn too_large(bytes: u64, limit: u64) -> Refusal {
    Refusal::new(
        SkipReason::TooLarge,
        format!("{} > {}", render::bytes(bytes), render::bytes(limit)),
    )
}

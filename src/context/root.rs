//! The fence around the project: what lies inside its root, and opening nothing else.

use crate::error::plain;
use crate::model::SkipReason;
use crate::render;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

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
    [".git", ".hg", ".jj", ".svn", ".sortie"].iter().any(|own| name == *own)
}

/// The project's root directory, and the directory that relative paths are given from.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
    cwd: PathBuf,
}

impl Root {
    /// `dir` with links resolved; `cwd` as it is, for relative paths.
    pub fn new(dir: &Path, cwd: &Path) -> std::io::Result<Root> {
        Ok(Root { dir: dir.canonicalize()?, cwd: cwd.canonicalize()? })
    }

    /// The root itself, absolute, links resolved.
    pub fn dir(&self) -> &Path {
        &self.dir
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
        if clean.starts_with(&self.dir) {
            return clean;
        }
        let real = clean.parent().and_then(|parent| parent.canonicalize().ok());
        match (real, clean.file_name()) {
            (Some(real), Some(name)) if real.starts_with(&self.dir) => real.join(name),
            _ => clean,
        }
    }

    /// A path as bundles name it: from the root, with `/`; outside the root it stays absolute. Bytes
    /// that are no text are written `\xff`.
    pub fn name(&self, absolute: &Path) -> String {
        let inner = absolute.strip_prefix(&self.dir).unwrap_or(absolute);
        if let Some(plain) = inner.to_str().filter(|it| !it.is_empty())
            && std::path::MAIN_SEPARATOR == '/'
        {
            return plain.to_owned();
        }
        let mut text = String::new();
        for chunk in inner.as_os_str().as_encoded_bytes().utf8_chunks() {
            text += chunk.valid();
            chunk.invalid().iter().for_each(|byte| text += &format!("\\x{byte:02x}"));
        }
        match (text.is_empty(), std::path::MAIN_SEPARATOR) {
            (true, _) => ".".to_owned(),
            (false, '/') => text,
            (false, separator) => text.replace(separator, "/"),
        }
    }

    /// Where what [`Root::name`] named stands.
    pub fn located(&self, name: &str) -> PathBuf {
        let plain = self.dir.join(name);
        match name.contains("\\x") && std::fs::symlink_metadata(&plain).is_err() {
            true => self.dir.join(unescaped(name)),
            false => plain,
        }
    }

    /// The file a path leads to, all links followed, if that lies inside the root.
    fn inside(&self, absolute: &Path) -> Result<PathBuf, Refusal> {
        let real = absolute.canonicalize().map_err(|error| unreadable(&error))?;
        let inner = real.strip_prefix(&self.dir).ok();
        match inner {
            // Whatever link or spelling leads there.
            Some(inner) if inner.iter().any(is_never_context) => Err(Refusal::new(
                SkipReason::Ignored,
                "it belongs to version control or to sortie".to_owned(),
            )),
            Some(_) => Ok(real),
            // Where it leads is this machine's business: bundles of the same tree are the same.
            None if real != absolute => {
                Err(Refusal::new(SkipReason::OutsideRoot, "a link out of it".to_owned()))
            }
            None => Err(Refusal::new(SkipReason::OutsideRoot, None)),
        }
    }

    /// Whether a path leads to something inside the root, and whether that is a directory.
    pub fn look(&self, absolute: &Path) -> Result<std::fs::Metadata, Refusal> {
        self.inside(absolute)?.metadata().map_err(|error| unreadable(&error))
    }

    /// The regular file that a path leads to, inside the root. Anything else that has a name (a pipe, a
    /// device, a socket) is never opened. What a walk met is no link, or was looked at there: it lies
    /// where it was met.
    pub fn find(&self, absolute: &Path, walked: bool) -> Result<FoundFile, Refusal> {
        let look =
            |path: &Path| std::fs::symlink_metadata(path).map_err(|error| unreadable(&error));
        if walked {
            let metadata = look(absolute)?;
            if metadata.is_file() {
                return Ok(FoundFile { path: absolute.to_path_buf(), metadata });
            }
        }
        let path = self.inside(absolute)?;
        let metadata = look(&path)?;
        match metadata.is_file() {
            true => Ok(FoundFile { path, metadata }),
            false => Err(Refusal::new(SkipReason::NotAFile, kind_of(&metadata).to_owned())),
        }
    }

    /// Reads such a file, if it has no more than `limit` bytes.
    pub fn read(&self, absolute: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
        self.find(absolute, false)?.read(limit)
    }
}

/// A regular file inside the root.
pub struct FoundFile {
    /// All links followed.
    pub path: PathBuf,
    pub metadata: std::fs::Metadata,
}

impl FoundFile {
    /// Its bytes, if there are no more than `limit`.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>, Refusal> {
        if self.metadata.len() > limit {
            return Err(too_large(self.metadata.len(), limit));
        }
        let file = File::open(&self.path).map_err(|error| unreadable(&error))?;
        let mut bytes = Vec::with_capacity(self.metadata.len() as usize + 1);
        // One byte more than the limit tells a file that grew meanwhile.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        match bytes.len() as u64 > limit {
            true => Err(too_large(bytes.len() as u64, limit)),
            false => Ok(bytes),
        }
    }
}

/// The bytes that `\xff` in a name stands for.
#[cfg(unix)]
pub(super) fn unescaped(name: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = rest.strip_prefix(b"\\x").and_then(|rest| rest.get(..2));
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[4..] } else { after };
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
pub(super) fn unescaped(name: &str) -> PathBuf {
    PathBuf::from(name)
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(SkipReason::Unreadable, plain(error))
}

pub(super) fn too_large(bytes: u64, limit: u64) -> Refusal {
    Refusal::new(
        SkipReason::TooLarge,
        format!("{} > {}", render::bytes(bytes), render::bytes(limit)),
    )
}

fn kind_of(found: &std::fs::Metadata) -> &'static str {
    if found.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    "no regular file"
}

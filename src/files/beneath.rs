//! A directory held open, and what is opened beneath it.
//!
//! A path is resolved first, links followed, so that it is known which file is meant; then just that
//! path is opened from the directory's descriptor, and no link on the way is followed any more. So a
//! directory or a file that was swapped for a link in between leads nowhere. Linux does it in one call
//! (`openat2`); elsewhere, and where that call is forbidden, it is one step for each name.

use super::opened::{Opened, patiently};
use super::trouble::Trouble;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use rustix::fs::{Mode, OFlags};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};

/// A directory held open.
#[derive(Debug)]
pub struct Beneath {
    path: PathBuf,
    #[cfg(unix)]
    dir: OwnedFd,
}

impl Beneath {
    /// Holds the directory `path` open.
    pub fn open(path: &Path) -> io::Result<Beneath> {
        let path = path.canonicalize()?;
        #[cfg(unix)]
        let dir = rustix::fs::open(&path, ON_THE_WAY, Mode::empty())?;
        Ok(Beneath {
            #[cfg(unix)]
            dir,
            path,
        })
    }

    /// Where it was when it was opened: absolute, links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a path leads to, all links followed, if that lies in here.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Trouble> {
        let real = path.canonicalize()?;
        match real.starts_with(&self.path) {
            true => Ok(real),
            false => Err(Trouble::Outside { by_link: real != path }),
        }
    }

    /// Opens the regular file at `real`, on the way to which there is no link.
    pub fn open_file(&self, real: &Path) -> Result<Opened, Trouble> {
        let inner = real.strip_prefix(&self.path);
        let inner = inner.map_err(|_| Trouble::Outside { by_link: false })?;
        Opened::new(self.open_inner(inner)?.into())
    }

    /// The bytes of the regular file that `path` leads to, if it lies in here and there are no more than
    /// `limit`.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Trouble> {
        let open = || match self.open_file(path) {
            Err(Trouble::Link | Trouble::Outside { .. }) => self.open_file(&self.resolve(path)?),
            outcome => outcome,
        };
        patiently(|| open()?.read(limit), Trouble::may_pass)
    }

    /// The directory at `inner`, made with those above it that are not there; through no link.
    #[cfg(unix)]
    pub(super) fn make_dirs(&self, inner: &Path) -> io::Result<OwnedFd> {
        use rustix::fs::{mkdirat, openat};
        let mut at = self.dir.try_clone()?;
        for name in inner.components() {
            let std::path::Component::Normal(name) = name else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            match mkdirat(&at, name, Mode::RWXU) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            at = openat(&at, name, ON_THE_WAY, Mode::empty())?;
        }
        Ok(at)
    }

    #[cfg(unix)]
    fn open_inner(&self, inner: &Path) -> Result<OwnedFd, Trouble> {
        #[cfg(target_os = "linux")]
        if let Some(outcome) = at_once(self.dir.as_fd(), inner) {
            return outcome;
        }
        step_by_step(self.dir.as_fd(), inner)
    }

    /// By one of the two ways, whichever this system has.
    #[cfg(all(test, unix))]
    pub(super) fn open_inner_by(&self, inner: &Path, by_step: bool) -> Result<OwnedFd, Trouble> {
        match by_step {
            true => step_by_step(self.dir.as_fd(), inner),
            false => self.open_inner(inner),
        }
    }

    /// Without descriptors to open from: the path is looked at once more when the file is open.
    #[cfg(not(unix))]
    fn open_inner(&self, inner: &Path) -> Result<std::fs::File, Trouble> {
        let path = self.path.join(inner);
        let file = std::fs::File::open(&path)?;
        match path.canonicalize()? == path {
            true => Ok(file),
            false => Err(Trouble::Link),
        }
    }
}

/// A file is opened without waiting for who writes into a pipe, and without becoming our terminal.
#[cfg(unix)]
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// A directory is opened only to go on from it.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const ON_THE_WAY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android", target_os = "freebsd"))))]
const ON_THE_WAY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// One call for the whole path; `None` where there is no such call.
#[cfg(target_os = "linux")]
fn at_once(dir: std::os::fd::BorrowedFd<'_>, inner: &Path) -> Option<Result<OwnedFd, Trouble>> {
    use rustix::fs::{ResolveFlags, openat2};
    use rustix::io::Errno;
    use std::sync::atomic::{AtomicBool, Ordering};
    /// Kernels before 5.6 do not know the call, and some sandboxes forbid it.
    static FORBIDDEN: AtomicBool = AtomicBool::new(false);
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if FORBIDDEN.load(Ordering::Relaxed) {
        return None;
    }
    match openat2(dir, inner, FILE, Mode::empty(), how) {
        Err(Errno::NOSYS | Errno::PERM) => {
            FORBIDDEN.store(true, Ordering::Relaxed);
            None
        }
        outcome => Some(outcome.map_err(trouble)),
    }
}

#[cfg(unix)]
fn step_by_step(dir: std::os::fd::BorrowedFd<'_>, inner: &Path) -> Result<OwnedFd, Trouble> {
    use rustix::fs::openat;
    use std::path::Component;
    let mut at: Option<OwnedFd> = None;
    let mut names = inner.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else {
            return Err(Trouble::Outside { by_link: false });
        };
        let flags = if names.peek().is_some() { ON_THE_WAY } else { FILE };
        let from = at.as_ref().map_or(dir, |at| at.as_fd());
        at = Some(openat(from, name, flags, Mode::empty()).map_err(trouble)?);
    }
    at.ok_or(Trouble::NotAFile("a directory"))
}

/// What stands in the way of a path without links.
#[cfg(unix)]
fn trouble(error: rustix::io::Errno) -> Trouble {
    use rustix::io::Errno;
    match error {
        // A link that was to be a directory is none.
        Errno::LOOP | Errno::NOTDIR | Errno::MLINK | Errno::XDEV | Errno::AGAIN => Trouble::Link,
        Errno::NXIO => Trouble::NotAFile("a socket"),
        other => Trouble::Io(other.into()),
    }
}

//! What one process did to the files below one directory, in order: each write with its bytes, each
//! sync, each change of a directory, and marks of what was acknowledged when.
//!
//! It is told by `intercept`, which stands between this process and the system. What changed a
//! directory unseen (a call that does not go through the C library) is found out when that directory is
//! synced, by the files' inodes.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One thing that happened. A file is a number, from its creation on; what it is called may change.
#[derive(Debug, Clone)]
pub enum Op {
    Write {
        file: usize,
        at: u64,
        data: Vec<u8>,
    },
    Truncate {
        file: usize,
        length: u64,
    },
    Sync {
        file: usize,
    },
    /// A name that now leads to this file.
    Link {
        path: PathBuf,
        file: usize,
    },
    Unlink {
        path: PathBuf,
    },
    MakeDir {
        path: PathBuf,
    },
    SyncDir {
        path: PathBuf,
    },
    /// A line of the ledger.
    Acknowledged(String),
}

/// A recording: what was there before, and what happened.
#[derive(Debug, Default)]
pub struct Trace {
    root: PathBuf,
    /// The files that were there, with their bytes; they are on disk.
    pub before: Vec<(PathBuf, Vec<u8>)>,
    pub dirs_before: Vec<PathBuf>,
    pub ops: Vec<Op>,
    pub files: usize,
    names: BTreeMap<PathBuf, usize>,
    inodes: HashMap<u64, usize>,
    open: HashMap<i32, Opened>,
}

#[derive(Debug, Clone)]
enum Opened {
    File(usize),
    Dir(PathBuf),
}

/// Whether anything is recorded: calls are not held up otherwise.
static ACTIVE: AtomicBool = AtomicBool::new(false);
static CURRENT: Mutex<Option<Trace>> = Mutex::new(None);

fn current() -> MutexGuard<'static, Option<Trace>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to record what is done below `root`, an absolute path without links.
pub fn begin(root: &Path) -> std::io::Result<()> {
    let mut trace = Trace { root: root.to_path_buf(), ..Trace::default() };
    trace.look(root)?;
    *current() = Some(trace);
    ACTIVE.store(true, Ordering::SeqCst);
    Ok(())
}

/// Ends it.
pub fn end() -> Trace {
    ACTIVE.store(false, Ordering::SeqCst);
    current().take().unwrap_or_default()
}

/// Says that a call has returned.
pub fn acknowledge(line: impl Into<String>) {
    if let Some(trace) = current().as_mut() {
        trace.ops.push(Op::Acknowledged(line.into()));
    }
}

/// Does `call` and has what it did written down, with nothing in between; `failed` says whether it did
/// anything.
pub fn during<T: PartialOrd + Default>(
    call: impl FnOnce() -> T,
    note: impl FnOnce(&mut Trace, &T),
) -> T {
    if !ACTIVE.load(Ordering::SeqCst) {
        return call();
    }
    let mut current = current();
    let done = call();
    if let Some(trace) = current.as_mut()
        && done >= T::default()
    {
        note(trace, &done);
    }
    done
}

impl Trace {
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same without what makes things sure: what there would be with `synchronous=OFF`.
    pub fn without(mut self, dropped: impl Fn(&Op) -> bool) -> Trace {
        self.ops.retain(|op| !dropped(op));
        self
    }

    /// Takes in what is there.
    fn look(&mut self, dir: &Path) -> std::io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            match path.is_dir() {
                true => {
                    self.look(&path)?;
                    self.dirs_before.push(path);
                }
                false => {
                    self.inodes.insert(path.metadata()?.ino(), self.files);
                    self.names.insert(path.clone(), self.files);
                    self.before.push((path.clone(), std::fs::read(path)?));
                    self.files += 1;
                }
            }
        }
        Ok(())
    }

    fn file(&self, fd: i32) -> Option<usize> {
        match self.open.get(&fd)? {
            Opened::File(file) => Some(*file),
            Opened::Dir(_) => None,
        }
    }

    /// A file or a directory was opened.
    pub fn opened(&mut self, fd: i32, path: &Path, cut: bool) {
        self.open.remove(&fd);
        let (true, Ok(found)) = (path.starts_with(&self.root), path.symlink_metadata()) else {
            return;
        };
        // Shared memory is gone with the power.
        if path.to_string_lossy().ends_with("-shm") {
            return;
        }
        if found.is_dir() {
            self.open.insert(fd, Opened::Dir(path.to_path_buf()));
            return;
        }
        let file = match self.names.get(path) {
            Some(file) => *file,
            None => {
                let file = self.files;
                self.files += 1;
                self.link(path, file);
                file
            }
        };
        self.inodes.insert(found.ino(), file);
        if cut {
            self.ops.push(Op::Truncate { file, length: 0 });
        }
        self.open.insert(fd, Opened::File(file));
    }

    pub fn closed(&mut self, fd: i32) {
        self.open.remove(&fd);
    }

    pub fn wrote(&mut self, fd: i32, at: u64, data: &[u8]) {
        if let Some(file) = self.file(fd) {
            self.ops.push(Op::Write { file, at, data: data.to_vec() });
        }
    }

    /// Whether a call on it is of interest: then where it stands has to be asked for.
    pub fn knows(&self, fd: i32) -> bool {
        self.file(fd).is_some()
    }

    pub fn truncated(&mut self, fd: i32, length: u64) {
        if let Some(file) = self.file(fd) {
            self.ops.push(Op::Truncate { file, length });
        }
    }

    pub fn synced(&mut self, fd: i32) {
        match self.open.get(&fd).cloned() {
            Some(Opened::File(file)) => self.ops.push(Op::Sync { file }),
            Some(Opened::Dir(path)) => {
                self.find_unseen(&path);
                self.ops.push(Op::SyncDir { path });
            }
            None => {}
        }
    }

    pub fn unlinked(&mut self, path: &Path) {
        if self.names.remove(path).is_some() {
            self.ops.push(Op::Unlink { path: path.to_path_buf() });
        }
    }

    pub fn renamed(&mut self, from: &Path, to: &Path) {
        if let Some(file) = self.names.get(from).copied() {
            self.link(to, file);
            self.unlinked(from);
        }
    }

    pub fn made_dir(&mut self, path: &Path) {
        if path.starts_with(&self.root) && path != self.root {
            self.ops.push(Op::MakeDir { path: path.to_path_buf() });
        }
    }

    fn link(&mut self, path: &Path, file: usize) {
        self.names.insert(path.to_path_buf(), file);
        self.ops.push(Op::Link { path: path.to_path_buf(), file });
    }

    /// Holds a directory against what is known of it.
    fn find_unseen(&mut self, dir: &Path) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let inode = entry.metadata().map_or(0, |it| it.ino());
            if let Some(file) = self.inodes.get(&inode).copied()
                && self.names.get(&path) != Some(&file)
            {
                self.link(&path, file);
            }
        }
        let gone = |path: &&PathBuf| path.parent() == Some(dir) && !path.exists();
        let gone: Vec<PathBuf> = self.names.keys().filter(gone).cloned().collect();
        gone.iter().for_each(|path| self.unlinked(path));
    }
}

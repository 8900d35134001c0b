//! A disk as a power cut leaves it.
//!
//! What was synced is there. Of what was not, each write and each change of a length is there, is not,
//! or is torn at sectors, in any combination: nothing keeps a disk from writing later things first. A
//! file grows before it is written, so that what is missing may be zeros or anything. Names stand in
//! their directory: they are sure when that was synced, not when the file was. This is stricter than the
//! file systems in use are; shared memory is whatever was left there.

use crate::trace::{Op, Trace};
use fastrand::Rng;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

const SECTOR: u64 = 512;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Dir,
    File(usize),
}

pub struct Disk<'t> {
    trace: &'t Trace,
    /// What is sure.
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Entry>,
    /// What is not: by file, and of all directories, the places of operations in the trace.
    waiting: Vec<Vec<usize>>,
    waiting_names: Vec<usize>,
}

/// What is left of things that were not synced.
#[derive(Clone, Copy)]
enum Left {
    Nothing,
    Everything,
    /// So many of the first; the next one is torn.
    First(usize),
    /// Each one or not.
    Some,
    /// Of each one, some sectors.
    Torn,
}

impl Left {
    fn any(rng: &mut Rng, of: usize) -> Left {
        match rng.u8(..8) {
            0 => Left::Nothing,
            1 => Left::Everything,
            2..4 => Left::First(rng.usize(..=of)),
            4..6 => Left::Some,
            _ => Left::Torn,
        }
    }
}

impl<'t> Disk<'t> {
    pub fn new(trace: &'t Trace) -> Disk<'t> {
        let mut names: BTreeMap<PathBuf, Entry> =
            trace.dirs_before.iter().map(|path| (path.clone(), Entry::Dir)).collect();
        let mut files = vec![Vec::new(); trace.files];
        for (file, (path, bytes)) in trace.before.iter().enumerate() {
            names.insert(path.clone(), Entry::File(file));
            files[file].clone_from(bytes);
        }
        let waiting = vec![Vec::new(); trace.files];
        Disk { trace, files, names, waiting, waiting_names: Vec::new() }
    }

    /// Goes on behind one more operation.
    pub fn advance(&mut self, at: usize) {
        match &self.trace.ops[at] {
            Op::Write { file, .. } | Op::Truncate { file, .. } => self.waiting[*file].push(at),
            Op::Link { .. } | Op::Unlink { .. } | Op::MakeDir { .. } => self.waiting_names.push(at),
            Op::Sync { file } => {
                for at in std::mem::take(&mut self.waiting[*file]) {
                    apply(&mut self.files[*file], &self.trace.ops[at], |_| true);
                }
            }
            Op::SyncDir { path } => {
                let (ops, names) = (&self.trace.ops, &mut self.names);
                self.waiting_names.retain(|at| {
                    let is_here = name(&ops[*at]).parent() == Some(path);
                    if is_here {
                        rename(names, &ops[*at]);
                    }
                    !is_here
                });
            }
            Op::Acknowledged(_) => {}
        }
    }

    /// One of the states that a cut may leave now.
    pub fn cut(&self, rng: &mut Rng) -> State {
        let mut names = self.names.clone();
        let left = Left::any(rng, self.waiting_names.len());
        for (place, at) in self.waiting_names.iter().enumerate() {
            let kept = match left {
                Left::Nothing => false,
                Left::Everything => true,
                Left::First(count) => place < count,
                Left::Some | Left::Torn => rng.bool(),
            };
            if kept {
                rename(&mut names, &self.trace.ops[*at]);
            }
        }
        let mut state = State { dirs: Vec::new(), files: BTreeMap::new() };
        for (path, entry) in &names {
            // Before what is in it, as paths are in order.
            let parent = path.parent().expect("all is below the root");
            let has_parent =
                parent == self.trace.root() || state.dirs.iter().any(|dir| dir == parent);
            match entry {
                _ if !has_parent => {}
                Entry::Dir => state.dirs.push(path.clone()),
                Entry::File(file) => {
                    state.files.insert(path.clone(), self.content(*file, rng));
                }
            }
        }
        state
    }

    fn content(&self, file: usize, rng: &mut Rng) -> Vec<u8> {
        let mut content = self.files[file].clone();
        let waiting = &self.waiting[file];
        let left = Left::any(rng, waiting.len());
        for (place, at) in waiting.iter().enumerate() {
            let op = &self.trace.ops[*at];
            let (whole, torn) = match left {
                Left::Nothing => (false, false),
                Left::Everything => (true, false),
                Left::First(count) => (place < count, place == count),
                Left::Some => (rng.bool(), false),
                Left::Torn => (false, true),
            };
            match op {
                Op::Truncate { .. } if whole || (torn && rng.bool()) => {
                    apply(&mut content, op, |_| true);
                }
                Op::Truncate { .. } => {}
                _ if whole => apply(&mut content, op, |_| true),
                _ => {
                    grow(&mut content, op, rng);
                    if torn {
                        apply(&mut content, op, |_| rng.bool());
                    }
                }
            }
        }
        content
    }
}

/// Does what an operation does to a file, in those sectors that are `kept`.
fn apply(content: &mut Vec<u8>, op: &Op, mut kept: impl FnMut(u64) -> bool) {
    match op {
        Op::Truncate { length, .. } => content.resize(*length as usize, 0),
        Op::Write { at, data, .. } => {
            let end = at + data.len() as u64;
            let mut from = *at;
            while from < end {
                let to = ((from / SECTOR + 1) * SECTOR).min(end);
                if kept(from / SECTOR) {
                    if content.len() < to as usize {
                        content.resize(to as usize, 0);
                    }
                    let bytes = &data[(from - at) as usize..(to - at) as usize];
                    content[from as usize..to as usize].copy_from_slice(bytes);
                }
                from = to;
            }
        }
        _ => {}
    }
}

/// A write that is not there may have made the file longer all the same.
fn grow(content: &mut Vec<u8>, op: &Op, rng: &mut Rng) {
    if let Op::Write { at, data, .. } = op {
        let end = *at as usize + data.len();
        if content.len() < end && rng.u8(..4) == 0 {
            let garbage = rng.bool();
            let mut byte = || if garbage { rng.u8(..) } else { 0 };
            content.resize_with(end, &mut byte);
        }
    }
}

fn name(op: &Op) -> &Path {
    match op {
        Op::Link { path, .. } | Op::Unlink { path } | Op::MakeDir { path } => path,
        _ => unreachable!("only changes of names wait"),
    }
}

fn rename(names: &mut BTreeMap<PathBuf, Entry>, op: &Op) {
    match op {
        Op::Link { path, file } => names.insert(path.clone(), Entry::File(*file)),
        Op::MakeDir { path } => names.insert(path.clone(), Entry::Dir),
        _ => names.remove(name(op)),
    };
}

/// What is found when the power is back.
pub struct State {
    dirs: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl State {
    /// The same for the same files.
    pub fn hash(&self, acknowledged: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&acknowledged.to_le_bytes());
        for (path, bytes) in &self.files {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(&bytes.len().to_le_bytes());
            hasher.update(bytes);
        }
        *hasher.finalize().as_bytes()
    }

    /// Puts it into a directory, which is emptied before.
    pub fn write(&self, root: &Path, into: &Path) -> std::io::Result<()> {
        if into.exists() {
            std::fs::remove_dir_all(into)?;
        }
        std::fs::create_dir(into)?;
        let place = |path: &Path| into.join(path.strip_prefix(root).expect("all is below it"));
        self.dirs.iter().try_for_each(|dir| std::fs::create_dir(place(dir)))?;
        for (path, bytes) in &self.files {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(place(path))?.write_all(bytes)?;
        }
        Ok(())
    }
}

//! An open regular file, read whole or not at all.
//!
//! A file is taken for whole if nobody was writing it: it looks the same before and after the reading
//! (size, times), and was not written to a moment before, for a write stamps the time as it begins.

use super::trouble::{Trouble, kind_of};
use std::fs::{File, Metadata};
use std::io::Read;
use std::time::{Duration, SystemTime};

/// How long a file must not have been written to: longer than a clock's tick, and than one write takes.
const SETTLED: Duration = Duration::from_millis(20);

/// What is shorter is written at once, and need not be waited for.
const PAGE: u64 = 4096;

/// How often a file is opened that somebody writes.
const TRIES: u32 = 4;

/// A regular file, and how it looked when it was opened.
#[derive(Debug)]
pub struct Opened {
    file: File,
    before: Metadata,
}

impl Opened {
    /// Takes a file that was opened without waiting; anything but a regular one is closed again.
    pub fn new(file: File) -> Result<Opened, Trouble> {
        let before = file.metadata()?;
        match before.is_file() {
            true => Ok(Opened { file, before }),
            false => Err(Trouble::NotAFile(kind_of(&before))),
        }
    }

    /// What the system said of the open file.
    pub fn metadata(&self) -> &Metadata {
        &self.before
    }

    /// Its bytes, if there are no more than `limit`.
    pub fn read(&mut self, limit: u64) -> Result<Vec<u8>, Trouble> {
        let length = self.before.len();
        if length > limit {
            return Err(Trouble::TooLarge(length));
        }
        self.settle()?;
        let mut bytes = Vec::with_capacity(length as usize);
        (&self.file).take(length).read_to_end(&mut bytes)?;
        self.unchanged(bytes.len() as u64)?;
        Ok(bytes)
    }

    /// Gives its bytes piece by piece, whatever its size. They count only if this succeeds.
    pub fn pour(&mut self, mut each: impl FnMut(&[u8])) -> Result<u64, Trouble> {
        self.settle()?;
        let mut buffer = vec![0; (256 << 10).min(self.before.len() as usize + 1)];
        let mut poured = 0;
        loop {
            match (&self.file).read(&mut buffer)? {
                0 => break,
                read => {
                    each(&buffer[..read]);
                    poured += read as u64;
                }
            }
            // What grows for ever is not followed for ever.
            if poured > self.before.len() {
                return Err(Trouble::Changed);
            }
        }
        self.unchanged(poured)?;
        Ok(poured)
    }

    /// Waits until the last write to it is over.
    fn settle(&mut self) -> Result<(), Trouble> {
        let age =
            self.before.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        let Some(rest) = age.and_then(|age| SETTLED.checked_sub(age)) else { return Ok(()) };
        if (1..PAGE).contains(&self.before.len()) {
            return Ok(());
        }
        std::thread::sleep(rest);
        self.unchanged(self.before.len())
    }

    fn unchanged(&self, read: u64) -> Result<(), Trouble> {
        let now = self.file.metadata()?;
        match read == self.before.len() && look_alike(&self.before, &now) {
            true => Ok(()),
            false => Err(Trouble::Changed),
        }
    }
}

fn look_alike(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // The change time, which no program can set, tells also of what set the others back.
        let changed = |it: &Metadata| (it.ctime(), it.ctime_nsec(), it.mtime(), it.mtime_nsec());
        changed(one) == changed(other) && one.len() == other.len()
    }
    #[cfg(not(unix))]
    {
        one.modified().ok() == other.modified().ok() && one.len() == other.len()
    }
}

/// Makes several attempts at what may be over in a moment.
pub fn patiently<T, E>(
    mut attempt: impl FnMut() -> Result<T, E>,
    may_pass: impl Fn(&E) -> bool,
) -> Result<T, E> {
    for round in 1..TRIES {
        match attempt() {
            Err(trouble) if may_pass(&trouble) => {
                std::thread::sleep(Duration::from_millis(1 << round));
            }
            outcome => return outcome,
        }
    }
    attempt()
}

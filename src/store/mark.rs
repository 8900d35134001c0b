//! The mark: a small file beside the database that says how much was acknowledged.
//!
//! SQLite opens a database whose write-ahead log was deleted, and what stood in it is as if it had never been.
//! So after each commit the ledger's figures are written outside of the log. The mark may lag, for it is written
//! when the commit is done and without waiting for the disk; it never leads. If it does, rows are missing.
//!
//! It is one line of one length with a checksum, written by one call: one that is torn is none.

use super::open::beside;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How much was ever recorded. It only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Recorded {
    /// Transactions.
    pub writes: u64,
    pub sessions: u64,
    pub executions: u64,
    /// Completions, amended ones each time.
    pub completions: u64,
    pub outputs: u64,
    pub reports: u64,
    pub bundles: u64,
}

impl Recorded {
    fn map(self, other: Recorded, with: impl Fn(u64, u64) -> u64) -> Recorded {
        Recorded {
            writes: with(self.writes, other.writes),
            sessions: with(self.sessions, other.sessions),
            executions: with(self.executions, other.executions),
            completions: with(self.completions, other.completions),
            outputs: with(self.outputs, other.outputs),
            reports: with(self.reports, other.reports),
            bundles: with(self.bundles, other.bundles),
        }
    }

    /// What `self` has more than `other`.
    pub fn beyond(self, other: Recorded) -> Recorded {
        self.map(other, u64::saturating_sub)
    }

    /// Both together.
    pub fn plus(self, other: Recorded) -> Recorded {
        self.map(other, u64::saturating_add)
    }

    /// The kinds of records, each with its number.
    pub fn kinds(&self) -> [(&'static str, u64); 6] {
        [
            ("sessions", self.sessions),
            ("executions", self.executions),
            ("completions", self.completions),
            ("outputs", self.outputs),
            ("reports", self.reports),
            ("bundles", self.bundles),
        ]
    }
}

/// What was acknowledged of which history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub history_id: String,
    pub recorded: Recorded,
}

/// What the beginning of the file says it is.
const KIND: &str = "sortie-mark-1";

/// Where the mark of a database is.
pub(super) fn path_of(database: &Path) -> PathBuf {
    beside(database, "-mark")
}

impl Mark {
    fn line(&self) -> String {
        let it = &self.recorded;
        let figures = [it.writes, it.sessions, it.executions, it.completions];
        let figures = figures.into_iter().chain([it.outputs, it.reports, it.bundles]);
        let figures: Vec<String> = figures.map(|figure| format!("{figure:020}")).collect();
        let line = format!("{KIND} {} {}", self.history_id, figures.join(" "));
        format!("{line} {}\n", checksum(&line))
    }

    fn parse(text: &str) -> Option<Mark> {
        let (line, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        let mut words = line.split(' ');
        if checksum(line) != sum || words.next()? != KIND {
            return None;
        }
        let history_id = words.next()?.to_owned();
        let mut figure = || words.next()?.parse().ok();
        let recorded = Recorded {
            writes: figure()?,
            sessions: figure()?,
            executions: figure()?,
            completions: figure()?,
            outputs: figure()?,
            reports: figure()?,
            bundles: figure()?,
        };
        Some(Mark { history_id, recorded })
    }
}

fn checksum(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex()[..16].to_owned()
}

/// The mark of a database, if there is a whole one.
pub(super) fn read(database: &Path) -> Option<Mark> {
    Mark::parse(&std::fs::read_to_string(path_of(database)).ok()?)
}

/// Writes the mark. A mark that lags is better than a recording that fails for it.
pub(super) fn write(database: &Path, mark: &Mark) {
    let _ = open(&path_of(database)).and_then(|file| put(&file, mark.line().as_bytes()));
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    // What a link leads to that came with somebody's tree is not ours to write.
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(no_link).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn put(file: &std::fs::File, line: &[u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, line, 0)
}

#[cfg(not(unix))]
fn put(mut file: &std::fs::File, line: &[u8]) -> std::io::Result<()> {
    std::io::Write::write_all(&mut file, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(writes: u64) -> Mark {
        let recorded = Recorded { writes, executions: 7, ..Recorded::default() };
        Mark { history_id: "0123456789abcdef0123456789abcdef".into(), recorded }
    }

    #[test]
    fn a_mark_comes_back_and_a_torn_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("history.db");
        assert_eq!(read(&database), None);
        for writes in [9, 10, u64::MAX, 3] {
            write(&database, &mark(writes));
            assert_eq!(read(&database), Some(mark(writes)));
        }
        let (old, new) = (mark(999).line(), mark(1_000).line());
        assert_eq!(old.len(), new.len());
        for at in 1..new.len() {
            let torn = format!("{}{}", &new[..at], &old[at..]);
            let found = Mark::parse(&torn);
            assert!(found.is_none() || torn == old || torn == new, "{torn}");
            assert_eq!(Mark::parse(&new[..at]), None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_written_through() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("history.db");
        let theirs = dir.path().join("theirs");
        std::fs::write(&theirs, "theirs").unwrap();
        std::os::unix::fs::symlink(&theirs, path_of(&database)).unwrap();
        write(&database, &mark(1));
        assert_eq!(std::fs::read(&theirs).unwrap(), b"theirs");
        std::fs::remove_file(path_of(&database)).unwrap();
        write(&database, &mark(1));
        let mode = path_of(&database).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
}

//! What was found out about files and texts, so that it need not be found out again: a database of its
//! own beside the history, which can be deleted at any time.
//!
//! A file is known by its path and what the system says of it ([`Stamp`]); a text by the blake3 of its
//! bytes. Each table is read by one query, when it is first asked. Nothing here can fail a command: a
//! cache that cannot be used is none, and one that is damaged or another version's is begun anew.

use super::open::{create_private, prepare_cache};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is cached, and how it is found out. To be raised whenever a count, a fact or a block of the same
/// bytes, or the bundle of the same draft, may be another than before.
const VERSION: i64 = 3;

/// Days after which a row that nothing asked for goes.
const KEPT_DAYS: i64 = 30;

/// Days after which the use of a row is noted, so that most runs write nothing.
const NOTED_DAYS: i64 = 7;

/// How many bytes of blocks wait in memory to be written; of what is more, nothing is kept.
const WAITING: usize = 20 << 20;

/// From how many bytes of blocks on that is much: some ten megabytes of text, some milliseconds.
const MUCH: usize = 2 << 20;

/// How many traces are kept: a hundred bytes for each file of a selection.
const TRACES_KEPT: i64 = 8;

const TABLES: &str = "
CREATE TABLE files (path BLOB PRIMARY KEY, day INTEGER NOT NULL, found BLOB NOT NULL) STRICT;
CREATE TABLE texts (hash BLOB PRIMARY KEY, day INTEGER NOT NULL, facts BLOB NOT NULL) STRICT;
CREATE TABLE blocks (hash BLOB PRIMARY KEY, day INTEGER NOT NULL, blocks BLOB NOT NULL) STRICT;
CREATE TABLE counts (key BLOB PRIMARY KEY, day INTEGER NOT NULL, counted BLOB NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE drafts (key BLOB PRIMARY KEY, day INTEGER NOT NULL, bundle BLOB NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE traces (key BLOB PRIMARY KEY, day INTEGER NOT NULL, trace BLOB NOT NULL) STRICT;";

/// What the system says of a file: as long as it says the same, the file is taken for unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// In bytes.
    size: i64,
    /// Nanoseconds since 1970.
    mtime: i64,
    /// The same of the last change of whatever kind, which no program can set.
    ctime: i64,
    inode: i64,
}

impl Stamp {
    #[cfg(unix)]
    pub fn of(found: &std::fs::Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let nanos =
            |seconds: i64, nanos: i64| seconds.checked_mul(1_000_000_000)?.checked_add(nanos);
        Some(Stamp {
            size: i64::try_from(found.size()).ok()?,
            mtime: nanos(found.mtime(), found.mtime_nsec())?,
            ctime: nanos(found.ctime(), found.ctime_nsec())?,
            inode: found.ino() as i64,
        })
    }

    /// Without inodes a file may be replaced unseen: there it is always read.
    #[cfg(not(unix))]
    pub fn of(_: &std::fs::Metadata) -> Option<Stamp> {
        None
    }

    /// The same as bytes, to be held against another's.
    pub fn to_bytes(self) -> [u8; 32] {
        let Stamp { size, mtime, ctime, inode } = self;
        let mut bytes = [0; 32];
        for (at, number) in [size, mtime, ctime, inode].into_iter().enumerate() {
            bytes[8 * at..8 * at + 8].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Whether a file that was read at that time and changed again right after would have another
    /// stamp. Git's rule for racy files: what changed within the clock's grain of being read is not
    /// trusted.
    pub fn is_settled(&self, read_at: SystemTime) -> bool {
        let changed = self.mtime.max(self.ctime);
        // Where there is no part of a second, the file system may know whole ones only, or two.
        let grain = if changed % 1_000_000_000 == 0 { COARSE } else { FINE };
        let read_at = read_at.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos() as i64);
        changed + (grain.as_nanos() as i64) < read_at
    }
}

/// The clock of a file system that keeps nanoseconds ticks every 1 to 10 ms (Linux: a jiffy).
const FINE: Duration = Duration::from_millis(20);

/// FAT keeps two seconds, HFS+ and ext3 one.
const COARSE: Duration = Duration::from_secs(2);

/// A cache, opened when it is first asked.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    database: OnceLock<Option<Mutex<Connection>>>,
    files: Table,
    texts: Table,
    blocks: Table,
    /// Bytes of blocks that are to be written.
    blocks_waiting: AtomicUsize,
    counts: Table,
    drafts: Table,
    traces: Table,
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.save();
    }
}

/// Rows by their key: those that are kept, and those to be written.
#[derive(Debug, Default)]
struct Table {
    kept: OnceLock<Rows>,
    new: Mutex<NewRows>,
}

/// The rows to write into a table, each its key and value.
type NewRows = Vec<(Vec<u8>, Vec<u8>)>;

/// By its key, each row's day and value.
type Rows = HashMap<Vec<u8>, (i64, Vec<u8>)>;

impl Table {
    fn get(&self, key: &[u8], load: impl FnOnce() -> Option<Rows>) -> Option<&[u8]> {
        let (day, value) = self.kept.get_or_init(|| load().unwrap_or_default()).get(key)?;
        if *day < today() - NOTED_DAYS {
            self.add(key, value.clone());
        }
        Some(value)
    }

    fn add(&self, key: &[u8], value: Vec<u8>) {
        lock(&self.new).push((key.to_owned(), value));
    }
}

impl Cache {
    /// The cache in the file `path`; nothing is touched yet.
    pub fn at(path: impl Into<PathBuf>) -> Cache {
        Cache {
            path: path.into(),
            database: OnceLock::new(),
            files: Table::default(),
            texts: Table::default(),
            blocks: Table::default(),
            blocks_waiting: AtomicUsize::new(0),
            counts: Table::default(),
            drafts: Table::default(),
            traces: Table::default(),
        }
    }

    /// What was found in the file at `path`, if it is as it was then.
    pub fn file(&self, path: &Path, stamp: &Stamp) -> Option<&[u8]> {
        let load = || self.load("SELECT path, day, found FROM files");
        let kept = self.files.get(path.as_os_str().as_encoded_bytes(), load)?;
        kept.strip_prefix(&stamp.to_bytes())
    }

    /// Keeps what was found in a file that had this stamp before it was read, which began then.
    pub fn keep_file(&self, path: &Path, stamp: Stamp, read_at: SystemTime, found: &[u8]) {
        if stamp.is_settled(read_at) {
            let kept = [&stamp.to_bytes(), found].concat();
            self.files.add(path.as_os_str().as_encoded_bytes(), kept);
        }
    }

    /// What is known of the text with that hash.
    pub fn text(&self, hash: &[u8]) -> Option<&[u8]> {
        self.texts.get(hash, || self.load("SELECT hash, day, facts FROM texts"))
    }

    /// Keeps what is known of a text.
    pub fn keep_text(&self, hash: &[u8], facts: Vec<u8>) {
        self.texts.add(hash, facts);
    }

    /// The blocks of the text with that hash. They are large, and asked for once.
    pub fn blocks(&self, hash: &[u8]) -> Option<Vec<u8>> {
        self.one(&self.blocks, "SELECT day, blocks FROM blocks WHERE hash = ?1", hash)
    }

    /// Keeps the blocks of a text, as long as there are not too many to be written.
    pub fn keep_blocks(&self, hash: &[u8], blocks: &[u8]) {
        if self.blocks_waiting.fetch_add(blocks.len(), Ordering::Relaxed) < WAITING {
            self.blocks.add(hash, blocks.to_owned());
        }
    }

    /// A count.
    pub fn count(&self, key: &[u8]) -> Option<&[u8]> {
        self.counts.get(key, || self.load("SELECT key, day, counted FROM counts"))
    }

    /// Keeps a count.
    pub fn keep_count(&self, key: &[u8], counted: Vec<u8>) {
        self.counts.add(key, counted);
    }

    /// The bundle that such a draft became.
    pub fn draft(&self, key: &[u8]) -> Option<String> {
        let bundle =
            self.one(&self.drafts, "SELECT day, bundle FROM drafts WHERE key = ?1", key)?;
        String::from_utf8(bundle).ok()
    }

    /// Keeps which bundle a draft became.
    pub fn keep_draft(&self, key: &[u8], bundle: &str) {
        self.drafts.add(key, bundle.as_bytes().to_owned());
    }

    /// By what such a selection was last found.
    pub fn trace(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.one(&self.traces, "SELECT day, trace FROM traces WHERE key = ?1", key)
    }

    /// Keeps by what a selection was found.
    pub fn keep_trace(&self, key: &[u8], trace: Vec<u8>) {
        self.traces.add(key, trace);
    }

    /// Whether saving takes so long that it is better done beside something else.
    pub fn has_much_to_save(&self) -> bool {
        self.blocks_waiting.load(Ordering::Relaxed) > MUCH
    }

    /// Writes what is new, where there is a history beside which it may stand. What is not written by
    /// then is when the cache is dropped.
    pub fn save(&self) {
        let tables = [
            ("files", &self.files),
            ("texts", &self.texts),
            ("blocks", &self.blocks),
            ("counts", &self.counts),
            ("drafts", &self.drafts),
            ("traces", &self.traces),
        ];
        let new = tables.map(|(name, table)| (name, std::mem::take(&mut *lock(&table.new))));
        let is_empty = new.iter().all(|(_, rows)| rows.is_empty());
        if !is_empty && self.path.parent().is_some_and(Path::is_dir) {
            let _ = self.create().map(|mut conn| write(&mut conn, &new));
        }
    }

    /// One row of perhaps many, where no table need be read.
    fn one(&self, table: &Table, sql: &str, key: &[u8]) -> Option<Vec<u8>> {
        let conn = lock(self.opened()?);
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let (day, value) = conn.prepare_cached(sql).ok()?.query_row([key], row).ok()?;
        if day < today() - NOTED_DAYS {
            table.add(key, value.clone());
        }
        Some(value)
    }

    fn load(&self, sql: &str) -> Option<Rows> {
        let conn = lock(self.opened()?);
        let mut statement = conn.prepare(sql).ok()?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        statement.query_map([], row).ok()?.collect::<rusqlite::Result<_>>().ok()
    }

    /// The database, if there is a sound one.
    fn opened(&self) -> Option<&Mutex<Connection>> {
        let open = || open(&self.path).map(Mutex::new);
        self.database.get_or_init(open).as_ref()
    }

    /// The database, begun anew where there is no sound one.
    fn create(&self) -> Option<Connection> {
        let conn = connect(&self.path).or_else(|| {
            remove(&self.path);
            create_private(&self.path).ok()?;
            connect(&self.path)
        })?;
        if version(&conn) != Some(VERSION) {
            let forget = ["files", "texts", "blocks", "counts", "drafts", "traces"];
            let forget = forget.map(|table| format!("DROP TABLE IF EXISTS {table};")).concat();
            let begin = "BEGIN IMMEDIATE;";
            let end = format!("PRAGMA user_version = {VERSION}; COMMIT;");
            conn.execute_batch(&format!("{begin}{forget}{TABLES}{end}")).ok()?;
        }
        Some(conn)
    }
}

fn open(path: &Path) -> Option<Connection> {
    connect(path).filter(|conn| version(conn) == Some(VERSION))
}

fn version(conn: &Connection) -> Option<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).ok()
}

fn connect(path: &Path) -> Option<Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let is_own = path.symlink_metadata().is_ok_and(|found| is_own(&found));
    is_own.then(|| prepare_cache(Connection::open_with_flags(path, flags).ok()?).ok())?
}

/// A file that came with somebody's tree is not one that was written here.
#[cfg(unix)]
fn is_own(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.is_file() && found.permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
fn is_own(found: &std::fs::Metadata) -> bool {
    found.is_file()
}

fn remove(path: &Path) {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    for file in [path, Path::new(&journal)] {
        let _ = std::fs::remove_file(file);
    }
}

fn write(conn: &mut Connection, tables: &[(&str, NewRows)]) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let today = today();
    for (table, rows) in tables {
        let insert = format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3)");
        for (key, value) in rows {
            tx.prepare_cached(&insert)?.execute(params![key, today, value])?;
        }
        let old = format!("DELETE FROM {table} WHERE day < ?1");
        tx.execute(&old, [today - KEPT_DAYS])?;
    }
    let old = "DELETE FROM traces WHERE rowid NOT IN (SELECT rowid FROM traces ORDER BY rowid DESC LIMIT ?1)";
    tx.execute(old, [TRACES_KEPT])?;
    tx.commit()
}

fn today() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() / (24 * 60 * 60)) as i64
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(mtime: i64) -> Stamp {
        Stamp { size: 1, mtime, ctime: 5, inode: 7 }
    }

    fn at(nanos: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(nanos)
    }

    #[test]
    fn a_file_that_changed_as_it_was_read_is_not_trusted() {
        let grain = FINE.as_nanos() as u64;
        assert!(stamp(1_001).is_settled(at(1_002 + grain)));
        assert!(!stamp(1_001).is_settled(at(1_001 + grain)));
        assert!(!stamp(1_001).is_settled(at(0)), "from the future");
        // A whole second: the clock may be coarse.
        assert!(!stamp(3_000_000_000).is_settled(at(4_900_000_000)));
        assert!(stamp(3_000_000_000).is_settled(at(5_100_000_000)));
    }

    #[test]
    fn what_was_kept_is_found_and_what_is_spoilt_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.cache");
        let keep = |value: &[u8]| {
            let cache = Cache::at(&path);
            cache.keep_file(Path::new("a"), stamp(3), SystemTime::now(), value);
            cache.keep_count(b"key", value.to_vec());
            cache.keep_draft(b"draft", "bundle-1");
        };
        keep(b"one");
        let cache = Cache::at(&path);
        assert_eq!(cache.file(Path::new("a"), &stamp(3)), Some(&b"one"[..]));
        assert_eq!(cache.file(Path::new("a"), &stamp(4)), None);
        assert_eq!(cache.count(b"key"), Some(&b"one"[..]));
        assert_eq!(cache.draft(b"draft").as_deref(), Some("bundle-1"));
        assert_eq!(cache.text(b"none"), None);

        std::fs::write(&path, b"no database").unwrap();
        assert_eq!(Cache::at(&path).count(b"key"), None);
        keep(b"two");
        assert_eq!(Cache::at(&path).count(b"key"), Some(&b"two"[..]));
    }

    #[cfg(unix)]
    #[test]
    fn a_cache_that_came_with_a_tree_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.cache");
        Cache::at(&path).keep_count(b"key", b"forged".to_vec());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Cache::at(&path).count(b"key"), None);
    }

    #[test]
    fn without_a_place_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("none/history.cache"));
        cache.keep_count(b"key", b"one".to_vec());
        cache.save();
        assert_eq!(cache.count(b"key"), None);
        assert!(!dir.path().join("none").exists());
    }
}

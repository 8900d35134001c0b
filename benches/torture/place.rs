//! Where the torture is done: a directory of its own, a small project, and the programs.

use crate::records::{Text, open};
use crate::{Outcome, Plan};
use sortie::Workspace;
use std::path::{Path, PathBuf};

/// Files of the project that bundles are made of, and the bytes of each.
const FILES: usize = 24;

pub struct Place {
    /// On a real disk, or where `SORTIE_BENCH_DIR` says.
    disk: tempfile::TempDir,
    /// In memory where there is such a place: a killed process loses nothing there that it would not
    /// lose on a disk, and there is no disk to wait for.
    memory: tempfile::TempDir,
    pub sortie: PathBuf,
}

impl Place {
    pub fn new(plan: &Plan) -> Outcome<Place> {
        let below =
            std::env::var_os("SORTIE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let shared = Path::new("/dev/shm");
        let fast = if shared.is_dir() { shared } else { &below };
        let place = Place {
            disk: tempfile::tempdir_in(&below)?,
            memory: tempfile::tempdir_in(fast)?,
            sortie: binary()?,
        };
        std::fs::create_dir(place.tree())?;
        for at in 0..FILES {
            let bytes = if at % 8 == 0 { 120_000 } else { 3_000 };
            let text = Text::new(plan.seed ^ at as u64).words(bytes);
            std::fs::write(place.tree().join(format!("part-{at:02}.md")), text)?;
        }
        Ok(place)
    }

    /// The project that all histories here are of.
    pub fn tree(&self) -> PathBuf {
        self.memory.path().join("tree")
    }

    /// A directory for one history.
    pub fn in_memory(&self, name: &str) -> Outcome<History> {
        History::new(self.memory.path().join(name), self.tree())
    }

    /// The same on the disk.
    pub fn on_disk(&self, name: &str) -> Outcome<History> {
        History::new(self.disk.path().join(name), self.tree())
    }

    pub fn describe(&self) -> String {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = std::thread::available_parallelism().map_or(1, |it| it.get());
        format!("{cores} cores, {}", model.map_or("a processor without a name", |(_, name)| name))
    }
}

/// A history in a directory of its own, which goes with it.
pub struct History {
    pub dir: PathBuf,
    pub tree: PathBuf,
}

impl History {
    fn new(dir: PathBuf, tree: PathBuf) -> Outcome<History> {
        // Kept, of an earlier one.
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        Ok(History { dir: dir.canonicalize()?, tree })
    }

    /// Another one, of the same project.
    pub fn beside(&self, name: &str) -> Outcome<History> {
        History::new(self.dir.with_extension(name), self.tree.clone())
    }

    pub fn database(&self) -> PathBuf {
        database_in(&self.dir)
    }

    pub fn open(&self) -> Outcome<Workspace> {
        open(&self.tree, &self.database())
    }

    /// Begins with a database of an earlier version, if one is named.
    pub fn begin_with(&self, fixture: Option<&Path>) -> Outcome<()> {
        if let Some(fixture) = fixture {
            let home = self.dir.join(sortie::store::HOME);
            std::fs::create_dir_all(&home)?;
            std::fs::copy(fixture, self.database())?;
        }
        Ok(())
    }
}

impl Drop for History {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub fn database_in(dir: &Path) -> PathBuf {
    dir.join(sortie::store::HOME).join("history.db")
}

/// The databases that released versions left, by their schema's number, and none at all.
pub fn beginnings() -> Outcome<Vec<(String, Option<PathBuf>)>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = vec![("nothing".to_owned(), None)];
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = name.strip_prefix("schema-").and_then(|name| name.strip_suffix(".db"));
        if let Some(number) = number {
            found.push((format!("schema {number}"), Some(path.clone())));
        }
    }
    found.sort();
    Ok(found)
}

/// The binary under test: named, or the one that was built beside this program.
fn binary() -> Outcome<PathBuf> {
    if let Some(named) = std::env::var_os("SORTIE") {
        return Ok(PathBuf::from(named).canonicalize()?);
    }
    let here = std::env::current_exe()?;
    let beside = here.ancestors().nth(2).ok_or("no directory to look in")?;
    let found = beside.join(format!("sortie{}", std::env::consts::EXE_SUFFIX));
    match found.exists() {
        true => Ok(found),
        false => Err(format!("there is no {}: build it first", found.display()).into()),
    }
}

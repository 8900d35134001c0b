//! Transcripts that will say more: a harness tells of an agent's end before it has written the last lines, and of a
//! refused call it tells nothing at all.
//!
//! Each is noted in a file beside the history: a hint that may be lost, for an import reads all. Who asks for nothing of
//! the history need not open it to know that there are none. `again` looks at them.

use crate::files::read_named;
use crate::model::Timestamp;
use crate::store::{content, file};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the notes are, in the history's directory.
const DIR: &str = "awaited";
/// How long a note's name is.
const NAME: usize = 32;
/// A note is a path and some names.
const LARGEST: u64 = 64 << 10;

/// A transcript that may say more by now than was read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    pub path: PathBuf,
    pub harness: String,
    pub harness_session_id: String,
    /// Whose it is; none of the session's own.
    pub agent_id: Option<String>,
    /// When an event last named it.
    pub since: Timestamp,
}

impl Awaited {
    /// Notes it in the history's directory, if that can be written.
    pub fn note(&self, home: &Path) {
        let dir = home.join(DIR);
        let name = &content::hash(self.path.as_os_str().as_encoded_bytes())[..NAME];
        let text = serde_json::to_vec(self).expect("a note is texts and a time");
        let write = || {
            let mut note = tempfile::NamedTempFile::new_in(&dir)?;
            note.write_all(&text)?;
            note.persist(dir.join(name)).map_err(|error| error.error)
        };
        if file::make_own_dir(&dir).is_ok() {
            let _ = write();
        }
    }

    /// All that are noted, each with its note.
    pub fn noted(home: &Path) -> Vec<(PathBuf, Awaited)> {
        let Ok(entries) = std::fs::read_dir(home.join(DIR)) else { return Vec::new() };
        let read = |note: PathBuf| {
            // One that is being written has another name.
            note.file_name().filter(|name| name.len() == NAME)?;
            let text = read_named(&note, LARGEST).ok()?;
            match serde_json::from_slice(&text) {
                Ok(awaited) => Some((note, awaited)),
                // Cut short by a crash: it names nothing.
                Err(_) => {
                    let _ = std::fs::remove_file(&note);
                    None
                }
            }
        };
        let mut noted: Vec<_> = entries.flatten().filter_map(|entry| read(entry.path())).collect();
        noted.sort_by(|a, b| a.0.cmp(&b.0));
        noted
    }
}

//! The real `sortie` binary, run as anyone runs it, and killed as anyone may.

use crate::Outcome;
use crate::place::{History, Place};
use crate::records::{amended, message, scope};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

pub struct Program {
    sortie: PathBuf,
    tree: PathBuf,
    database: PathBuf,
}

impl Program {
    pub fn new(place: &Place, history: &History) -> Program {
        Program { sortie: place.sortie.clone(), tree: place.tree(), database: history.database() }
    }

    fn run(&self, words: &[&str], means: String) -> Run {
        Run {
            sortie: self.sortie.clone(),
            tree: self.tree.clone(),
            database: self.database.clone(),
            words: ["--quiet"].iter().chain(words).map(|word| word.to_string()).collect(),
            stdin: Vec::new(),
            means,
        }
    }

    pub fn begin(&self, session: &str) -> Run {
        let scope = format!("Torture {session}");
        let words = ["track", "init-session", "--session-id", session, "--scope", &scope];
        self.run(&words, format!("s {session}"))
    }

    pub fn deploy(&self, session: &str, id: &str) -> Run {
        let scope = scope(id);
        let words = ["track", "init-deployment", "--session-id", session, "--execution-id", id];
        let whom = ["--agent-type", "reviewer", "--scope", &scope];
        self.run(&[&words[..], &whom[..]].concat(), format!("d {id}"))
    }

    pub fn complete(&self, id: &str) -> Run {
        let words = ["track", "record-completion", "--execution-id", id, "--final-message", "-"];
        Run { stdin: message(id), ..self.run(&words, format!("c {id}")) }
    }

    pub fn amend(&self, id: &str) -> Run {
        let words = ["track", "record-completion", "--execution-id", id, "--final-message", "-"];
        let run = self.run(&[&words[..], &["--amend"]].concat(), format!("a {id}"));
        Run { stdin: amended(id), ..run }
    }

    /// Of everything; its id is told on stdout.
    pub fn bundle(&self, scope: &str) -> Run {
        let words = ["ctx", "prepare-bundle", "--agent-type", "reviewer", "--files", "."];
        let more = ["--scope", scope, "--budget", "10m"];
        self.run(&[&words[..], &more[..]].concat(), "b".to_owned())
    }

    pub fn prune(&self) -> Run {
        self.run(&["track", "prune", "--keep-sessions", "0"], String::new())
    }
}

/// One process.
pub struct Run {
    sortie: PathBuf,
    tree: PathBuf,
    database: PathBuf,
    words: Vec<String>,
    stdin: Vec<u8>,
    /// What its success acknowledges.
    means: String,
}

impl Run {
    /// What was acknowledged; a failure that nobody brought about is an error.
    pub fn wait(self) -> Outcome<String> {
        let child = self.start()?;
        self.said(child.wait_with_output()?)?.ok_or_else(|| "killed by whom?".into())
    }

    /// The same, killed when that time has passed: then nothing, or what it had said by then.
    pub fn killed_after(self, time: Duration) -> Outcome<Option<String>> {
        let mut child = self.start()?;
        std::thread::sleep(time);
        child.kill()?;
        self.said(child.wait_with_output()?)
    }

    fn start(&self) -> Outcome<Child> {
        let stdin = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut command = Command::new(&self.sortie);
        command.current_dir(&self.tree).env("SORTIE_DB", &self.database).args(&self.words);
        let mut child =
            command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // It may be dead, or not read.
            let _ = pipe.write_all(&self.stdin);
        }
        Ok(child)
    }

    fn said(self, output: Output) -> Outcome<Option<String>> {
        let out = String::from_utf8_lossy(&output.stdout);
        let by_signal = output.status.code().is_none();
        match output.status.success() {
            // The id of a bundle is told, not chosen.
            true if self.means == "b" => Ok(Some(format!("b {}", out.trim()))),
            true => Ok(Some(self.means)),
            false if by_signal => Ok(None),
            false => {
                let err = String::from_utf8_lossy(&output.stderr);
                Err(format!("sortie {:?}: {}: {err}", self.words, output.status).into())
            }
        }
    }
}

//! The real `sortie` binary, run as anyone runs it, and killed as anyone may.

use crate::Outcome;
use crate::place::{History, Place};
use crate::records::{amended, message, scope};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub struct Program {
    sortie: PathBuf,
    tree: PathBuf,
    database: PathBuf,
}

impl Program {
    pub fn new(place: &Place, history: &History) -> Program {
        Program { sortie: place.sortie.clone(), tree: place.tree(), database: history.database() }
    }

    fn sortie(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.sortie);
        command.current_dir(&self.tree).env("SORTIE_DB", &self.database).arg("--quiet");
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn begin(&self, session: &str) -> Run {
        let scope = format!("Torture {session}");
        let words = ["track", "init-session", "--session-id", session, "--scope", &scope];
        Run::new(self.sortie(&words), format!("s {session}"))
    }

    pub fn deploy(&self, session: &str, id: &str) -> Run {
        let scope = scope(id);
        let words = ["track", "init-deployment", "--session-id", session, "--execution-id", id];
        let mut command = self.sortie(&words);
        command.args(["--agent-type", "reviewer", "--scope", &scope]);
        Run::new(command, format!("d {id}"))
    }

    pub fn complete(&self, id: &str) -> Run {
        let words = ["track", "record-completion", "--execution-id", id, "--final-message", "-"];
        let run = Run::new(self.sortie(&words), format!("c {id}"));
        Run { stdin: message(id), ..run }
    }

    pub fn amend(&self, id: &str) -> Run {
        let words = ["track", "record-completion", "--execution-id", id, "--final-message", "-"];
        let mut command = self.sortie(&words);
        command.arg("--amend");
        Run { stdin: amended(id), ..Run::new(command, format!("a {id}")) }
    }

    /// Of everything; its id is told on stdout.
    pub fn bundle(&self, scope: &str) -> Run {
        let words = ["ctx", "prepare-bundle", "--agent-type", "reviewer", "--files", "."];
        let mut command = self.sortie(&words);
        command.args(["--scope", scope, "--budget", "10m"]);
        Run::new(command, "b".to_owned())
    }

    pub fn prune(&self) -> Run {
        Run::new(self.sortie(&["track", "prune", "--keep-sessions", "0"]), String::new())
    }
}

/// One process.
pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    /// What its success acknowledges.
    means: String,
}

impl Run {
    fn new(command: Command, means: String) -> Run {
        Run { command, stdin: Vec::new(), means }
    }

    /// What was acknowledged; a failure that nobody brought about is an error.
    pub fn wait(self) -> Outcome<String> {
        self.killed_after(Duration::from_secs(600))?.ok_or_else(|| "killed by whom?".into())
    }

    /// The same, killed when that time has passed: then nothing, or what it had said by then.
    pub fn killed_after(mut self, time: Duration) -> Outcome<Option<String>> {
        let stdin = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        let started = Instant::now();
        let mut child = self.command.stdin(stdin).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // It may be dead, or not read.
            let _ = pipe.write_all(&self.stdin);
        }
        let mut killed = false;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if started.elapsed() >= time && !killed {
                child.kill()?;
                killed = true;
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().ok_or("no stdout")?.read_to_string(&mut out)?;
        child.stderr.take().ok_or("no stderr")?.read_to_string(&mut err)?;
        match status.success() {
            // The id of a bundle is told, not chosen.
            true if self.means == "b" => Ok(Some(format!("b {}", out.trim()))),
            true => Ok(Some(self.means)),
            false if killed && status.code().is_none() => Ok(None),
            false => Err(format!("{:?}: {status}: {err}", self.command).into()),
        }
    }
}

//! What harnesses tell: one event, transcripts, and how it stands.

use super::Verb;
use crate::cli::Global;
use clap::Args;
use sortie::Result;
use sortie::capture::install::Surroundings;
use sortie::capture::{Event, Harness, HarnessHomes, Import as Request, Status as State, hear};
use sortie::context::Unheard;
use sortie::model::Timestamp;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What is more than this on stdin is no event that can be recorded in time.
const LARGEST: usize = 16 << 20;
/// How long stdin may stay open, and until when an event must be recorded, from the start.
const STDIN_OPEN: Duration = Duration::from_millis(90);
const RECORDED: Duration = Duration::from_millis(210);

fn homes() -> HarnessHomes {
    HarnessHomes::of(&Surroundings::of_process())
}

#[derive(Args)]
pub struct Hook {
    /// claude-code, codex or gemini
    harness: Harness,
}

impl Hook {
    pub fn run(&self, global: &Global) -> ExitCode {
        // The library of a harness's hook must not fail, and the harness need not see why it would.
        std::panic::set_hook(Box::new(|_| {}));
        let _ = catch_unwind(AssertUnwindSafe(|| self.hear(global)));
        ExitCode::SUCCESS
    }

    fn hear(&self, global: &Global) {
        let begun = Instant::now();
        let (bytes, cut) = stdin(begun + STDIN_OPEN);
        let Ok(options) = global.options(None) else { return };
        let project = std::env::var_os("CLAUDE_PROJECT_DIR").map(PathBuf::from);
        let event = Event {
            harness: self.harness,
            bytes,
            cut,
            at: options.now.unwrap_or_else(Timestamp::now),
            until: begun + RECORDED,
            project: project.filter(|_| self.harness == Harness::ClaudeCode),
        };
        if let (_, Some(reply)) = hear(event, options) {
            let mut stdout = std::io::stdout();
            let _ = stdout.write_all(reply.as_bytes()).and_then(|()| stdout.flush());
        }
    }
}

/// What stands on stdin, and why it is not all of it.
fn stdin(until: Instant) -> (Vec<u8>, Option<String>) {
    let (send, receive) = mpsc::channel::<Vec<u8>>();
    let read = move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = stdin.read(&mut buffer) {
            if send.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    };
    if std::thread::Builder::new().spawn(read).is_err() {
        return (Vec::new(), Some("no thread could be made".to_owned()));
    }
    let (mut bytes, mut more) = (Vec::new(), 0);
    loop {
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(some) if bytes.len() + some.len() <= LARGEST && more == 0 => bytes.extend(some),
            Ok(some) => more += some.len(),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            // Some harnesses leave it open behind a whole event.
            Err(mpsc::RecvTimeoutError::Timeout) if is_whole(&bytes) && more == 0 => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return (bytes, Some("stdin was not closed in time".to_owned()));
            }
        }
    }
    let cut = (more > 0).then(|| format!("an event of {} bytes", bytes.len() + more));
    (bytes, cut)
}

fn is_whole(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

#[derive(Args)]
pub struct Import {
    /// Transcripts, or directories that hold them
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Those of every project, each into its own history
    #[arg(long, conflicts_with = "paths")]
    all: bool,
    /// Only transcripts written then or later: a time, a day, or an age such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

impl Import {
    pub fn run(self, verb: &Verb<'_>, global: &Global) -> Result<ExitCode> {
        let now = verb.workspace.now();
        let since = self.since.as_ref().map(|it| Timestamp::parse_since(it, now)).transpose()?;
        let progress = verb.ui.progress();
        let unheard: std::sync::Arc<dyn sortie::context::Progress> = std::sync::Arc::new(Unheard);
        let progress = progress.unwrap_or(unheard);
        if !self.all {
            let is_given = !self.paths.is_empty();
            let paths = match is_given {
                true => self.paths,
                false => homes().transcripts_of(verb.workspace.root()),
            };
            if paths.is_empty() {
                verb.ui.note("no harness has a transcript of a session in this project");
            }
            let imported = Request { paths, since }.run(&verb.workspace, &*progress)?;
            verb.show(&imported)?;
            return Ok(ExitCode::SUCCESS);
        }
        let options = global.options(None)?;
        let mut all = sortie::capture::ImportedAll::default();
        for told in homes().all() {
            let paths = told.transcripts.clone();
            let done = match told.open(&options)? {
                Some(workspace) => {
                    let request = Request { paths, since };
                    Some((workspace.root().to_path_buf(), request.run(&workspace, &*progress)?))
                }
                None => None,
            };
            all.add(told.cwd, done);
        }
        verb.show(&all)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub struct Status {
    /// claude-code, codex or gemini
    #[arg(default_value = "claude-code")]
    harness: Harness,
}

impl Status {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let surroundings = Surroundings::of_process();
        let status = State::of(&verb.workspace, self.harness, &surroundings)?;
        verb.show(&status)?;
        let is_missing = status.coverage.as_ref().is_some_and(|it| !it.missing.is_empty());
        if is_missing {
            verb.ui.note("`sortie import` takes in what is missing");
        }
        Ok(ExitCode::SUCCESS)
    }
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{moment, note_redacted};
use crate::cli::exit;
use clap::Args;
use sortie::error::{Fault, IoContext, Kind};
use sortie::history::{Chosen, Source, spool};
use sortie::render::{Format, counted};
use sortie::{Error, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the history, or some sessions with all they need, as JSON lines
#[derive(Args)]
#[command(
    after_help = "One record a line: contents, bundles, briefings, sessions, executions, outputs, \
reports. What\n`track import` makes of it is the same history. To show it in a tool for traces: \
`sortie export`.\n\n\
Example:\n  sortie track export --output history.jsonl.zst\n  \
sortie track export --session-id latest | ssh build 'cd project && sortie track import -'"
)]
pub struct Export {
    /// Write it to this file instead of stdout, compressed if it is called .zst
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only this session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Only sessions begun then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only sessions begun before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
}

impl Export {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        // The table is what comes without --format.
        if !matches!(verb.ui.format(), Format::Table | Format::Jsonl) {
            return Err(FormatFault.into());
        }
        let (history, now) = (verb.workspace.history(), verb.workspace.now());
        let what = Chosen {
            session_id: verb.find(&self.session_id)?,
            since: moment(&self.since, now)?,
            until: moment(&self.until, now)?,
        };
        match self.output.filter(|path| path != Path::new("-")) {
            Some(path) => verb.show(&history.export_file(&what, &path)?)?,
            None => match history.export(&what, &mut verb.ui.stream()) {
                Err(error) if is_closed_pipe(&error) => {}
                outcome => drop(outcome?),
            },
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whoever read has enough.
fn is_closed_pipe(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|it| it.downcast_ref::<io::Error>());
    source.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

/// Bring in what `track export` or `track prune` wrote
#[derive(Args)]
#[command(
    after_help = "The same file twice is fine. What has gone on since it was recorded here is carried \
forward; what is\nhere with other values is left as it is and listed, with exit code 5. A damaged file \
changes nothing.\nSecrets are taken out of messages, scopes and reasons, as when they are recorded; the \
texts of bundles\ncome as they are.\n\n\
Example:\n  sortie track import history.jsonl.zst"
)]
pub struct Import {
    /// The file, compressed or not, or - for stdin
    file: PathBuf,
    /// Bring texts in as they are, secrets included
    #[arg(long)]
    keep_secrets: bool,
}

impl Import {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let source = match self.file == Path::new("-") {
            true => {
                let file = spool(&mut io::stdin().lock()).or_cannot("read", "stdin")?;
                Source::of(file, "stdin")
            }
            false => Source::open(&self.file)?,
        };
        let history = verb.workspace.history().keeping_secrets(self.keep_secrets);
        let imported = history.import(&source)?;
        verb.show(&imported)?;
        note_redacted(verb, &imported.redacted);
        if imported.with_secrets > 0 {
            let count = counted(
                imported.with_secrets as usize,
                "bundle or briefing holds secrets",
                "bundles or briefings hold secrets",
            );
            verb.ui.warn(&format!("{count}: what is named by its hash comes as it is"));
        }
        if imported.changed_nothing() {
            verb.ui.note("all of it was on record; nothing was changed");
        }
        if imported.conflicts.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        let count = counted(imported.conflicts.len(), "record was", "records were");
        verb.ui.warn(&format!("{count} not brought in; what is on record was not changed"));
        Ok(ExitCode::from(exit::CONFLICT))
    }
}

/// A format that an export has not.
#[derive(Debug, thiserror::Error)]
#[error("an export is JSON lines, in no other format")]
struct FormatFault;

impl Fault for FormatFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "leave --format out; `sortie track query --format csv` lists for other programs".into(),
        )
    }
}

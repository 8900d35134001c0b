//! The record for other tools.

use super::Verb;
use super::arguments::moment;
use crate::cli::exit;
use clap::Args;
use sortie::error::{Fault, IoContext, Kind};
use sortie::history::Chosen;
use sortie::otlp::{self, Endpoint, Header, Request, Sent, Walked};
use sortie::render::{Format, counted, json_line, to_json};
use sortie::{Error, Result};
use std::io::{self, Write};
use std::process::ExitCode;

/// Send sessions and executions to a receiver of OpenTelemetry traces
#[derive(Args)]
#[command(
    after_help = "A session is a trace and each of its executions a span, in the words of the GenAI semantic\n\
conventions. To carry a history to another project, as it is: `sortie track export`.\n\n\
Only what has ended is sent. The same spans have the same ids each time, so that an export can be\n\
repeated when more has ended.\n\n\
Without a URL, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT names the receiver,\n\
and OTEL_EXPORTER_OTLP_HEADERS its headers. Always heeded: OTEL_EXPORTER_OTLP_TIMEOUT, _COMPRESSION\n\
and _CERTIFICATE, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.\n\n\
Example:\n  sortie export --otlp http://localhost:4318\n  \
sortie export --otlp http://localhost:6006 --session-id latest --content"
)]
pub struct Export {
    /// Over HTTP, as protobuf, to this URL; with or without /v1/traces
    #[arg(long, value_name = "URL", num_args = 0..=1, required = true)]
    otlp: Option<Option<String>>,
    /// Only this session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Only sessions begun then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only sessions begun before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Briefings and final messages, too, without the secrets in them
    #[arg(long)]
    content: bool,
    /// A header of every request, such as a key; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<Header>,
    /// Write the spans to stdout as JSON lines, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Export {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let now = verb.workspace.now();
        let what = Chosen {
            session_id: verb.find(&self.session_id)?,
            since: moment(&self.since, now)?,
            until: moment(&self.until, now)?,
        };
        let request = Request { what, content: self.content };
        if self.dry_run {
            return list(verb, &request);
        }
        let url = self.otlp.flatten();
        let endpoint = Endpoint::new(url.as_deref(), self.header, &variable)?;
        let sent = otlp::export(&verb.workspace, &request, &endpoint, &variable)?;
        verb.show(&sent)?;
        Ok(told(verb, &sent))
    }
}

/// A variable of the environment; an empty one is as good as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Writes the spans line by line: a history may be long.
fn list(verb: &Verb<'_>, request: &Request) -> Result<ExitCode> {
    if !matches!(verb.ui.format(), Format::Table | Format::Jsonl) {
        return Err(FormatFault.into());
    }
    let mut out = io::BufWriter::new(verb.ui.stream());
    let listed = otlp::list(&verb.workspace, request, &mut |span| {
        out.write_all(json_line(&to_json(span)).as_bytes()).or_cannot("write", "stdout")
    });
    let listed = listed.and_then(|it| out.flush().or_cannot("write", "stdout").map(|()| it));
    match listed {
        Err(error) if is_closed_pipe(&error) => return Ok(ExitCode::SUCCESS),
        outcome => {
            let walked = outcome?;
            let spans = counted(walked.spans() as usize, "span", "spans");
            let without = walked.left_out().map(|it| format!("; left out: {it}"));
            verb.ui.note(&format!("{spans} would be sent{}", without.unwrap_or_default()));
            notes(verb, &walked);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever read has enough.
fn is_closed_pipe(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|it| it.downcast_ref::<io::Error>());
    source.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

/// Says what there is to say of what was sent.
fn told(verb: &Verb<'_>, sent: &Sent) -> ExitCode {
    if sent.spans == 0 {
        verb.ui.note("nothing that was chosen has ended: nothing was sent");
    }
    notes(verb, &sent.walked);
    let remarks = sent.remarks.join("; ");
    if sent.rejected_spans == 0 {
        if !remarks.is_empty() {
            verb.ui.warn(&format!("the receiver took all of it, and says: {remarks}"));
        }
        return ExitCode::SUCCESS;
    }
    let count = counted(sent.rejected_spans as usize, "span", "spans");
    let why = if remarks.is_empty() { remarks } else { format!(": {remarks}") };
    verb.ui.warn(&format!("the receiver rejected {count}{why}"));
    ExitCode::from(exit::FAILED)
}

fn notes(verb: &Verb<'_>, walked: &Walked) {
    if walked.redacted > 0 {
        let count = counted(walked.redacted as usize, "secret was", "secrets were");
        verb.ui.note(&format!("{count} taken out"));
    }
    if walked.cut > 0 {
        let count = counted(walked.cut as usize, "text is", "texts are");
        verb.ui.note(&format!("{count} longer than 1 MB, and cut there"));
    }
}

/// A format that spans are not listed in.
#[derive(Debug, thiserror::Error)]
#[error("spans are listed as JSON lines, in no other format")]
struct FormatFault;

impl Fault for FormatFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("leave --format out, or say --format jsonl".into())
    }
}

use crate::cli::commands::Verb;
use crate::cli::commands::arguments::{TEXT, note_redacted, read};
use clap::{Args, ValueEnum};
use sortie::history::{Completion, Recorded};
use sortie::model::CompletionStatus;
use sortie::{Execution, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Record how a deployment ended: its final message, whole, and what it delivered
#[derive(Args)]
#[command(
    after_help = "The same completion twice is fine; another one is refused unless --amend.\n\n\
Example:\n  sortie track record-completion --execution-id exec-001 --status completed \\\n      \
--final-message-file out.txt --deliverables src/search.rs"
)]
pub struct RecordCompletion {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "EXECUTION")]
    execution_id: String,
    /// How it ended
    #[arg(long, value_enum, default_value_t)]
    status: StatusArg,
    /// The final message, or - to read it from stdin
    #[arg(long, value_name = "TEXT", conflicts_with = "final_message_file")]
    final_message: Option<String>,
    /// The file that holds it, up to 512 MB
    #[arg(long, value_name = "FILE")]
    final_message_file: Option<PathBuf>,
    /// What went wrong
    #[arg(long, value_name = "TEXT")]
    error_message: Option<String>,
    /// Files it was to produce; they are looked at now
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    deliverables: Vec<String>,
    /// Replace a different completion; the earlier one is kept
    #[arg(long)]
    amend: bool,
    /// Store the messages as they are, secrets included
    #[arg(long)]
    keep_secrets: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum StatusArg {
    #[default]
    Completed,
    Failed,
}

impl RecordCompletion {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let execution = Execution::open(&verb.workspace, &self.execution_id)?
            .keeping_secrets(self.keep_secrets);
        let completion = Completion {
            status: match self.status {
                StatusArg::Completed => CompletionStatus::Completed,
                StatusArg::Failed => CompletionStatus::Failed,
            },
            final_message: message(self.final_message, self.final_message_file)?,
            error_message: self.error_message,
            deliverables: self.deliverables,
            amend: self.amend,
        };
        let done = execution.record_completion(&completion)?;
        verb.show(&done.execution)?;
        match done.recorded {
            Recorded::New => {}
            Recorded::Already => verb.ui.note("it was on record just so; nothing was changed"),
            Recorded::Amended { earlier } => {
                verb.ui.note(&format!("the earlier completion is kept as version {earlier}"));
            }
        }
        note_redacted(verb, &done.redacted);
        if !done.collected.missing.is_empty() {
            verb.ui.warn(&format!("not there: {}", done.collected.missing.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn message(text: Option<String>, file: Option<PathBuf>) -> Result<Option<Vec<u8>>> {
    match (text, file) {
        (Some(text), _) if text == "-" => read(Path::new("-"), TEXT).map(Some),
        (Some(text), _) => Ok(Some(text.into_bytes())),
        (None, Some(file)) => read(&file, TEXT).map(Some),
        (None, None) => Ok(None),
    }
}

use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use sortie::context::BriefingText;
use sortie::render::{Format, View, grouped, json_line, tokens};
use sortie::store::file;
use std::path::PathBuf;
use std::process::ExitCode;

/// Render a bundle's briefing from the contents that were kept
#[derive(Args)]
#[command(
    after_help = "The same bundle and template give the same bytes, whatever became of the files.\n\n\
Example:\n  sortie ctx generate-briefing --bundle bundle.json --template briefing --output briefing.md"
)]
pub struct GenerateBriefing {
    /// A file, an id, the beginning of one, or latest
    #[arg(long, value_name = "BUNDLE")]
    bundle: PathBuf,
    /// A name of `sortie ctx templates`, or a path [default: the bundle's]
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// Write it to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl GenerateBriefing {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let context = verb.workspace.context();
        let bundle = context.load(&self.bundle)?;
        let briefing = context.brief(&bundle, self.template.as_deref())?;
        if briefing.tokens_upper > bundle.budget {
            verb.ui.warn(&format!(
                "this rendering may have {} tokens, over the bundle's budget of {}",
                grouped(briefing.tokens_upper),
                grouped(bundle.budget)
            ));
        }
        match (&self.output, verb.ui.format()) {
            (Some(path), _) => {
                file::write(path, briefing.text.as_bytes())?;
                verb.show(&briefing)?;
                verb.ui.note(&format!("written to {}", path.display()));
            }
            (None, Format::Json | Format::Jsonl) => {
                let json = BriefingText(&briefing).json();
                verb.write(json_line(&json).as_bytes())?;
            }
            (None, Format::Html) => verb.show(&BriefingText(&briefing))?,
            (None, _) => {
                verb.write(briefing.text.as_bytes())?;
                verb.ui.note(&format!(
                    "{} tokens by template {}",
                    tokens(briefing.tokens, briefing.exact),
                    briefing.template
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

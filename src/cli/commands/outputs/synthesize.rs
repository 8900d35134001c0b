use crate::cli::commands::Verb;
use clap::Args;
use sortie::outputs::{Synthesis, Unrecorded, html_template};
use sortie::render::{self, Format, Surface};
use sortie::store::file;
use sortie::{Result, Session};
use std::path::PathBuf;
use std::process::ExitCode;

/// Bring a session together in a report, which is kept
#[derive(Args)]
#[command(
    after_help = "Markdown by a template, with --format html a page that stands alone, with --format \
json the template's\nvery data. Without a history, name --agents and --deliverables.\n\n\
Example:\n  sortie outputs synthesize --session-id latest --format html --output report.html"
)]
pub struct Synthesize {
    /// An id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION", required_unless_present_any = ["agents", "deliverables"])]
    session_id: Option<String>,
    /// Agents of which nothing was recorded
    #[arg(long, value_name = "AGENTS", value_delimiter = ',', conflicts_with = "session_id")]
    agents: Vec<String>,
    /// Files of which nothing was recorded
    #[arg(long, value_name = "FILES", value_delimiter = ',', conflicts_with = "session_id")]
    deliverables: Vec<PathBuf>,
    /// A name of `sortie ctx templates`, or a path
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// Write it to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Synthesize {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let of_html = |named: &Option<String>| Some(html_template(named.as_deref()));
        let template = match verb.ui.format() {
            Format::Html => of_html(&self.template),
            _ => self.template,
        };
        let template = template.as_deref();
        let synthesis = match &self.session_id {
            Some(name) => {
                Session::open(&verb.workspace, name)?.generate_synthesis_report(template)?
            }
            None => {
                let unrecorded =
                    Unrecorded { agents: self.agents, deliverables: self.deliverables };
                verb.workspace.outputs().synthesize_unrecorded(&unrecorded, template)?
            }
        };
        let text = as_text(&synthesis, verb.ui.format());
        match &self.output {
            Some(path) => {
                file::write(path, text.as_bytes())?;
                if verb.ui.format() == Format::Table {
                    verb.show(&synthesis.context)?;
                }
                verb.ui.note(&format!("written to {}", path.display()));
            }
            None => verb.write(text.as_bytes())?,
        }
        if let Some(report) = &synthesis.report {
            verb.ui.note(&format!("kept as {}", report.report_id));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The report in a format: a template's text for people, else the data behind it.
fn as_text(synthesis: &Synthesis, format: Format) -> String {
    match format {
        Format::Table | Format::Markdown | Format::Html => synthesis.text.clone(),
        Format::Json | Format::Jsonl | Format::Csv => {
            render::render(&synthesis.context, format, Surface::PLAIN)
        }
    }
}

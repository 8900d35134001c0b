//! Bringing a session together in a report, and keeping what was written.

use super::Outputs;
use super::context::SynthesisContext;
use super::gather::Gathered;
use crate::briefing::{self, TemplateKind};
use crate::error::{Fault, Kind, Result};
use crate::model::{Report, ReportId, SessionId};
use crate::store::{Messages, Page, PageRequest, content};
use std::path::PathBuf;

/// The template of a report where none is named.
const DEFAULT_TEMPLATE: &str = "synthesis-report";

/// The template that writes HTML where `named` was asked for: itself, or the one of that name.
pub fn html_template(named: Option<&str>) -> String {
    let named = named.unwrap_or(DEFAULT_TEMPLATE);
    let (stem, suffix) = match named.strip_suffix(".hbs") {
        Some(stem) => (stem, ".hbs"),
        None => (named, ""),
    };
    match stem.to_ascii_lowercase().ends_with(".html") {
        true => named.to_owned(),
        false => format!("{}.html{suffix}", stem.strip_suffix(".md").unwrap_or(stem)),
    }
}

/// A report: its data and its text, which was kept.
#[derive(Debug)]
pub struct Synthesis {
    /// What the template was given; serializes as the report's JSON.
    pub context: SynthesisContext,
    /// The report as the template writes it.
    pub text: String,
    /// How it is kept; a report without a session is not.
    pub report: Option<Report>,
}

/// Agents and files of which nothing was recorded.
#[derive(Debug, Clone, Default)]
pub struct Unrecorded {
    /// Kinds of agents.
    pub agents: Vec<String>,
    /// Files, looked at as they are now.
    pub deliverables: Vec<PathBuf>,
}

impl Outputs<'_> {
    /// A session's report by a template (`synthesis-report`, if none is named), kept in the history.
    pub fn synthesize(&self, session: &SessionId, template: Option<&str>) -> Result<Synthesis> {
        let (gathered, before) = Gathered::with_previous(self.store, session, Messages::Beginning)?;
        let session_id = gathered.session.session_id.clone();
        let context = SynthesisContext::of_session(gathered, self.now).against(before, self.now);
        let (template, text) = self.render(&context, template)?;
        let report = self.keep(session_id, template, &text)?;
        Ok(Synthesis { context, text, report: Some(report) })
    }

    /// A report on agents and files without a history; it is not kept.
    pub fn synthesize_unrecorded(
        &self,
        unrecorded: &Unrecorded,
        template: Option<&str>,
    ) -> Result<Synthesis> {
        let paths = unrecorded.deliverables.iter();
        let deliverables =
            paths.map(|path| self.look_at(path, None, &[])).collect::<Result<_>>()?;
        let context = SynthesisContext::unrecorded(&unrecorded.agents, deliverables, self.now);
        let (_, text) = self.render(&context, template)?;
        Ok(Synthesis { context, text, report: None })
    }

    fn render(&self, context: &SynthesisContext, name: Option<&str>) -> Result<(String, String)> {
        let name = name.unwrap_or(DEFAULT_TEMPLATE);
        let template = self.templates.get(TemplateKind::SynthesisReport, name)?;
        let text = briefing::render(&template, context)?;
        Ok((template.name, text))
    }

    fn keep(&self, session_id: SessionId, template: String, text: &str) -> Result<Report> {
        let content_hash = content::hash(text.as_bytes());
        let packed = self.store.pack([(content_hash.as_str(), text.as_bytes())])?;
        let identity = format!("{session_id}\0{content_hash}");
        let id = format!("report-{}", &content::hash(identity.as_bytes())[..12]);
        let report = Report {
            report_id: ReportId::new(id)?,
            session_id: Some(session_id),
            created_at: self.now,
            template,
            bytes: text.len() as u64,
            content_hash: content_hash.clone(),
        };
        self.store.write(|w| {
            w.keep_contents(&packed)?;
            w.keep_report(&report)
        })?;
        Ok(report)
    }

    /// The kept reports, newest first.
    pub fn reports(&self, page: PageRequest<ReportId>) -> Result<Page<Report>> {
        Page::of(page.limit, |limit| self.store.read(|r| r.reports(&PageRequest { limit, ..page })))
    }

    /// A kept report, byte for byte.
    pub fn report(&self, name: &str) -> Result<(Report, Vec<u8>)> {
        self.store.read(|r| {
            let id: ReportId = r.find(name)?;
            let report = r.report(&id)?.expect("just found");
            let text = r.content(&report.content_hash)?;
            let text = text.ok_or(ReportFault::Lost { id })?;
            Ok((report, text))
        })
    }
}

/// A report that cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The report is on record, its text is not.
    #[error("the text of {id} is not in the history any more")]
    Lost { id: ReportId },
}

impl Fault for ReportFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Lost { .. } => Kind::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Lost { .. } => Some("write it again with `sortie outputs synthesize`".into()),
        }
    }
}

//! The record as resources: sessions, reports, bundles and deployments, listed by pages and read as Markdown
//! or JSON.

use super::reply::markdown;
use super::tools::{deployment_text, recall_text, session_text};
use crate::error::{Fault, Kind, Result};
use crate::history::{ExecutionFilter, SessionFilter};
use crate::model::{BundleId, ExecutionId, Report, ReportId, SessionId};
use crate::render::{View, json_document};
use crate::session::Execution;
use crate::store::{Named, PageRequest};
use crate::workspace::Workspace;
use rmcp::model::{
    CompleteResult, CompletionInfo, ListResourcesResult, Resource, ResourceContents,
    ResourceTemplate,
};
use std::path::Path;

const MARKDOWN: &str = "text/markdown";
const JSON: &str = "application/json";

/// Resources of one page.
const PAGE: u32 = 50;

/// The most that is given of one resource, in bytes; `show` gives longer texts piece by piece.
const LARGEST: usize = 4 << 20;

/// What can be listed, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Session,
    Report,
    Bundle,
    Execution,
}

impl Shelf {
    const ALL: [Shelf; 4] = [Shelf::Session, Shelf::Report, Shelf::Bundle, Shelf::Execution];

    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Report => "report",
            Self::Bundle => "bundle",
            Self::Execution => "execution",
        }
    }

    fn named(name: &str) -> Option<Shelf> {
        Shelf::ALL.into_iter().find(|it| it.name() == name)
    }

    fn next(self) -> Option<Shelf> {
        let at = Shelf::ALL.iter().position(|it| *it == self)?;
        Shelf::ALL.get(at + 1).copied()
    }
}

/// The templates by which any of them can be read.
pub fn templates() -> Vec<ResourceTemplate> {
    let of = |path: &str, title: &str, told: &str, mime: &str| {
        let name = path.replace("/{id}", "").replace('/', "-");
        ResourceTemplate::new(format!("sortie://{path}"), name)
            .with_title(title)
            .with_description(format!("{told}; the id may be its beginning, or latest"))
            .with_mime_type(mime)
    };
    vec![
        of("session/{id}", "Session", "A session and its deployments", MARKDOWN),
        of("session/{id}/json", "Session as JSON", "The same as JSON", JSON),
        of("session/{id}/recall", "Session recalled", "What is open and what came of it", MARKDOWN),
        of("report/{id}", "Report", "A synthesis report, as it was written", MARKDOWN),
        of("bundle/{id}", "Bundle", "What a bundle holds and what it costs", MARKDOWN),
        of("bundle/{id}/json", "Bundle as JSON", "The same as JSON", JSON),
        of("execution/{id}", "Deployment", "Everything about one deployment", MARKDOWN),
        of("execution/{id}/json", "Deployment as JSON", "The same as JSON", JSON),
        of("execution/{id}/message", "Final message", "What the agent returned, whole", MARKDOWN),
        of("execution/{id}/briefing", "Briefing", "What the agent was handed, whole", MARKDOWN),
    ]
}

/// A page of all resources, newest first on each shelf. A cursor is a shelf, and behind which id.
pub fn list(workspace: &Workspace, cursor: Option<&str>) -> Result<ListResourcesResult> {
    let cursor = cursor.unwrap_or(Shelf::Session.name());
    let (shelf, after) = cursor.split_once('/').map_or((cursor, None), |(a, b)| (a, Some(b)));
    let unknown = || ResourceFault::Cursor { cursor: cursor.to_owned() };
    let mut shelf = Shelf::named(shelf).ok_or_else(unknown)?;
    let (mut resources, mut next) = page(workspace, shelf, after)?;
    while let (true, None, Some(other)) = (resources.is_empty(), &next, shelf.next()) {
        shelf = other;
        (resources, next) = page(workspace, shelf, None)?;
    }
    let next_cursor = match next {
        Some(id) => Some(format!("{}/{id}", shelf.name())),
        None => shelf.next().map(|it| it.name().to_owned()),
    };
    Ok(ListResourcesResult { next_cursor, ..ListResourcesResult::with_all_items(resources) })
}

/// Resources and the id behind which others stand.
type Listed = (Vec<Resource>, Option<String>);

fn page(workspace: &Workspace, shelf: Shelf, after: Option<&str>) -> Result<Listed> {
    let resource = |id: &str, title: String, told: String| {
        let uri = format!("sortie://{}/{id}", shelf.name());
        Resource::new(uri, id).with_title(title).with_description(told).with_mime_type(MARKDOWN)
    };
    let history = workspace.history();
    match shelf {
        Shelf::Session => {
            let after = after.map(|id| history.find::<SessionId>(id)).transpose()?;
            let filter = SessionFilter { limit: PAGE, after, ..SessionFilter::default() };
            let page = history.sessions(&filter)?;
            let rows = page.rows.iter().map(|it| {
                let told = format!("session, {}, begun {}", it.status, it.created_at.to_minute());
                resource(it.session_id.as_str(), beginning(&it.scope), told)
            });
            Ok((rows.collect(), page.next.map(Into::into)))
        }
        Shelf::Report => {
            let after = after.map(|id| history.find::<ReportId>(id)).transpose()?;
            let page = workspace.outputs().reports(PageRequest { after, limit: PAGE })?;
            let rows = page.rows.iter().map(|it| {
                let of = it.session_id.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
                let told = format!("report, written {}", it.created_at.to_minute());
                resource(it.report_id.as_str(), format!("Report{of}"), told)
                    .with_mime_type(mime_of(it))
                    .with_size(it.bytes)
            });
            Ok((rows.collect(), page.next.map(Into::into)))
        }
        Shelf::Bundle => {
            let after = after.map(|id| history.find::<BundleId>(id)).transpose()?;
            let page = workspace.context().bundles(PageRequest { after, limit: PAGE })?;
            let rows = page.rows.iter().map(|it| {
                let told = format!("bundle, prepared {}", it.created_at.to_minute());
                let title = format!("{}: {}", it.agent_type, beginning(&it.scope));
                resource(it.bundle_id.as_str(), title, told)
            });
            Ok((rows.collect(), page.next.map(Into::into)))
        }
        Shelf::Execution => {
            let after = after.map(|id| history.find::<ExecutionId>(id)).transpose()?;
            let filter = ExecutionFilter { limit: PAGE, after, ..ExecutionFilter::default() };
            let page = history.executions(&filter)?;
            let rows = page.rows.iter().map(|it| {
                let at = it.deployed_at.to_minute();
                let told = format!("deployment, {}, deployed {at}", it.status);
                let title = format!("{}: {}", it.agent_type, beginning(&it.scope));
                resource(it.execution_id.as_str(), title, told)
            });
            Ok((rows.collect(), page.next.map(Into::into)))
        }
    }
}

/// A scope in few words.
fn beginning(scope: &str) -> String {
    crate::render::beginning(scope, 80)
}

/// What a report is written in, which its template's name says.
fn mime_of(report: &Report) -> &'static str {
    let name = report.template.trim_end_matches(".hbs").to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html",
        Some((_, "json")) => JSON,
        _ => MARKDOWN,
    }
}

/// What stands at an address.
pub fn read(workspace: &Workspace, uri: &str) -> Result<ResourceContents> {
    let (text, mime) = text_of(workspace, uri)?;
    match text.len() > LARGEST {
        true => Err(ResourceFault::TooLarge { uri: uri.to_owned(), bytes: text.len() }.into()),
        false => Ok(ResourceContents::text(text, uri).with_mime_type(mime)),
    }
}

fn text_of(workspace: &Workspace, uri: &str) -> Result<(String, &'static str)> {
    let unknown = || ResourceFault::Unknown { uri: uri.to_owned() };
    let path = uri.strip_prefix("sortie://").ok_or_else(unknown)?;
    let mut parts = path.split('/');
    let shelf = parts.next().and_then(Shelf::named).ok_or_else(unknown)?;
    let id = parts.next().ok_or_else(unknown)?;
    let part = parts.next();
    if parts.next().is_some() {
        return Err(unknown().into());
    }
    let view = |it: &dyn View| match part {
        None => Ok((markdown(it), MARKDOWN)),
        Some("json") => Ok((json_document(&it.json()), JSON)),
        Some(_) => Err(unknown().into()),
    };
    let history = workspace.history();
    match (shelf, part) {
        (Shelf::Session, None) => {
            let detail = history.show_session(&history.find(id)?)?;
            Ok((session_text(&detail), MARKDOWN))
        }
        (Shelf::Session, Some("recall")) => {
            let recall = workspace.outputs().recall(&history.find(id)?)?;
            Ok((recall_text(&recall), MARKDOWN))
        }
        (Shelf::Session, Some("json")) => {
            let detail = history.show_session(&history.find(id)?)?;
            Ok((json_document(&detail), JSON))
        }
        (Shelf::Report, None) => {
            let (report, text) = workspace.outputs().report(id)?;
            Ok((String::from_utf8_lossy(&text).into_owned(), mime_of(&report)))
        }
        (Shelf::Bundle, _) => view(&workspace.context().kept(Path::new(id))?),
        (Shelf::Execution, Some("message")) => {
            let detail = history.show(&history.find(id)?)?;
            let message = detail.execution.final_message_text().ok_or_else(unknown)?;
            Ok((message.into_owned(), MARKDOWN))
        }
        (Shelf::Execution, Some("briefing")) => {
            let briefing = Execution::open(workspace, id)?.briefing()?;
            Ok((String::from_utf8_lossy(&briefing).into_owned(), MARKDOWN))
        }
        (Shelf::Execution, None) => {
            let detail = history.show(&history.find(id)?)?;
            Ok((deployment_text(detail), MARKDOWN))
        }
        (Shelf::Execution, _) => view(&history.show(&history.find(id)?)?),
        _ => Err(unknown().into()),
    }
}

/// Ids that begin so, for the template of an address.
pub fn complete(workspace: &Workspace, uri: &str, begun: &str) -> Result<CompleteResult> {
    let shelf = uri.strip_prefix("sortie://").and_then(|path| path.split('/').next());
    let ids = match shelf.and_then(Shelf::named) {
        Some(Shelf::Session) => ids::<SessionId>(workspace, begun)?,
        Some(Shelf::Report) => ids::<ReportId>(workspace, begun)?,
        Some(Shelf::Bundle) => ids::<BundleId>(workspace, begun)?,
        Some(Shelf::Execution) => ids::<ExecutionId>(workspace, begun)?,
        None => Vec::new(),
    };
    Ok(CompleteResult::new(CompletionInfo::new(ids).expect("no more than the protocol takes")))
}

fn ids<T: Named>(workspace: &Workspace, begun: &str) -> Result<Vec<String>> {
    workspace.store().read(|r| r.ids_from::<T>(begun, CompletionInfo::MAX_VALUES as u32))
}

/// A resource that cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ResourceFault {
    /// No address of anything here.
    #[error("there is nothing at '{}'", uri.escape_debug())]
    Unknown { uri: String },
    /// More than one answer should have.
    #[error("'{}' has {bytes} bytes, more than a resource gives", uri.escape_debug())]
    TooLarge { uri: String, bytes: usize },
    /// A cursor that no page gave.
    #[error("'{}' is no cursor of this list", cursor.escape_debug())]
    Cursor { cursor: String },
}

impl Fault for ResourceFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } => Kind::NotFound,
            Self::TooLarge { .. } | Self::Cursor { .. } => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { .. } => {
                "the list of resources, or of their templates, says what there is".into()
            }
            Self::TooLarge { .. } => "the tool `show` gives it piece by piece, by `from`".into(),
            Self::Cursor { .. } => "begin the list without one".into(),
        })
    }
}

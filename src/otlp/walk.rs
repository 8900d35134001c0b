//! Through the history, a page at a time: no transaction is open while a receiver is waited for, and no
//! more than a page is held.

use super::content::Texts;
use super::export::Request;
use super::ids::TraceId;
use super::span::Span;
use super::translate::{self, Content, Known};
use crate::error::Result;
use crate::history::{Chosen, ExecutionFilter, SessionFilter};
use crate::model::{ExecutionId, ExecutionRecord, SessionRecord};
use crate::store::Reader;
use crate::workspace::Workspace;
use serde::Serialize;

/// Records of one page.
const PAGE: u32 = 500;

/// What was gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Walked {
    /// Sessions that became a span.
    pub sessions: u64,
    /// Executions that became a span.
    pub executions: u64,
    /// Sessions that have not ended, and did not become one.
    pub open_sessions: u64,
    /// Executions that have not come back, and did not become one.
    pub open_executions: u64,
    /// Secrets that were taken out of texts.
    pub redacted: u64,
    /// Texts of which only the beginning was sent.
    pub cut: u64,
}

impl Walked {
    /// Spans that were made.
    pub fn spans(&self) -> u64 {
        self.sessions + self.executions
    }
}

/// A walk through a project's history.
pub struct Walk<'w> {
    workspace: &'w Workspace,
    request: &'w Request,
    project: Option<String>,
    texts: Texts<'w>,
    walked: Walked,
}

impl<'w> Walk<'w> {
    pub fn new(workspace: &'w Workspace, request: &'w Request) -> Walk<'w> {
        Walk {
            workspace,
            request,
            project: workspace.root().file_name().map(|it| it.to_string_lossy().into_owned()),
            texts: Texts::new(&workspace.config().secrets.allow),
            walked: Walked::default(),
        }
    }

    /// Hands over the spans of what was chosen: newest sessions first, each before its executions.
    pub fn go(mut self, sink: &mut dyn FnMut(Span) -> Result<()>) -> Result<Walked> {
        let Chosen { session_id, since, until } = self.request.what.clone();
        match session_id {
            Some(id) => {
                let found = self.workspace.store().read(|r| r.session(&id))?;
                let chosen = found.filter(|it| {
                    since.is_none_or(|since| it.created_at >= since)
                        && until.is_none_or(|until| it.created_at < until)
                });
                chosen.iter().try_for_each(|it| self.session(it, sink))?;
            }
            None => {
                let filter = SessionFilter { since, until, limit: PAGE, ..Default::default() };
                self.sessions(filter, sink)?;
            }
        }
        let Texts { redacted, cut, .. } = self.texts;
        Ok(Walked { redacted, cut, ..self.walked })
    }

    fn sessions(
        &mut self,
        mut filter: SessionFilter,
        sink: &mut dyn FnMut(Span) -> Result<()>,
    ) -> Result<()> {
        loop {
            let page = self.workspace.history().sessions(&filter)?;
            page.rows.iter().try_for_each(|it| self.session(it, sink))?;
            match page.next {
                Some(last) => filter.after = Some(last),
                None => return Ok(()),
            }
        }
    }

    fn session(
        &mut self,
        session: &SessionRecord,
        sink: &mut dyn FnMut(Span) -> Result<()>,
    ) -> Result<()> {
        match translate::session(session, self.project.as_deref(), &mut self.texts) {
            Some(span) => {
                self.walked.sessions += 1;
                sink(span)?;
            }
            None => self.walked.open_sessions += 1,
        }
        let trace = TraceId::of(session);
        let session_id = Some(session.session_id.clone());
        let mut filter = ExecutionFilter { session_id, limit: PAGE, ..Default::default() };
        loop {
            let page = self.workspace.history().executions(&filter)?;
            for record in page.rows {
                self.execution(trace, record, sink)?;
            }
            match page.next {
                Some(last) => filter.after = Some(last),
                None => return Ok(()),
            }
        }
    }

    fn execution(
        &mut self,
        trace: TraceId,
        record: ExecutionRecord,
        sink: &mut dyn FnMut(Span) -> Result<()>,
    ) -> Result<()> {
        if record.completed_at.is_none() {
            self.walked.open_executions += 1;
            return Ok(());
        }
        let with_content = self.request.content;
        let known = self.workspace.store().read(|r| known(r, record, with_content))?;
        match translate::execution(trace, &known, &mut self.texts) {
            Some(span) => {
                self.walked.executions += 1;
                sink(span)
            }
            None => Ok(()),
        }
    }
}

/// What belongs to an execution; the long texts, which lists leave out, only if they are asked for.
fn known(r: &Reader<'_>, record: ExecutionRecord, with_content: bool) -> Result<Known> {
    let content = match with_content {
        true => content(r, &record)?,
        false => Content::default(),
    };
    let (usage, parent) = (r.usage(&record.execution_id)?, parent(r, &record)?);
    Ok(Known { record, usage, parent, content })
}

fn content(r: &Reader<'_>, record: &ExecutionRecord) -> Result<Content> {
    let briefing = match &record.briefing_hash {
        Some(hash) => r.content(hash)?,
        None => None,
    };
    let message = r.execution(&record.execution_id)?.and_then(|it| it.final_message);
    Ok(Content { briefing, message })
}

/// The execution that deployed this one, if it is of the same session: there is its span.
fn parent(r: &Reader<'_>, record: &ExecutionRecord) -> Result<Option<ExecutionId>> {
    let Some(id) = r.parent_execution(&record.execution_id)? else { return Ok(None) };
    let found = r.execution(&id)?.filter(|it| it.session_id == record.session_id);
    Ok(found.map(|it| it.execution_id))
}

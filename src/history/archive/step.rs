//! One record of an export on its way in: what it refers to must be there before it is written.

use super::cleaning::Cleaning;
use super::fault::ArchiveFault;
use super::lines::ExecutionLine;
use super::source::Source;
use crate::error::Result;
use crate::model::Capture;
use crate::store::{CapturedBy, Series, Writer};

/// One record being brought in.
pub struct Step<'s, 'w> {
    pub w: &'s Writer<'w>,
    pub source: &'s Source,
    pub line: u64,
    pub cleaning: &'s Cleaning<'s>,
}

impl Step<'_, '_> {
    /// Refuses a record whose reference leads nowhere.
    pub fn needs<T>(&self, found: Option<T>, record: &str, what: &str, id: &str) -> Result<()> {
        match found {
            Some(_) => Ok(()),
            None => Err(ArchiveFault::Lacking {
                file: self.source.name().to_owned(),
                line: self.line,
                record: record.to_owned(),
                needs: format!("{what} {id}"),
            }
            .into()),
        }
    }

    pub fn needs_content(&self, kind: &str, id: &str, hash: &str) -> Result<()> {
        let found = self.w.has_content(hash)?.then_some(());
        self.needs(found, &format!("{kind} {id}"), "content", hash)
    }

    pub fn insert_execution(&self, given: &ExecutionLine) -> Result<()> {
        let (w, execution) = (self.w, &given.execution);
        let (id, session) = (execution.execution_id.as_str(), &execution.session_id);
        self.needs(w.session(session)?, id, "session", session.as_str())?;
        self.needs_what_it_was_given(given)?;
        let seq = w.free_place(Series::Executions, given.seq)?;
        w.insert_execution_at(execution, seq)?;
        self.write_allocations(given)?;
        self.write_completion(given, 0)?;
        self.write_told(given).map(drop)
    }

    /// Adds what its harness told, where that is not known. Says whether anything was.
    pub fn write_told(&self, given: &ExecutionLine) -> Result<bool> {
        let (w, id) = (self.w, &given.execution.execution_id);
        let mut is_news = false;
        for line in &given.captures {
            let it = &line.capture;
            let names = [
                it.tool_use_id.as_deref().map(CapturedBy::Call),
                it.agent_id.as_deref().map(CapturedBy::Agent),
            ];
            let mut known = false;
            for name in names.into_iter().flatten() {
                known |= w.capture(&it.harness, &it.harness_session_id, name)?.is_some();
            }
            if known {
                continue;
            }
            let seq =
                w.put_capture(None, &Capture { execution_id: Some(id.clone()), ..it.clone() })?;
            for hash in &line.contents {
                self.needs_content("what was told of", id.as_str(), hash)?;
                w.link_content(seq, hash)?;
            }
            is_news = true;
        }
        if let Some(usage) = &given.usage
            && w.usage(id)?.is_none()
        {
            w.put_usage(id, Some(usage))?;
            is_news = true;
        }
        Ok(is_news)
    }

    fn needs_what_it_was_given(&self, given: &ExecutionLine) -> Result<()> {
        let (w, execution) = (self.w, &given.execution);
        let id = execution.execution_id.as_str();
        if let Some(bundle) = &execution.bundle_id {
            self.needs(w.bundle_prepared_at(bundle)?, id, "bundle", bundle.as_str())?;
        }
        match &execution.briefing_hash {
            Some(hash) => self.needs_content("execution", id, hash),
            None => Ok(()),
        }
    }

    pub fn write_context(&self, given: &ExecutionLine) -> Result<()> {
        self.needs_what_it_was_given(given)?;
        self.w.update_context(&given.execution)?;
        self.write_allocations(given)
    }

    fn write_allocations(&self, given: &ExecutionLine) -> Result<()> {
        for (position, allocation) in given.allocations.iter().enumerate() {
            self.w.insert_allocation(allocation, position)?;
        }
        Ok(())
    }

    /// Writes how it ended, with the earlier completions after the `known` ones.
    pub fn write_completion(&self, given: &ExecutionLine, known: usize) -> Result<()> {
        let damaged = |why| ArchiveFault::Foreign { file: self.source.name().to_owned(), why };
        for version in given.earlier_completions.iter().skip(known) {
            let version = version.record().map_err(damaged)?;
            self.w.insert_completion_version(&given.execution.execution_id, &version)?;
        }
        let record = given.record().map_err(damaged)?;
        self.w.update_completion(&record)
    }
}

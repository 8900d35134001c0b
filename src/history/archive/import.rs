//! Bringing an export in: the same twice is once, and what contradicts the record is left out.
//!
//! The file is read through first, so that a damaged one changes nothing. Then records are written in
//! short transactions, because a long history would keep every other process waiting. If that is
//! interrupted, whole records are there, each behind what it refers to, and the same import again
//! adds the rest.

use super::fault::ArchiveFault;
use super::lines::{
    BriefingLine, BundleLine, ContentLine, ExecutionLine, Line, OutputLine, ReportLine, SessionLine,
};
use super::merge::{self, FieldDifference, Standing};
use super::source::Source;
use crate::error::Result;
use crate::history::History;
use crate::model::{BundleId, ExecutionId, Output, SessionId};
use crate::store::{Amounts, PackedContents, Series, Writer};
use serde::Serialize;
use std::collections::HashSet;

/// Records, and bytes of them, that one transaction writes.
const AT_ONCE: (usize, usize) = (256, 8 << 20);

/// A record that is on record with other values.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    /// Where it stands in the file.
    pub line: u64,
    /// What it is: `session`, `execution`, …
    pub record: &'static str,
    pub id: String,
    pub differences: Vec<FieldDifference>,
}

/// What came of an import.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Imported {
    /// What the file is called.
    pub file: String,
    /// All that the file holds.
    pub read: Amounts,
    /// What was not on record.
    pub new: Amounts,
    /// What had gone on since it was recorded here, and was carried forward.
    pub updated: Amounts,
    /// Records that are here with other values; nothing of them was changed.
    pub conflicts: Vec<Conflict>,
    /// Records that belong to those, and were left out with them.
    pub left_out: u64,
}

impl Imported {
    /// Whether all of it was on record just so, or further on.
    pub fn changed_nothing(&self) -> bool {
        let nothing = Amounts::default();
        self.new == nothing && self.updated == nothing && self.conflicts.is_empty()
    }
}

impl History<'_> {
    /// Brings an export in.
    pub fn import(&self, source: &Source) -> Result<Imported> {
        let mut import = Import { done: Imported::default(), apart: Apart::default() };
        import.done.read = source.check()?;
        import.done.file = source.name().to_owned();
        let mut batch: Vec<(u64, Line)> = Vec::new();
        let mut bytes = 0;
        for line in source.lines()? {
            let (number, text) = line?;
            let damaged = |why| ArchiveFault::Foreign { file: source.name().to_owned(), why };
            batch.push((number, Line::parse(&text).map_err(damaged)?));
            bytes += text.len();
            if batch.len() >= AT_ONCE.0 || bytes >= AT_ONCE.1 {
                import.write(self, source, &std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        import.write(self, source, &batch)?;
        Ok(import.done)
    }
}

/// An import under way.
#[derive(Clone)]
struct Import {
    done: Imported,
    apart: Apart,
}

/// What is on record with other values: what belongs to it in the file is not about the record here.
#[derive(Clone, Default)]
struct Apart {
    sessions: HashSet<SessionId>,
    executions: HashSet<ExecutionId>,
    bundles: HashSet<BundleId>,
}

/// One record being brought in.
struct Step<'s, 'w> {
    w: &'s Writer<'w>,
    source: &'s Source,
    line: u64,
}

impl Import {
    fn write(
        &mut self,
        history: &History<'_>,
        source: &Source,
        batch: &[(u64, Line)],
    ) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let unpacked = contents(batch);
        let named = unpacked.iter().map(|(hash, bytes)| (*hash, bytes.as_slice()));
        let packed = history.store.pack(named)?;
        // What is counted in a transaction that fails is not done.
        let mut next = self.clone();
        history.store.write(|w| next.apply(w, source, batch, &packed))?;
        *self = next;
        Ok(())
    }

    fn apply(
        &mut self,
        w: &Writer<'_>,
        source: &Source,
        batch: &[(u64, Line)],
        packed: &PackedContents<'_>,
    ) -> Result<()> {
        self.done.new.contents += w.keep_contents(packed)? as u64;
        for (line, record) in batch {
            let step = Step { w, source, line: *line };
            match record {
                Line::Head(_) | Line::Content(_) | Line::End(_) => {}
                Line::Bundle(it) => self.bundle(&step, it)?,
                Line::Briefing(it) => self.briefing(&step, it)?,
                Line::Session(it) => self.session(&step, it)?,
                Line::Execution(it) => self.execution(&step, it)?,
                Line::Output(it) => self.output(&step, it)?,
                Line::Report(it) => self.report(&step, it)?,
            }
        }
        Ok(())
    }

    fn bundle(&mut self, step: &Step<'_, '_>, given: &BundleLine) -> Result<()> {
        let (w, id) = (step.w, &given.manifest.bundle_id);
        let Some(manifest) = w.bundle(id)? else {
            for item in &given.manifest.context_items {
                step.needs_content("bundle", id.as_str(), &item.content_hash)?;
            }
            let seq = w.free_place(Series::Bundles, given.seq)?;
            w.keep_bundle_at(&given.manifest, given.prepared_at, seq)?;
            self.done.new.bundles += 1;
            return Ok(());
        };
        let prepared_at = w.bundle_prepared_at(id)?.unwrap_or(manifest.created_at);
        match merge::bundle(&BundleLine { seq: 0, prepared_at, manifest }, given) {
            Standing::Same | Standing::Earlier => {}
            Standing::Later => {
                w.renew_bundle(id, given.prepared_at)?;
                self.done.updated.bundles += 1;
            }
            Standing::Conflict(differences) => {
                self.apart.bundles.insert(id.clone());
                self.conflict(step, "bundle", id.as_str(), differences);
            }
        }
        Ok(())
    }

    fn briefing(&mut self, step: &Step<'_, '_>, given: &BriefingLine) -> Result<()> {
        if self.apart.bundles.contains(&given.bundle_id) {
            self.done.left_out += 1;
            return Ok(());
        }
        let w = step.w;
        let recorded = w.briefing(&given.bundle_id, &given.briefing_hash)?;
        let later = |at| given.created_at > at;
        match recorded {
            Some(recorded) if !later(recorded.created_at) => return Ok(()),
            Some(_) => self.done.updated.briefings += 1,
            None => {
                let name = given.bundle_id.as_str();
                step.needs_content("the briefing of", name, &given.briefing_hash)?;
                step.needs(w.bundle_prepared_at(&given.bundle_id)?, "a briefing", "bundle", name)?;
                self.done.new.briefings += 1;
            }
        }
        let seq = w.free_place(Series::Briefings, given.seq)?;
        let (kept, at) = (given.kept(), given.created_at);
        w.keep_briefing_at(&given.bundle_id, &kept, &given.template, at, seq)
    }

    fn session(&mut self, step: &Step<'_, '_>, given: &SessionLine) -> Result<()> {
        let (w, id) = (step.w, &given.session.session_id);
        let Some(session) = w.session(id)? else {
            w.insert_session_at(&given.session, w.free_place(Series::Sessions, given.seq)?)?;
            self.done.new.sessions += 1;
            return Ok(());
        };
        match merge::session(&SessionLine { seq: 0, session }, given) {
            Standing::Same | Standing::Earlier => {}
            Standing::Later => {
                w.update_session(&given.session)?;
                self.done.updated.sessions += 1;
            }
            Standing::Conflict(differences) => {
                self.apart.sessions.insert(id.clone());
                self.conflict(step, "session", id.as_str(), differences);
            }
        }
        Ok(())
    }

    fn execution(&mut self, step: &Step<'_, '_>, given: &ExecutionLine) -> Result<()> {
        let (w, id) = (step.w, &given.execution.execution_id);
        let of_a_bundle_apart =
            given.execution.bundle_id.as_ref().is_some_and(|it| self.apart.bundles.contains(it));
        if of_a_bundle_apart || self.apart.sessions.contains(&given.execution.session_id) {
            self.apart.executions.insert(id.clone());
            self.done.left_out += 1;
            return Ok(());
        }
        let Some(recorded) = w.execution(id)? else {
            step.insert_execution(given)?;
            self.done.new.executions += 1;
            return Ok(());
        };
        let (earlier, allocations) = (w.completion_versions(id)?, w.allocations(id)?);
        let known = earlier.len();
        let recorded = ExecutionLine::new(0, recorded, earlier, allocations);
        let deployment = merge::deployment(&recorded, given);
        let context = merge::context(&recorded, given);
        let completion = merge::completion(&recorded, given);
        let mut differences = Vec::new();
        let mut is_later = false;
        for standing in [deployment, context, completion] {
            match standing {
                Standing::Conflict(found) => differences.extend(found),
                found => is_later |= found == Standing::Later,
            }
        }
        if !differences.is_empty() {
            self.apart.executions.insert(id.clone());
            self.conflict(step, "execution", id.as_str(), differences);
        } else if is_later {
            if merge::context(&recorded, given) == Standing::Later {
                step.write_context(given)?;
            }
            if merge::completion(&recorded, given) == Standing::Later {
                step.write_completion(given, known)?;
            }
            self.done.updated.executions += 1;
        }
        Ok(())
    }

    fn output(&mut self, step: &Step<'_, '_>, given: &OutputLine) -> Result<()> {
        let w = step.w;
        let Output { output_id: id, execution_id, .. } = &given.output;
        if self.apart.executions.contains(execution_id) {
            self.done.left_out += 1;
            return Ok(());
        }
        let Some(output) = w.output(id)? else {
            let name = execution_id.as_str();
            let found = w.has_id::<ExecutionId>(name)?.then_some(());
            step.needs(found, id.as_str(), "execution", name)?;
            w.insert_output_at(&given.output, w.free_place(Series::Outputs, given.seq)?)?;
            self.done.new.outputs += 1;
            return Ok(());
        };
        if let Standing::Conflict(found) =
            merge::must_agree(&OutputLine { seq: 0, output }, given, &[])
        {
            self.conflict(step, "output", id.as_str(), found);
        }
        Ok(())
    }

    fn report(&mut self, step: &Step<'_, '_>, given: &ReportLine) -> Result<()> {
        let (w, id) = (step.w, &given.report.report_id);
        let session = given.report.session_id.as_ref();
        if session.is_some_and(|it| self.apart.sessions.contains(it)) {
            self.done.left_out += 1;
            return Ok(());
        }
        let Some(report) = w.report(id)? else {
            step.needs_content("report", id.as_str(), &given.report.content_hash)?;
            if let Some(session) = session {
                step.needs(w.session(session)?, id.as_str(), "session", session.as_str())?;
            }
            w.keep_report_at(&given.report, w.free_place(Series::Reports, given.seq)?)?;
            self.done.new.reports += 1;
            return Ok(());
        };
        if let Standing::Conflict(found) =
            merge::must_agree(&ReportLine { seq: 0, report }, given, &[])
        {
            self.conflict(step, "report", id.as_str(), found);
        }
        Ok(())
    }

    fn conflict(
        &mut self,
        step: &Step<'_, '_>,
        record: &'static str,
        id: &str,
        differences: Vec<FieldDifference>,
    ) {
        let (line, id) = (step.line, id.to_owned());
        self.done.conflicts.push(Conflict { line, record, id, differences });
    }
}

/// The hashes and bytes of the contents among some lines.
fn contents(batch: &[(u64, Line)]) -> Vec<(&str, Vec<u8>)> {
    let content = |line: &ContentLine| line.bytes().ok();
    let lines = batch.iter().filter_map(|(_, line)| match line {
        Line::Content(it) => content(it).map(|bytes| (it.content_hash.as_str(), bytes)),
        _ => None,
    });
    lines.collect()
}

impl Step<'_, '_> {
    /// Refuses a record whose reference leads nowhere.
    fn needs<T>(&self, found: Option<T>, record: &str, what: &str, id: &str) -> Result<()> {
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

    fn needs_content(&self, kind: &str, id: &str, hash: &str) -> Result<()> {
        let found = self.w.has_content(hash)?.then_some(());
        self.needs(found, &format!("{kind} {id}"), "content", hash)
    }

    fn insert_execution(&self, given: &ExecutionLine) -> Result<()> {
        let (w, execution) = (self.w, &given.execution);
        let (id, session) = (execution.execution_id.as_str(), &execution.session_id);
        self.needs(w.session(session)?, id, "session", session.as_str())?;
        self.needs_what_it_was_given(given)?;
        let seq = w.free_place(Series::Executions, given.seq)?;
        w.insert_execution_at(execution, seq)?;
        self.write_allocations(given)?;
        self.write_completion(given, 0)
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

    fn write_context(&self, given: &ExecutionLine) -> Result<()> {
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
    fn write_completion(&self, given: &ExecutionLine, known: usize) -> Result<()> {
        let damaged = |why| ArchiveFault::Foreign { file: self.source.name().to_owned(), why };
        for version in given.earlier_completions.iter().skip(known) {
            let version = version.record().map_err(damaged)?;
            self.w.insert_completion_version(&given.execution.execution_id, &version)?;
        }
        let record = given.record().map_err(damaged)?;
        self.w.update_completion(&record)
    }
}

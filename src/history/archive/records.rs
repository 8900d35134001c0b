//! Records of an export, each held against the one on record: added, carried forward, or left out.

use super::cleaning::{Cleaned, Cleaning, Held};
use super::imported::{Conflict, Imported};
use super::lines::{
    BriefingLine, BundleLine, ExecutionLine, Line, OutputLine, ReportLine, SessionLine,
};
use super::merge::{self, FieldDifference, Standing};
use super::source::Source;
use super::step::Step;
use crate::error::Result;
use crate::model::{BundleId, ExecutionId, ExecutionRecord, Output, SessionId};
use crate::store::{PackedContents, Series, Writer};
use std::collections::HashSet;

/// An import under way.
#[derive(Clone, Default)]
pub struct Import {
    pub done: Imported,
    apart: Apart,
    /// What was found in contents so far: they come before what names them.
    held: Held,
}

/// Some lines of the file, and what was made of them before the transaction.
pub struct Batch<'b> {
    pub lines: &'b [(u64, Line)],
    pub packed: &'b PackedContents<'b>,
    pub cleaning: &'b Cleaning<'b>,
}

/// What is on record with other values: what belongs to it in the file is not about the record here.
#[derive(Clone, Default)]
struct Apart {
    sessions: HashSet<SessionId>,
    executions: HashSet<ExecutionId>,
    bundles: HashSet<BundleId>,
}

impl Apart {
    /// Whether a deployment belongs to a session or had a bundle that is another here.
    fn holds(&self, execution: &ExecutionRecord) -> bool {
        let of_a_bundle = execution.bundle_id.as_ref().is_some_and(|it| self.bundles.contains(it));
        of_a_bundle || self.sessions.contains(&execution.session_id)
    }
}

impl Import {
    /// Brings in some lines of the file, in their order.
    pub fn apply(&mut self, w: &Writer<'_>, source: &Source, batch: &Batch<'_>) -> Result<()> {
        self.done.new.contents += w.keep_contents(batch.packed)? as u64;
        self.held.extend(batch.cleaning.held().clone());
        for (line, record) in batch.lines {
            let step = Step { w, source, line: *line, cleaning: batch.cleaning };
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
            let is_secret = step.cleaning.is_secret_bundle(&self.held, &given.manifest);
            self.done.with_secrets += u64::from(is_secret);
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
        let recorded = w.session(id)?;
        let Cleaned { line: given, taken } = step.cleaning.session(given, recorded.as_ref());
        let Some(session) = recorded else {
            w.insert_session_at(&given.session, w.free_place(Series::Sessions, given.seq)?)?;
            self.done.new.sessions += 1;
            self.done.redacted.extend(taken);
            return Ok(());
        };
        match merge::session(&SessionLine { seq: 0, session }, &given) {
            Standing::Same | Standing::Earlier => {}
            Standing::Later => {
                w.update_session(&given.session)?;
                self.done.updated.sessions += 1;
                self.done.redacted.extend(taken);
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
        if self.apart.holds(&given.execution) {
            self.apart.executions.insert(id.clone());
            self.done.left_out += 1;
            return Ok(());
        }
        let recorded = recorded(w, id)?;
        let Cleaned { line: given, taken } = step.cleaning.execution(given, recorded.as_ref());
        let given = &*given;
        let Some(recorded) = recorded else {
            step.insert_execution(given)?;
            self.done.new.executions += 1;
            self.done.redacted.extend(taken);
            self.done.with_secrets += u64::from(self.is_secret_briefing(step, given));
            return Ok(());
        };
        let known = recorded.earlier_completions.len();
        let standings = [
            merge::deployment(&recorded, given),
            merge::context(&recorded, given),
            merge::completion(&recorded, given),
        ];
        let [_, is_context_later, is_completion_later] =
            standings.each_ref().map(|it| *it == Standing::Later);
        let differences = conflicts(standings);
        if !differences.is_empty() {
            self.apart.executions.insert(id.clone());
            self.conflict(step, "execution", id.as_str(), differences);
            return Ok(());
        }
        if is_context_later {
            step.write_context(given)?;
        }
        if is_completion_later {
            step.write_completion(given, known)?;
            self.done.redacted.extend(taken);
        }
        let is_told = step.write_told(given)?;
        self.done.updated.executions +=
            u64::from(is_context_later || is_completion_later || is_told);
        Ok(())
    }

    fn output(&mut self, step: &Step<'_, '_>, given: &OutputLine) -> Result<()> {
        let w = step.w;
        let Output { output_id: id, execution_id, .. } = &given.output;
        if self.apart.executions.contains(execution_id) {
            self.done.left_out += 1;
            return Ok(());
        }
        let recorded = w.output(id)?;
        let Cleaned { line: given, taken } = step.cleaning.output(given, recorded.as_ref());
        let Some(output) = recorded else {
            let name = execution_id.as_str();
            let found = w.has_id::<ExecutionId>(name)?.then_some(());
            step.needs(found, id.as_str(), "execution", name)?;
            w.insert_output_at(&given.output, w.free_place(Series::Outputs, given.seq)?)?;
            self.done.new.outputs += 1;
            self.done.redacted.extend(taken);
            return Ok(());
        };
        if let Standing::Conflict(found) =
            merge::must_agree(&OutputLine { seq: 0, output }, &given, &[])
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

    /// Whether what was handed over without a bundle may not go out; a bundle is told by itself.
    fn is_secret_briefing(&self, step: &Step<'_, '_>, given: &ExecutionLine) -> bool {
        let execution = &given.execution;
        let briefing = execution.briefing_hash.as_ref().filter(|_| execution.bundle_id.is_none());
        briefing.is_some_and(|hash| step.cleaning.is_secret(&self.held, hash, None))
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

/// An execution on record, as a line of an export.
fn recorded(w: &Writer<'_>, id: &ExecutionId) -> Result<Option<ExecutionLine>> {
    let Some(recorded) = w.execution(id)? else { return Ok(None) };
    let (earlier, allocations) = (w.completion_versions(id)?, w.allocations(id)?);
    Ok(Some(ExecutionLine::new(0, recorded, earlier, allocations)))
}

/// What contradicts, of all parts of a record.
fn conflicts(standings: impl IntoIterator<Item = Standing>) -> Vec<FieldDifference> {
    let conflicts = standings.into_iter().filter_map(|it| match it {
        Standing::Conflict(found) => Some(found),
        _ => None,
    });
    conflicts.flatten().collect()
}

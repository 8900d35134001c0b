//! Writing a history, or a part of it that stands on its own.

use super::lines::{
    BriefingLine, BundleLine, ContentLine, End, ExecutionLine, FORMAT, Head, Line, OutputLine,
    ReportLine, SessionLine,
};
use crate::error::{IoContext, Result};
use crate::history::History;
use crate::store::{Amounts, Chosen, Reader, SCHEMA, file};
use serde::Serialize;
use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Contents are compressed already in the database; here they are compressed together.
const ZSTD_LEVEL: i32 = 3;

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct Exported {
    /// Where to; none is the standard output.
    pub file: Option<PathBuf>,
    /// Length of the file in bytes.
    pub bytes: Option<u64>,
    #[serde(flatten)]
    pub amounts: Amounts,
}

impl History<'_> {
    /// Writes the chosen sessions with all they need as JSON lines. One consistent look: what is
    /// recorded meanwhile is not in it, and is not hindered.
    pub fn export(&self, what: &Chosen, out: &mut dyn Write) -> Result<Exported> {
        let amounts = self.store.read(|r| {
            r.choose(what)?;
            self.write_chosen(r, out, Path::new("stdout"))
        })?;
        Ok(Exported { file: None, bytes: None, amounts })
    }

    /// The same into a file, whole or not at all, compressed if it is called `.zst`.
    pub fn export_file(&self, what: &Chosen, path: &Path) -> Result<Exported> {
        let amounts = self.store.read(|r| {
            r.choose(what)?;
            self.write_file(r, path)
        })?;
        let bytes = path.metadata().ok().filter(|it| it.is_file()).map(|it| it.len());
        Ok(Exported { file: Some(path.to_path_buf()), bytes, amounts })
    }

    /// Writes what is chosen into a file.
    fn write_file(&self, r: &Reader<'_>, path: &Path) -> Result<Amounts> {
        file::write_with(path, |out| self.write_as(r, out, path))
    }

    /// Writes what is chosen into the first of these files that is not there yet, and says which.
    pub(in crate::history) fn write_new_file(
        &self,
        r: &Reader<'_>,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Option<PathBuf>> {
        let mut paths = paths.into_iter().peekable();
        let Some(first) = paths.peek().cloned() else { return Ok(None) };
        let written = file::write_new(paths, |out| self.write_as(r, out, &first))?;
        Ok(written.map(|(path, _)| path))
    }

    /// Writes what is chosen in the form that a file of that name has.
    fn write_as(&self, r: &Reader<'_>, out: &mut dyn Write, path: &Path) -> Result<Amounts> {
        if path.extension() != Some(OsStr::new("zst")) {
            return self.write_chosen(r, out, path);
        }
        let mut packed =
            zstd::stream::write::Encoder::new(out, ZSTD_LEVEL).or_cannot("write", path)?;
        // A flipped bit in a message has no hash of its own to be found by.
        packed.include_checksum(true).or_cannot("write", path)?;
        let amounts = self.write_chosen(r, &mut packed, path)?;
        packed.finish().or_cannot("write", path)?;
        Ok(amounts)
    }

    fn write_chosen(&self, r: &Reader<'_>, out: &mut dyn Write, path: &Path) -> Result<Amounts> {
        let mut sink = Sink { out: BufWriter::new(out), path, amounts: Amounts::default() };
        sink.put(&Line::Head(Head {
            format: FORMAT,
            sortie: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA,
            exported_at: self.now,
        }))?;
        r.each_content(&mut |hash, bytes| sink.put(&Line::Content(ContentLine::new(hash, bytes))))?;
        r.each_bundle(&mut |(seq, (prepared_at, manifest))| {
            sink.put(&Line::Bundle(Box::new(BundleLine { seq, prepared_at, manifest })))
        })?;
        r.each_briefing(&mut |(seq, row)| sink.put(&Line::Briefing(BriefingLine::new(seq, row))))?;
        r.each_session(&mut |(seq, session)| {
            sink.put(&Line::Session(SessionLine { seq, session }))
        })?;
        r.each_execution(&mut |(seq, execution)| {
            let earlier = r.completion_versions(&execution.execution_id)?;
            let allocations = r.allocations(&execution.execution_id)?;
            let captures = r.captures_with_contents(&execution.execution_id)?;
            let usage = r.usage(&execution.execution_id)?;
            let line = ExecutionLine::new(seq, execution, earlier, allocations);
            let line = line.captured(captures, usage);
            sink.put(&Line::Execution(Box::new(line)))
        })?;
        r.each_output(&mut |(seq, output)| sink.put(&Line::Output(OutputLine { seq, output })))?;
        r.each_report(&mut |(seq, report)| sink.put(&Line::Report(ReportLine { seq, report })))?;
        sink.put(&Line::End(End { amounts: sink.amounts }))?;
        sink.out.flush().or_cannot("write", path)?;
        Ok(sink.amounts)
    }
}

/// Where lines go, and how many of each kind went.
struct Sink<'a> {
    out: BufWriter<&'a mut dyn Write>,
    path: &'a Path,
    amounts: Amounts,
}

impl Sink<'_> {
    fn put(&mut self, line: &Line) -> Result<()> {
        line.count(&mut self.amounts);
        let written = serde_json::to_writer(&mut self.out, line).map_err(std::io::Error::from);
        written.and_then(|()| self.out.write_all(b"\n")).or_cannot("write", self.path)
    }
}

//! Synthesis reports that were kept; their bytes stand in contents.

use super::filter::Filter;
use super::open::{Reader, Writer};
use super::page::PageRequest;
use crate::error::Result;
use crate::model::{Report, ReportId};
use rusqlite::{OptionalExtension, Row, params};

pub(super) const COLUMNS: &str = "report_id, session_id, created_at, template, bytes, content_hash";

pub(super) fn report(row: &Row<'_>) -> rusqlite::Result<Report> {
    Ok(Report {
        report_id: row.get(0)?,
        session_id: row.get(1)?,
        created_at: row.get(2)?,
        template: row.get(3)?,
        bytes: row.get(4)?,
        content_hash: row.get(5)?,
    })
}

impl Reader<'_> {
    /// The report of that very id.
    pub fn report(&self, id: &ReportId) -> Result<Option<Report>> {
        let sql = format!("SELECT {COLUMNS} FROM reports WHERE report_id = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([id], report).optional()?)
    }

    /// The kept reports, newest first.
    pub fn reports(&self, page: &PageRequest<ReportId>) -> Result<Vec<Report>> {
        let select = format!("SELECT {COLUMNS} FROM reports");
        let (sql, values) = Filter::default().list(&select, &page.after, &page.limit);
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, report)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Keeps a report whose content is in the store; the same one twice is one.
    pub fn keep_report(&self, report: &Report) -> Result<()> {
        self.keep_report_at(report, None)
    }

    /// The same, at a place among the others; without one it comes last.
    pub fn keep_report_at(&self, report: &Report, seq: Option<i64>) -> Result<()> {
        let new = self
            .0
            .prepare_cached(
                "INSERT INTO reports (seq, report_id, session_id, created_at, template, bytes,
                                  content_hash, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_seal(?2, ?3, ?4, ?5, ?6, ?7))
             ON CONFLICT (report_id) DO NOTHING",
            )?
            .execute(params![
                seq,
                report.report_id,
                report.session_id,
                report.created_at,
                report.template,
                report.bytes,
                report.content_hash,
            ])?;
        self.tally.add(|it| it.reports += new as u64);
        Ok(())
    }
}

//! Pages of a list: some rows, and the row behind which the next page begins.

use super::names::Named;
use crate::error::Result;
use crate::model::{
    ExecutionId, ExecutionRecord, Output, OutputId, Report, ReportId, SessionId, SessionRecord,
};

/// What of a list without other conditions is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest<I> {
    /// Only what stands behind this one.
    pub after: Option<I>,
    /// At most so many; 0 is all.
    pub limit: u32,
}

/// Some rows of a list.
#[derive(Debug, Clone)]
pub struct Page<T: Listed> {
    pub rows: Vec<T>,
    /// The last of `rows`, if others stand behind it.
    pub next: Option<T::Id>,
}

/// What lists have in their rows.
pub trait Listed {
    /// What continues the list.
    type Id: Named + Clone;

    /// The row's own.
    fn id(&self) -> &Self::Id;
}

macro_rules! listed {
    ($($row:ty, $id:ty, $field:ident);+ $(;)?) => { $(
        impl Listed for $row {
            type Id = $id;

            fn id(&self) -> &$id {
                &self.$field
            }
        }
    )+ };
}

listed! {
    ExecutionRecord, ExecutionId, execution_id;
    SessionRecord, SessionId, session_id;
    Output, OutputId, output_id;
    Report, ReportId, report_id;
}

impl<T: Listed> Page<T> {
    /// What `list` gives for a limit, asked for one row more to know whether there are others.
    pub fn of(limit: u32, list: impl FnOnce(u32) -> Result<Vec<T>>) -> Result<Page<T>> {
        let more = if limit == 0 { 0 } else { limit.saturating_add(1) };
        let mut rows = list(more)?;
        let cut = limit > 0 && rows.len() > limit as usize;
        if cut {
            rows.truncate(limit as usize);
        }
        let next = rows.last().filter(|_| cut).map(|row| row.id().clone());
        Ok(Page { rows, next })
    }
}

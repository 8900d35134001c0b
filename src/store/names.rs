//! Finding what an id, the beginning of one, or `latest` names.

use super::open::Reader;
use crate::error::{Fault, Kind, Result, nearest};
use crate::model::{BundleId, ExecutionId, InvalidId, LATEST, OutputId, ReportId, SessionId};
use rusqlite::OptionalExtension;

/// A kind of id that can be looked up: where its rows stand.
pub trait Named: Sized + std::str::FromStr<Err = InvalidId> {
    /// What it names, in messages.
    const WHAT: &str;
    /// Table, id column and time column.
    const COLUMNS: (&str, &str, &str);
    /// The command that lists them.
    const LISTED_BY: &str;
}

impl Named for SessionId {
    const WHAT: &str = SessionId::WHAT;
    const COLUMNS: (&str, &str, &str) = ("sessions", "session_id", "created_at");
    const LISTED_BY: &str = "sortie track sessions";
}

impl Named for ExecutionId {
    const WHAT: &str = ExecutionId::WHAT;
    const COLUMNS: (&str, &str, &str) = ("agent_executions", "execution_id", "deployed_at");
    const LISTED_BY: &str = "sortie track query";
}

impl Named for BundleId {
    const WHAT: &str = BundleId::WHAT;
    const COLUMNS: (&str, &str, &str) = ("bundles", "bundle_id", "created_at");
    const LISTED_BY: &str = "sortie ctx list";
}

impl Named for ReportId {
    const WHAT: &str = ReportId::WHAT;
    const COLUMNS: (&str, &str, &str) = ("reports", "report_id", "created_at");
    const LISTED_BY: &str = "sortie outputs reports";
}

impl Named for OutputId {
    const WHAT: &str = OutputId::WHAT;
    const COLUMNS: (&str, &str, &str) = ("outputs", "output_id", "created_at");
    const LISTED_BY: &str = "sortie outputs query";
}

/// How many candidates a message lists.
const SHOWN: u32 = 5;

/// Among how many of the newest ids the nearest are looked for.
const NEAR: u32 = 1000;

impl Reader<'_> {
    /// The id that `text` names: an id, the beginning of just one, or `latest`.
    pub fn find<T: Named>(&self, text: &str) -> Result<T> {
        if text == LATEST {
            return match self.latest_ids::<T>(1)?.pop() {
                Some(id) => Ok(id.parse::<T>()?),
                None => Err(NameFault::None { what: T::WHAT }.into()),
            };
        }
        // What cannot be an id, such as the empty text, begins none either.
        let exact = text.parse::<T>()?;
        if self.has_id::<T>(text)? {
            return Ok(exact);
        }
        let mut candidates = self.ids_from::<T>(text, SHOWN + 1)?;
        match candidates.len() {
            1 => Ok(candidates.remove(0).parse::<T>()?),
            0 => Err(self.unknown::<T>(text)?.into()),
            _ => {
                let more = candidates.len() > SHOWN as usize;
                candidates.truncate(SHOWN as usize);
                let text = text.to_owned();
                Err(NameFault::Ambiguous { what: T::WHAT, text, candidates, more }.into())
            }
        }
    }

    fn unknown<T: Named>(&self, text: &str) -> Result<NameFault> {
        let recent = self.latest_ids::<T>(NEAR)?;
        let near = nearest(text, recent.iter().map(String::as_str));
        let near: Vec<String> = near.into_iter().map(str::to_owned).collect();
        let latest = recent.into_iter().take(SHOWN as usize).collect();
        let (text, listed_by) = (text.to_owned(), T::LISTED_BY);
        Ok(NameFault::Unknown { what: T::WHAT, text, near, latest, listed_by })
    }

    /// Ids that begin with `prefix`, in order, at most `limit`.
    pub fn ids_from<T: Named>(&self, prefix: &str, limit: u32) -> Result<Vec<String>> {
        let (table, id, _) = T::COLUMNS;
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {id} FROM {table} WHERE {id} >= ?1 AND {id} < ?2 ORDER BY {id} LIMIT ?3"
        ))?;
        // '~' sorts after every character an id may have.
        let rows = statement.query_map((prefix, format!("{prefix}~"), limit), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest ids, newest first, at most `limit`.
    fn latest_ids<T: Named>(&self, limit: u32) -> Result<Vec<String>> {
        let (table, id, time) = T::COLUMNS;
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {id} FROM {table} ORDER BY {time} DESC, seq DESC LIMIT ?1"
        ))?;
        let rows = statement.query_map([limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether that very id is on record.
    pub fn has_id<T: Named>(&self, text: &str) -> Result<bool> {
        let (table, id, _) = T::COLUMNS;
        let sql = format!("SELECT 1 FROM {table} WHERE {id} = ?1");
        let found = self.0.prepare_cached(&sql)?.query_row([text], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }
}

/// A name that leads to nothing, or to several.
#[derive(Debug, thiserror::Error)]
pub enum NameFault {
    /// `latest` of what there is none of.
    #[error("there is no {what} yet")]
    None { what: &'static str },
    /// No id is or begins so; `near` are the most similar among the newest.
    #[error("there is no {what} '{}'", text.escape_debug())]
    Unknown {
        what: &'static str,
        text: String,
        near: Vec<String>,
        latest: Vec<String>,
        listed_by: &'static str,
    },
    /// Several ids begin so; `more` says whether there are others than the `candidates`.
    #[error("'{text}' begins the id of more than one {what}")]
    Ambiguous { what: &'static str, text: String, candidates: Vec<String>, more: bool },
}

impl Fault for NameFault {
    fn kind(&self) -> Kind {
        match self {
            Self::None { .. } | Self::Unknown { .. } => Kind::NotFound,
            Self::Ambiguous { .. } => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::None { .. } => return None,
            Self::Unknown { what, latest, .. } if latest.is_empty() => {
                format!("there is no {what} yet")
            }
            Self::Unknown { near, latest, listed_by, .. } if near.is_empty() => {
                format!("the latest are {}; `{listed_by}` lists them", latest.join(", "))
            }
            Self::Unknown { near, listed_by, .. } => {
                format!("did you mean {}? `{listed_by}` lists them", near.join(" or "))
            }
            Self::Ambiguous { candidates, more, .. } => {
                let more = if *more { ", …" } else { "" };
                format!("it could be {}{more}", candidates.join(", "))
            }
        })
    }
}

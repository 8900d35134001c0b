//! Sessions: begun, moved through their phases, ended.

use super::fault::{Differences, HistoryFault};
use super::{History, Written};
use crate::error::Result;
use crate::model::{Phase, SessionId, SessionRecord, SessionStatus, Timestamp};
use crate::store::Writer;

/// A session to begin.
#[derive(Debug, Clone, Default)]
pub struct NewSession {
    /// Without one it is given the day's next, such as `orch-2025-01-17-001`.
    pub session_id: Option<SessionId>,
    /// What it is about.
    pub scope: String,
    /// Whatever is to be kept with it.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl History<'_> {
    /// Begins a session. The same one again is fine; one of that id with another scope is refused.
    pub fn init_session(&self, new: NewSession) -> Result<(SessionRecord, Written)> {
        let scope = self.clean(&new.scope, &mut Vec::new());
        let new = NewSession { scope, ..new };
        self.store.write(|w| {
            let session_id = match new.session_id {
                Some(id) => id,
                None => next_id(w, self.now)?,
            };
            if let Some(recorded) = w.session(&session_id)? {
                let mut differences =
                    Differences::default().compare("scope", &recorded.scope, &new.scope);
                if !new.metadata.is_empty() && new.metadata != recorded.metadata {
                    let text = |map| serde_json::Value::Object(map).to_string();
                    let (theirs, ours) = (text(recorded.metadata.clone()), text(new.metadata));
                    differences = differences.compare("metadata", &theirs, &ours);
                }
                return match differences.is_empty() {
                    true => Ok((recorded, Written::Already)),
                    false => Err(HistoryFault::OtherSession {
                        id: session_id,
                        differences: differences.into_vec(),
                    }
                    .into()),
                };
            }
            let session = SessionRecord {
                session_id,
                created_at: self.now,
                scope: new.scope,
                phase: Phase::ANALYZE,
                status: SessionStatus::Planning,
                ended_at: None,
                error_message: None,
                metadata: new.metadata,
            };
            w.insert_session(&session)?;
            Ok((session, Written::New))
        })
    }

    /// Moves a session to a phase, forward or back.
    pub fn set_phase(&self, id: &SessionId, phase: Phase) -> Result<SessionRecord> {
        self.store.write(|w| {
            let mut session = open_session(w, id)?;
            session.phase = phase;
            if phase >= Phase::DEPLOY {
                session.status = SessionStatus::Executing;
            }
            w.update_session(&session)?;
            Ok(session)
        })
    }

    /// Ends a session as `completed`, or as `failed` with a reason. Again is fine; otherwise is not.
    pub fn end_session(
        &self,
        id: &SessionId,
        status: SessionStatus,
        reason: Option<String>,
    ) -> Result<(SessionRecord, Written)> {
        let reason = reason.map(|reason| self.clean(&reason, &mut Vec::new()));
        let ended = self.store.write(|w| {
            let mut session = recorded(w, id)?;
            if session.status == status && session.error_message == reason {
                return Ok((session, Written::Already));
            }
            if session.status.is_ended() {
                return Err(HistoryFault::Ended { id: id.clone(), status: session.status }.into());
            }
            session.status = status;
            session.ended_at = Some(self.now);
            session.error_message = reason;
            w.update_session(&session)?;
            Ok((session, Written::New))
        });
        self.store.checkpoint();
        ended
    }
}

/// The session of a known id.
fn recorded(w: &Writer<'_>, id: &SessionId) -> Result<SessionRecord> {
    let id: SessionId = w.find(id.as_str())?;
    Ok(w.session(&id)?.expect("just found"))
}

/// The same, if it has not ended.
pub(super) fn open_session(w: &Writer<'_>, id: &SessionId) -> Result<SessionRecord> {
    let session = recorded(w, id)?;
    match session.status.is_ended() {
        true => Err(HistoryFault::Ended { id: session.session_id, status: session.status }.into()),
        false => Ok(session),
    }
}

/// The day's next id: one more than the highest number there is.
fn next_id(w: &Writer<'_>, now: Timestamp) -> Result<SessionId> {
    let prefix = format!("orch-{}-", now.day());
    let taken = w.ids_from::<SessionId>(&prefix, u32::MAX)?;
    // Someone's own id that only looks like one of ours must not use the numbers up.
    let numbers = taken.iter().filter(|id| id.len() <= prefix.len() + 6);
    let numbers = numbers.filter_map(|id| id[prefix.len()..].parse::<u32>().ok());
    let next = numbers.max().unwrap_or(0) + 1;
    Ok(SessionId::new(format!("{prefix}{next:03}"))?)
}

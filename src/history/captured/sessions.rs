//! Which session a captured deployment belongs to, and when a harness's session begins and ends.

use super::observe::digest;
use super::write::Deployed;
use crate::error::Result;
use crate::history::History;
use crate::model::{Capture, Phase, SessionId, SessionRecord, SessionStatus, Timestamp};
use crate::store::Writer;

/// A session that somebody opened longer ago than this is not what a deployment of now belongs to.
const SAME_WORK_DAYS: u32 = 1;

/// The session that a deployment belongs to: the one that its prompt names; the one that somebody has open
/// here, if there is just one; else its harness's.
pub fn session_of(w: &Writer<'_>, it: &Deployed<'_>) -> Result<SessionId> {
    let marked = it.markers().session.and_then(|id| SessionId::new(id).ok());
    let at = it.settled.deployed_at;
    let session = match marked {
        Some(id) => w.session(&id)?,
        None => None,
    };
    let session = match session {
        Some(session) => Some(session),
        None => match &w.open_sessions(at.days_before(SAME_WORK_DAYS), at)?[..] {
            [only] => w.session(only)?,
            _ => None,
        },
    };
    if let Some(session) = session {
        if session.status == SessionStatus::Planning {
            w.update_session(&SessionRecord {
                status: SessionStatus::Executing,
                ..session.clone()
            })?;
        }
        return Ok(session.session_id);
    }
    harness_session(w, it)
}

fn harness_session(w: &Writer<'_>, it: &Deployed<'_>) -> Result<SessionId> {
    let (harness, name) = (&it.capture.harness, &it.capture.harness_session_id);
    let at = it.settled.deployed_at;
    if let (Some(id), _) = w.harness_session(harness, name)? {
        return Ok(id);
    }
    let id = SessionId::new(name.as_str());
    let id = id.or_else(|_| SessionId::new(format!("{harness}-{}", digest(name))))?;
    if w.session(&id)?.is_none() {
        let short: String = name.chars().take(8).collect();
        let metadata = serde_json::json!({ "harness": harness });
        w.insert_session(&SessionRecord {
            session_id: id.clone(),
            created_at: at,
            scope: format!("{} session {short}", title(harness)),
            phase: Phase::DEPLOY,
            status: SessionStatus::Executing,
            ended_at: None,
            error_message: None,
            metadata: metadata.as_object().cloned().unwrap_or_default(),
        })?;
    }
    w.name_harness_session(harness, name, &id)?;
    Ok(id)
}

/// What a harness calls itself.
fn title(harness: &str) -> &str {
    match harness {
        "claude-code" => "Claude Code",
        "codex" => "Codex",
        "gemini" => "Gemini CLI",
        other => other,
    }
}

impl History<'_> {
    /// A harness's session was left: it has ended, unless it is taken up again.
    pub fn leave_harness_session(&self, harness: &str, name: &str, at: Timestamp) -> Result<()> {
        if !self.store.exists() {
            return Ok(());
        }
        self.store.write(|w| {
            w.left_harness_session(harness, name, at)?;
            match w.harness_session(harness, name)? {
                (Some(session), Some(ended)) => end_or_go_on(w, &session, ended),
                _ => Ok(()),
            }
        })
    }
}

/// A harness's session begins with its first deployment, and has ended when it was left after its last.
pub fn follow_session(w: &Writer<'_>, capture: &Capture) -> Result<()> {
    let (session, ended) = w.harness_session(&capture.harness, &capture.harness_session_id)?;
    let Some(session) = session else { return Ok(()) };
    if let Some((first, _)) = w.deployed_between(&session)? {
        w.session_began(&session, first)?;
    }
    match ended {
        Some(ended) => end_or_go_on(w, &session, ended),
        None => Ok(()),
    }
}

fn end_or_go_on(w: &Writer<'_>, id: &SessionId, ended: Timestamp) -> Result<()> {
    let Some(session) = w.session(id)? else { return Ok(()) };
    let goes_on = w.deployed_between(id)?.is_some_and(|(_, last)| last > ended);
    let wanted = match goes_on {
        true => {
            SessionRecord { status: SessionStatus::Executing, ended_at: None, ..session.clone() }
        }
        false => SessionRecord {
            status: SessionStatus::Completed,
            ended_at: Some(ended),
            ..session.clone()
        },
    };
    match wanted == session || session.status == SessionStatus::Failed {
        true => Ok(()),
        false => w.update_session(&wanted),
    }
}

//! Ids that follow from the record: a second export names the same spans.

use crate::model::{ExecutionId, SessionRecord};

/// A trace's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(pub [u8; 16]);

/// A span's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(pub [u8; 8]);

impl TraceId {
    /// The trace of a session. Sessions of different projects may have the same id, but hardly begin in
    /// the same millisecond; where its directory lies says nothing of a session. A harness's session has
    /// an id that no other has, and may turn out to have begun earlier.
    pub fn of(session: &SessionRecord) -> TraceId {
        let began = match session.metadata.contains_key("harness") {
            true => String::new(),
            false => session.created_at.to_string(),
        };
        TraceId(digest("trace", &[session.session_id.as_str().as_bytes(), began.as_bytes()]))
    }

    /// The span of the session itself.
    pub fn root(&self) -> SpanId {
        SpanId(digest("session", &[&self.0]))
    }

    /// The span of one of its executions. Receivers tell spans apart by this id alone, and two projects
    /// may name an execution alike.
    pub fn span(&self, execution: &ExecutionId) -> SpanId {
        SpanId(digest("execution", &[&self.0, execution.as_str().as_bytes()]))
    }
}

/// The first bytes of a hash over the parts, each with its length.
fn digest<const N: usize>(what: &str, parts: &[&[u8]]) -> [u8; N] {
    let mut hasher = blake3::Hasher::new();
    for part in [what.as_bytes()].iter().chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; N];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// Lower-case hex, as receivers show ids.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

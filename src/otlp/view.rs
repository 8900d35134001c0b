//! How an export looks.

use super::export::Sent;
use super::walk::Walked;
use crate::render::{Cell, Document, Tone, View, bytes, counted, grouped, to_json};
use serde_json::Value;

impl View for Sent {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let mut fields = vec![
            ("receiver", Cell::from(&self.url)),
            ("sessions", grouped(self.walked.sessions).into()),
            ("executions", grouped(self.walked.executions).into()),
            ("spans", self.spans_cell()),
            ("batches", grouped(self.batches).into()),
            ("size", self.size().into()),
        ];
        if self.retries > 0 {
            fields.push(("retries", grouped(self.retries).into()));
        }
        fields.extend(self.walked.left_out().map(|told| ("left out", Cell::from(told))));
        Document::new().fields(fields)
    }
}

impl Sent {
    fn spans_cell(&self) -> Cell {
        let sent = grouped(self.spans);
        match self.rejected_spans {
            0 => sent.into(),
            rejected => {
                Cell::toned(format!("{sent}, of which {} rejected", grouped(rejected)), Tone::Bad)
            }
        }
    }

    fn size(&self) -> String {
        match self.bytes == self.unpacked_bytes {
            true => bytes(self.bytes),
            false => format!("{} ({} unpacked)", bytes(self.bytes), bytes(self.unpacked_bytes)),
        }
    }
}

impl Walked {
    /// What did not become a span and why, in words.
    pub fn left_out(&self) -> Option<String> {
        let sessions = (self.open_sessions, "session", "sessions");
        let executions = (self.open_executions, "execution", "executions");
        let told = [sessions, executions].into_iter().filter(|(count, _, _)| *count > 0);
        let told: Vec<String> =
            told.map(|(count, one, many)| counted(count as usize, one, many)).collect();
        (!told.is_empty()).then(|| format!("{}, still open", told.join(" and ")))
    }
}

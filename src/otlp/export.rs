//! The verbs: send what is chosen, or only look at it.

use super::batch::{Batch, Packed};
use super::endpoint::Endpoint;
use super::receiver::Receiver;
use super::resource;
use super::span::Span;
use super::walk::{Walk, Walked};
use super::wire::{SpanMessage, pair};
use crate::error::Result;
use crate::history::Chosen;
use crate::workspace::Workspace;
use prost::Message;
use serde::Serialize;

/// What to export, and how much of it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Which sessions.
    pub what: Chosen,
    /// Briefings and final messages, too.
    pub content: bool,
}

/// How many of the receiver's remarks are kept.
const REMARKS: usize = 5;

/// What a receiver was sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sent {
    /// Where to.
    pub url: String,
    #[serde(flatten)]
    pub walked: Walked,
    /// Spans that were sent: one for each session and execution.
    pub spans: u64,
    /// Spans that the receiver says it did not take.
    pub rejected_spans: u64,
    /// What it said of them, or of others that it took.
    pub remarks: Vec<String>,
    /// Requests that succeeded.
    pub batches: u64,
    /// Requests that were made again, because the receiver asked for it or was not heard.
    pub retries: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Bytes before they were packed.
    pub unpacked_bytes: u64,
}

/// Goes through the spans of what is chosen and sends nothing.
pub fn list(
    workspace: &Workspace,
    request: &Request,
    sink: &mut dyn FnMut(&Span) -> Result<()>,
) -> Result<Walked> {
    Walk::new(workspace, request).go(&mut |span| sink(&span))
}

/// Sends the spans of what is chosen. `env` tells the environment's variables. A second time sends the same
/// spans under the same ids.
pub fn export(
    workspace: &Workspace,
    request: &Request,
    endpoint: &Endpoint,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Sent> {
    let resource = resource::attributes(env);
    let resource = resource.into_iter().map(|(key, value)| pair(&key, value)).collect();
    let mut shipment = Shipment {
        batch: Batch::new(resource),
        receiver: Receiver::new(endpoint)?,
        gzip: endpoint.gzip,
        sent: Sent { url: endpoint.shown(), ..Sent::default() },
    };
    let walked = Walk::new(workspace, request).go(&mut |span| shipment.add(span))?;
    shipment.flush()?;
    Ok(Sent { walked, retries: shipment.receiver.retries, ..shipment.sent })
}

/// Spans on their way.
struct Shipment<'e> {
    batch: Batch,
    receiver: Receiver<'e>,
    gzip: bool,
    sent: Sent,
}

impl Shipment<'_> {
    fn add(&mut self, span: Span) -> Result<()> {
        let span = SpanMessage::from(span);
        let bytes = span.encoded_len();
        if self.batch.is_full_for(bytes) {
            self.flush()?;
        }
        self.batch.add(span, bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let Some(Packed { body, spans, unpacked }) = self.batch.take(self.gzip) else {
            return Ok(());
        };
        let partial = self.receiver.send(&body, spans)?;
        let sent = &mut self.sent;
        sent.batches += 1;
        sent.spans += spans;
        sent.bytes += body.len() as u64;
        sent.unpacked_bytes += unpacked;
        if let Some(partial) = partial {
            sent.rejected_spans += u64::try_from(partial.rejected_spans).unwrap_or(0);
            let remark = partial.error_message;
            let is_new = !remark.is_empty() && !sent.remarks.contains(&remark);
            if is_new && sent.remarks.len() < REMARKS {
                sent.remarks.push(remark);
            }
        }
        Ok(())
    }
}

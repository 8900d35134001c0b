//! How much is sent at once: requests stay small, and so does what is held in memory.

use super::wire::{
    ExportRequest, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, SpanMessage,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use std::io::Write;

/// Spans of one request: what the SDKs of OpenTelemetry send at once.
const SPANS: usize = 512;

/// Bytes of one request, before they are packed. A longer span goes alone.
const BYTES: usize = 2 << 20;

/// Spans that wait to be sent.
pub struct Batch {
    resource: Vec<KeyValue>,
    spans: Vec<SpanMessage>,
    bytes: usize,
}

/// A request, ready to be sent.
pub struct Packed {
    pub body: Vec<u8>,
    pub spans: u64,
    /// Length before it was packed.
    pub unpacked: u64,
}

impl Batch {
    pub fn new(resource: Vec<KeyValue>) -> Batch {
        Batch { resource, spans: Vec::new(), bytes: 0 }
    }

    /// Whether a span of so many bytes has to wait for the next request.
    pub fn is_full_for(&self, bytes: usize) -> bool {
        self.spans.len() >= SPANS || (!self.spans.is_empty() && self.bytes + bytes > BYTES)
    }

    pub fn add(&mut self, span: SpanMessage, bytes: usize) {
        self.bytes += bytes;
        self.spans.push(span);
    }

    /// The request of what waits, and nothing waits any more; none if nothing did.
    pub fn take(&mut self, gzip: bool) -> Option<Packed> {
        let spans = std::mem::take(&mut self.spans);
        self.bytes = 0;
        let count = spans.len() as u64;
        if count == 0 {
            return None;
        }
        let scope = Scope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let plain = ExportRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource { attributes: self.resource.clone() }),
                scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
            }],
        }
        .encode_to_vec();
        let unpacked = plain.len() as u64;
        Some(Packed { body: if gzip { packed(&plain) } else { plain }, spans: count, unpacked })
    }
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(plain).and_then(|()| out.finish()).expect("memory takes all bytes")
}

//! The record as OpenTelemetry spans, for the receivers that other tools' traces go to.
//!
//! A session is a trace: its root span, and one span for each execution. What spans say follows the GenAI
//! semantic conventions; what those have no word for stands under `sortie.`. Ids follow from the record,
//! so that the same export twice is the same spans.
//!
//! Only what has ended is sent: a span cannot be changed once a receiver has it.
//!
//! Its parts: `export` (the verbs), `walk` (through the history, a page at a time), `translate` (records to
//! spans; with `ids`, `provider` and `content`), `span` (a span), `wire` (the protobuf messages), `batch`
//! (how much is sent at once), `receiver` (HTTP, with patience), `endpoint` (where to, and as whom).

mod batch;
mod content;
mod endpoint;
mod export;
mod fault;
mod ids;
mod provider;
mod receiver;
mod resource;
mod span;
mod translate;
mod view;
mod walk;
mod wire;

#[cfg(test)]
mod tests;

pub use endpoint::{Endpoint, Header};
pub use export::{Request, Sent, export, list};
pub use fault::{EndpointFault, SendFault, Trouble};
pub use span::{Span, SpanKind, SpanStatus, Value};
pub use walk::Walked;

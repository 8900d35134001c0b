//! A span, as it is shown before it is sent.

use super::ids::{SpanId, TraceId, hex};
use crate::model::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One span.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Span {
    #[serde(serialize_with = "trace_hex")]
    pub(super) trace_id: TraceId,
    #[serde(serialize_with = "span_hex")]
    pub(super) span_id: SpanId,
    /// None is the root of its trace.
    #[serde(serialize_with = "parent_hex")]
    pub(super) parent_span_id: Option<SpanId>,
    pub name: String,
    pub kind: SpanKind,
    pub start_time: Timestamp,
    /// Never before the start.
    pub end_time: Timestamp,
    pub status: SpanStatus,
    /// In an order that is always the same.
    #[serde(serialize_with = "attributes")]
    pub attributes: Vec<(&'static str, Value)>,
}

/// Where the work of a span is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// In the application that the span is about.
    Internal,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "code", rename_all = "lowercase")]
pub enum SpanStatus {
    /// On record as completed.
    Ok,
    /// On record as failed, with the reason that was given.
    Error {
        #[serde(skip_serializing_if = "String::is_empty")]
        message: String,
    },
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Flag(bool),
    Number(i64),
    Texts(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Value {
        Value::Texts(texts)
    }
}

fn trace_hex<S: Serializer>(id: &TraceId, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&hex(&id.0))
}

fn span_hex<S: Serializer>(id: &SpanId, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&hex(&id.0))
}

fn parent_hex<S: Serializer>(id: &Option<SpanId>, out: S) -> Result<S::Ok, S::Error> {
    id.map(|id| hex(&id.0)).serialize(out)
}

fn attributes<S: Serializer>(
    attributes: &[(&'static str, Value)],
    out: S,
) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(attributes.len()))?;
    for (key, value) in attributes {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

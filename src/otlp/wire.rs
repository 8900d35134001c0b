//! OTLP's protobuf messages, as far as they are used here. The numbers are those of
//! opentelemetry/proto/{common,resource,trace,collector/trace}/v1; tests read what is sent by the published
//! messages.

use super::span::{Span, SpanKind, SpanStatus, Value};
use crate::model::Timestamp;
use prost::{Message, Oneof};

/// ExportTraceServiceRequest.
#[derive(Clone, PartialEq, Message)]
pub struct ExportRequest {
    #[prost(message, repeated, tag = "1")]
    pub resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<SpanMessage>,
}

/// InstrumentationScope.
#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
}

/// Span.
#[derive(Clone, PartialEq, Message)]
pub struct SpanMessage {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<StatusMessage>,
}

/// Status of a span.
#[derive(Clone, PartialEq, Message)]
pub struct StatusMessage {
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 5")]
    pub value: Option<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Flag(bool),
    #[prost(int64, tag = "3")]
    Number(i64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
}

#[derive(Clone, PartialEq, Message)]
pub struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<AnyValue>,
}

/// ExportTraceServiceResponse.
#[derive(Clone, PartialEq, Message)]
pub struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<PartialSuccess>,
}

/// ExportTracePartialSuccess.
#[derive(Clone, PartialEq, Message)]
pub struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub error_message: String,
}

/// google.rpc.Status, the body of a refusal.
#[derive(Clone, PartialEq, Message)]
pub struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
}

impl From<Value> for AnyValue {
    fn from(value: Value) -> AnyValue {
        AnyValue {
            value: Some(match value {
                Value::Text(text) => Any::Text(text),
                Value::Flag(flag) => Any::Flag(flag),
                Value::Number(number) => Any::Number(number),
                Value::Texts(texts) => Any::Array(ArrayValue {
                    values: texts.into_iter().map(|text| Value::Text(text).into()).collect(),
                }),
            }),
        }
    }
}

impl From<Span> for SpanMessage {
    fn from(span: Span) -> SpanMessage {
        SpanMessage {
            trace_id: span.trace_id.0.to_vec(),
            span_id: span.span_id.0.to_vec(),
            parent_span_id: span.parent_span_id.map_or_else(Vec::new, |id| id.0.to_vec()),
            name: span.name,
            kind: match span.kind {
                SpanKind::Internal => 1,
            },
            start_time_unix_nano: nanos(span.start_time),
            end_time_unix_nano: nanos(span.end_time),
            attributes: span.attributes.into_iter().map(|(key, value)| pair(key, value)).collect(),
            status: Some(match span.status {
                SpanStatus::Ok => StatusMessage { message: String::new(), code: 1 },
                SpanStatus::Error { message } => StatusMessage { message, code: 2 },
            }),
        }
    }
}

/// A key with its value.
pub fn pair(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value.into().into()) }
}

/// Nanoseconds since 1970; what was before is 1970.
fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.unix_millis()).unwrap_or(0).saturating_mul(1_000_000)
}

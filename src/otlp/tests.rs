//! What is sent is what was meant, whatever it says: read by the published messages.

use super::ids::{SpanId, TraceId};
use super::provider;
use super::span::{Span, SpanKind, SpanStatus, Value};
use super::wire::SpanMessage;
use crate::model::{ExecutionId, Timestamp};
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span as Published;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use proptest::prelude::*;
use prost::Message;

fn any_of(value: &Value) -> Any {
    let text = |it: &String| AnyValue { value: Some(Any::StringValue(it.clone())) };
    match value {
        Value::Text(it) => Any::StringValue(it.clone()),
        Value::Flag(it) => Any::BoolValue(*it),
        Value::Number(it) => Any::IntValue(*it),
        Value::Texts(all) => {
            let values = all.iter().map(text).collect();
            Any::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values })
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Flag),
        any::<i64>().prop_map(Value::Number),
        proptest::collection::vec(any::<String>(), 0..4).prop_map(Value::Texts),
    ]
}

proptest! {
    #[test]
    fn a_span_is_read_as_it_was_made(
        name in any::<String>(),
        message in proptest::option::of(any::<String>()),
        ids in any::<([u8; 16], [u8; 8], Option<[u8; 8]>)>(),
        ms in 0..4_000_000_000_000i64,
        given in proptest::collection::vec(values(), 0..8),
    ) {
        let start = Timestamp::from(chrono::DateTime::from_timestamp_millis(ms).unwrap());
        let span = Span {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            parent_span_id: ids.2.map(SpanId),
            name: name.clone(),
            kind: SpanKind::Internal,
            start_time: start,
            end_time: start.plus_millis(1),
            status: message.clone().map_or(SpanStatus::Ok, |message| SpanStatus::Error { message }),
            attributes: given.iter().map(|value| ("key", value.clone())).collect(),
        };
        let read = Published::decode(&*SpanMessage::from(span).encode_to_vec()).unwrap();
        prop_assert_eq!(read.trace_id, ids.0);
        prop_assert_eq!(read.span_id, ids.1);
        prop_assert_eq!(read.parent_span_id, ids.2.map_or_else(Vec::new, Vec::from));
        prop_assert_eq!(read.name, name);
        prop_assert_eq!(read.start_time_unix_nano, ms as u64 * 1_000_000);
        prop_assert_eq!(read.end_time_unix_nano - read.start_time_unix_nano, 1_000_000);
        let status = read.status.unwrap();
        prop_assert_eq!(status.code() == StatusCode::Error, message.is_some());
        prop_assert_eq!(status.message, message.unwrap_or_default());
        let read: Vec<Any> = read.attributes.into_iter().map(|it| it.value.unwrap().value.unwrap()).collect();
        prop_assert_eq!(read, given.iter().map(any_of).collect::<Vec<_>>());
    }

    #[test]
    fn other_executions_have_other_ids(
        traces in any::<([u8; 16], [u8; 16])>(),
        names in ("[a-z0-9.-]{1,20}", "[a-z0-9.-]{1,20}"),
    ) {
        let id = |trace, name: &String| {
            format!("e{name}").parse::<ExecutionId>().map(|it| TraceId(trace).span(&it)).unwrap()
        };
        let first = id(traces.0, &names.0);
        prop_assert_eq!(first, id(traces.0, &names.0));
        prop_assert_eq!(first == id(traces.0, &names.1), names.0 == names.1);
        prop_assert_eq!(first == id(traces.1, &names.0), traces.0 == traces.1);
        prop_assert_ne!(first, TraceId(traces.0).root());
    }
}

#[test]
fn a_model_tells_its_provider_or_nothing() {
    for (model, expected) in [
        ("sonnet", Some("anthropic")),
        ("claude-opus-5", Some("anthropic")),
        ("Claude-Haiku-5", Some("anthropic")),
        ("gpt-5", Some("openai")),
        ("o3-mini", Some("openai")),
        ("gemini-3-pro", Some("gcp.gemini")),
        ("llama-4", None),
        ("", None),
    ] {
        assert_eq!(provider::of(model), expected, "{model}");
    }
}

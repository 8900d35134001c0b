//! A receiver of spans on 127.0.0.1 that answers as it is told, and reads what it gets by the published
//! messages of OTLP.

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Requests, Sender, channel};
use std::time::Duration;

/// What a request is answered with.
pub enum Answer {
    /// A status, headers and a body.
    Says(u16, &'static str, Vec<u8>),
    /// Bytes that are no answer.
    Mumbles(&'static [u8]),
    /// Nothing: the connection is closed.
    HangsUp,
    /// Nothing for so long, then 200.
    Waits(Duration),
}

impl Answer {
    /// 200, as of who took everything.
    pub fn fine() -> Answer {
        Answer::Says(200, "content-type: application/x-protobuf\r\n", Vec::new())
    }
}

/// A request as it came.
pub struct Request {
    /// The first line, such as `POST /v1/traces HTTP/1.1`.
    pub line: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// Length of the body as it came.
    pub packed: usize,
    /// Length of the body when it was unpacked.
    pub unpacked: usize,
    pub message: ExportTraceServiceRequest,
}

/// A receiver that listens until the test ends.
pub struct Receiver {
    pub url: String,
    requests: Requests<Request>,
}

impl Receiver {
    /// One that gives these answers, one after the other, then [`Answer::fine`].
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        let (sender, requests) = channel();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mut answers, &sender);
            }
        });
        Receiver { url, requests }
    }

    /// One that does not listen any more.
    pub fn gone() -> Receiver {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Receiver { url: format!("http://{free}"), requests: channel().1 }
    }

    /// What came since it was asked last.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

/// Answers the requests of one connection until it is closed.
fn serve(stream: TcpStream, answers: &mut VecDeque<Answer>, sender: &Sender<Request>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let _ = sender.send(request);
        match answers.pop_front().unwrap_or_else(Answer::fine) {
            Answer::HangsUp => return,
            Answer::Mumbles(bytes) => {
                let _ = writer.write_all(bytes);
                return;
            }
            Answer::Waits(time) => {
                std::thread::sleep(time);
                let _ = writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
            Answer::Says(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = writer.write_all(&[head.as_bytes(), &body].concat());
            }
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_lowercase(), value.trim().to_owned())
    };
    let headers: Vec<(String, String)> = lines[1..].iter().map(header).collect();
    let of =
        |name: &str| headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    let mut body = vec![0; of("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let packed = body.len();
    if of("content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    let message = ExportTraceServiceRequest::decode(&*body).unwrap();
    Some(Request { line: lines[0].clone(), headers, packed, unpacked: body.len(), message })
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The spans, in their order.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.message.resource_spans.iter().flat_map(|it| &it.scope_spans).flat_map(|it| &it.spans)
    }

    /// All that the message says, for people.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        for resource in &self.message.resource_spans {
            let attributes = &resource.resource.as_ref().unwrap().attributes;
            out += &format!("resource {}\n", attributes_json(attributes));
            for scope in &resource.scope_spans {
                let of = scope.scope.as_ref().unwrap();
                out += &format!("scope {} {}\n", of.name, of.version);
                for span in &scope.spans {
                    out +=
                        &format!("{}\n", serde_json::to_string_pretty(&span_json(span)).unwrap());
                }
            }
        }
        out
    }
}

/// A span by its published names.
pub fn span_json(span: &Span) -> Value {
    let status = span.status.as_ref().unwrap();
    json!({
        "trace_id": hex(&span.trace_id),
        "span_id": hex(&span.span_id),
        "parent_span_id": hex(&span.parent_span_id),
        "name": span.name,
        "kind": span.kind().as_str_name(),
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano,
        "attributes": attributes_json(&span.attributes),
        "status": { "code": status.code().as_str_name(), "message": status.message },
    })
}

fn attributes_json(attributes: &[KeyValue]) -> Value {
    let one = |it: &KeyValue| (it.key.clone(), any_json(it.value.as_ref().unwrap()));
    Value::Object(attributes.iter().map(one).collect::<Map<_, _>>())
}

fn any_json(value: &AnyValue) -> Value {
    match value.value.as_ref().unwrap() {
        Any::StringValue(text) => json!(text),
        Any::BoolValue(flag) => json!(flag),
        Any::IntValue(number) => json!(number),
        Any::ArrayValue(array) => array.values.iter().map(any_json).collect(),
        other => panic!("{other:?} is not sent"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

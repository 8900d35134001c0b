//! `sortie export --otlp`: what a receiver gets, and what happens when it does not take it.

mod captured;
mod receiver;

use crate::env::{Outcome, TestEnv, transcript, words};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use receiver::{Answer, Receiver, Request, span_json};
use std::collections::BTreeSet;
use std::time::Duration;

const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";

/// A session that has ended with two executions, and one that has not with one of two open.
fn recorded() -> TestEnv {
    let mut env = TestEnv::new();
    env.at("2025-01-10T08:00:00Z");
    env.ok("track init-session --session-id s-1 --scope 'Vector search'");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib --output one.json");
    let deploy = "track init-deployment --scope 'Do it' --session-id";
    env.ok(&format!(
        "{deploy} s-1 --execution-id e-1 --agent-type implementor --context-bundle one.json \
         --model sonnet"
    ));
    env.at("2025-01-10T08:01:00Z");
    env.ok(&format!("{deploy} s-1 --execution-id e-2 --agent-type 'code reviewer' --model gpt-5"));
    env.at("2025-01-10T08:04:10.250Z");
    let complete = "track record-completion --final-message - --execution-id";
    env.run_with(
        &format!("{complete} e-1 --deliverables lib/a.ts,lib/b.ts"),
        "naïve 漢字\n".as_bytes(),
    );
    env.run_with(
        &format!("{complete} e-2 --status failed --error-message 'it timed out'"),
        b"\xff?",
    );
    env.ok("track complete-session --session-id s-1");
    env.at("2025-01-17T09:00:00Z");
    env.ok("track init-session --session-id s-2 --scope 'Another'");
    env.ok(&format!("{deploy} s-2 --execution-id e-3 --agent-type implementor"));
    env.ok(&format!("{deploy} s-2 --execution-id e-4 --agent-type implementor"));
    env.run_with(&format!("{complete} e-3"), b"done");
    env.at("2025-01-17T09:30:00Z");
    env
}

/// Exports to the receiver; its port is another one each time.
fn export(env: &TestEnv, to: &Receiver, more: &str) -> Outcome {
    export_in(env, &[], to, more)
}

/// The same with variables in the environment.
fn export_in(env: &TestEnv, vars: &[(&str, &str)], to: &Receiver, more: &str) -> Outcome {
    let mut outcome = run_in(env, vars, &format!("export --otlp {} {more}", to.url));
    outcome.rename(format!("sortie export --otlp [RECEIVER] {more}").trim_end());
    outcome
}

fn run_in(env: &TestEnv, vars: &[(&str, &str)], line: &str) -> Outcome {
    let output = env.sortie().envs(vars.iter().copied()).args(words(line)).output().unwrap();
    env.outcome(format!("sortie {line}"), output)
}

/// The outcome with a word for the receiver.
fn shown(outcome: &Outcome, to: &Receiver) -> String {
    outcome.to_string().replace(&to.url, "[RECEIVER]")
}

fn spans(requests: &[Request]) -> Vec<serde_json::Value> {
    requests.iter().flat_map(Request::spans).map(span_json).collect()
}

#[test]
fn a_session_is_a_trace() {
    let (env, to) = (recorded(), Receiver::new([]));
    snapshot!("table", shown(&export(&env, &to, ""), &to));
    let requests = to.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert_eq!(request.header("user-agent"), Some(concat!("sortie/", env!("CARGO_PKG_VERSION"))));
    snapshot!("spans", request.shown());
    for format in ["json", "markdown", "csv"] {
        let outcome = export(&env, &to, &format!("--format {format}"));
        snapshot!(format, shown(&outcome, &to));
    }
}

#[test]
fn usage_and_nested_agents_are_as_the_harness_told() {
    let (env, to) = (captured::by_a_harness(), Receiver::new([]));
    let outcome = export(&env, &to, "");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    snapshot!("captured", to.requests()[0].shown());
}

#[test]
fn a_second_export_is_the_same_bytes() {
    let (env, to) = (recorded(), Receiver::new([]));
    export(&env, &to, "--content");
    export(&env, &to, "--content");
    let requests = to.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].message.encode_to_vec(), requests[1].message.encode_to_vec());
}

#[test]
fn what_has_ended_meanwhile_is_added_and_nothing_is_changed() {
    let (mut env, to) = (recorded(), Receiver::new([]));
    export(&env, &to, "");
    let before = spans(&to.requests());
    env.at("2025-01-17T10:00:00Z");
    env.ok("track record-completion --execution-id e-4 --final-message x");
    env.ok("track complete-session --session-id s-2");
    export(&env, &to, "");
    let after = spans(&to.requests());
    assert_eq!((before.len(), after.len()), (4, 6));
    assert!(before.iter().all(|span| after.contains(span)));
    let ids: BTreeSet<&str> = after.iter().map(|it| it["span_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 6);
}

#[test]
fn projects_that_name_things_alike_are_told_apart() {
    let to = Receiver::new([]);
    let mut ids = BTreeSet::new();
    for began in ["2025-01-10T08:00:00.001Z", "2025-01-10T08:00:00.002Z"] {
        let mut env = TestEnv::empty();
        env.at(began);
        env.ok("track init-session --session-id s-1 --scope x");
        env.ok(
            "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope x",
        );
        env.ok("track record-completion --execution-id e-1 --final-message x");
        env.ok("track complete-session --session-id s-1");
        export(&env, &to, "");
    }
    for span in spans(&to.requests()) {
        ids.insert(span["trace_id"].as_str().unwrap().to_owned());
        ids.insert(span["span_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 6);
}

#[test]
fn content_is_sent_only_when_it_is_asked_for() {
    let (env, to) = (recorded(), Receiver::new([]));
    export(&env, &to, "--session-id s-1");
    let texts = |span: &serde_json::Value| {
        let attributes = span["attributes"].as_object().unwrap();
        ["gen_ai.input.messages", "gen_ai.output.messages"]
            .map(|key| attributes.get(key).map(|it| it.as_str().unwrap().to_owned()))
    };
    assert!(spans(&to.requests()).iter().all(|span| texts(span) == [None, None]));
    export(&env, &to, "--session-id s-1 --content");
    let sent = spans(&to.requests());
    assert_eq!(texts(&sent[0]), [None, None]);
    // Newest first: e-2 had no briefing, and its message was no UTF-8.
    let [none, message] = texts(&sent[1]);
    assert_eq!(none, None);
    snapshot!("message_of_a_failure", message.unwrap());
    let [briefing, message] = texts(&sent[2]);
    let briefing: serde_json::Value = serde_json::from_str(&briefing.unwrap()).unwrap();
    let text = briefing[0]["parts"][0]["content"].as_str().unwrap();
    assert_eq!(briefing[0]["role"], "user");
    assert_eq!(text.as_bytes(), env.ok("ctx replay --execution-id e-1").stdout);
    snapshot!("message", message.unwrap());
}

#[test]
fn secrets_do_not_leave_even_where_they_are_kept() {
    let (env, to) = (recorded(), Receiver::new([]));
    // Put together here, so that no host takes this file for a leak.
    let key = ["AKIA", "Q2W3E4R5T6Y7U2I3"].concat();
    let token = format!("the key is {key}");
    let line = "track record-completion --keep-secrets --execution-id e-4 --final-message -";
    assert_eq!(env.run_with(line, token.as_bytes()).status, Some(0));
    assert!(env.rows("SELECT final_message FROM agent_executions").contains(&key));
    let outcome = export(&env, &to, "--content --session-id s-2");
    let sent = to.requests()[0].shown();
    assert!(!sent.contains(&key) && sent.contains("[redacted: "), "{sent}");
    assert!(outcome.err().contains("taken out"), "{outcome}");
}

#[test]
fn a_dry_run_lists_the_spans_and_sends_nothing() {
    let (env, to) = (recorded(), Receiver::new([]));
    snapshot!("dry_run", env.run("export --otlp --dry-run"));
    let listed = export(&env, &to, "--dry-run --format jsonl --session-id latest");
    assert_eq!(to.requests().len(), 0);
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 1);
    snapshot!("dry_run_format", env.run("export --otlp --dry-run --format csv"));
}

#[test]
fn sessions_are_chosen_as_for_track_export() {
    let (env, to) = (recorded(), Receiver::new([]));
    let conversations = |more: &str| {
        let outcome = export(&env, &to, more);
        assert_eq!(outcome.status, Some(0), "{outcome}");
        let sent = spans(&to.requests());
        let id = |it: &serde_json::Value| {
            it["attributes"]["gen_ai.conversation.id"].as_str().unwrap().to_owned()
        };
        sent.iter().map(id).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(conversations(""), "s-1 s-2");
    assert_eq!(conversations("--since 2d"), "s-2");
    assert_eq!(conversations("--until 2d"), "s-1");
    assert_eq!(conversations("--session-id latest"), "s-2");
    assert_eq!(conversations("--session-id s-1 --since 2d"), "");
}

#[test]
fn a_receiver_that_asks_for_patience_gets_it() {
    let (env, to) = (
        recorded(),
        Receiver::new([
            Answer::Says(429, "retry-after: 1\r\n", Vec::new()),
            Answer::Says(503, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", Vec::new()),
        ]),
    );
    let began = std::time::Instant::now();
    snapshot!("patience", shown(&export(&env, &to, "--format json"), &to));
    assert!(began.elapsed() >= Duration::from_secs(1));
    let requests = to.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].message, requests[2].message);
}

#[test]
fn a_receiver_that_asks_for_too_much_patience_does_not_get_it() {
    let (env, to) =
        (recorded(), Receiver::new([Answer::Says(429, "retry-after: 3600\r\n", vec![])]));
    snapshot!("too_much_patience", shown(&export(&env, &to, ""), &to));
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_receiver() {
    let env = recorded();
    // google.rpc.Status with code 3 and a message.
    let status = [&b"\x08\x03\x12\x11"[..], b"spans\x1b[2J are bad"].concat();
    for (name, answer) in [
        ("refused", Answer::Says(500, "content-type: text/plain\r\n", b"no\r\n  room".to_vec())),
        ("refused_by_status", Answer::Says(400, PROTOBUF, status)),
        ("not_allowed", Answer::Says(401, "", Vec::new())),
        ("not_there", Answer::Says(404, "", "x".repeat(5000).into_bytes())),
        ("mumbled", Answer::Mumbles(b"\0\0\x18\x04\0\0\0\0\0 not HTTP/1.1\r\n\r\n")),
        ("moved", Answer::Says(308, "location: https://elsewhere/v1/traces?key=1\r\n", Vec::new())),
    ] {
        let to = Receiver::new([answer]);
        snapshot!(name, shown(&export(&env, &to, ""), &to));
        assert_eq!(to.requests().len(), 1, "{name}");
    }
}

#[test]
fn a_failure_says_what_was_taken_before() {
    let env = TestEnv::empty();
    env.ok("track init-session --session-id s-1 --scope x");
    let deploy = "track init-deployment --session-id s-1 --agent-type a --scope x --execution-id";
    for at in 1..=3 {
        env.ok(&format!("{deploy} e-{at}"));
        let line = format!("track record-completion --execution-id e-{at} --final-message -");
        env.run_with(&line, "word ".repeat(200_000).as_bytes());
    }
    let to = Receiver::new([Answer::fine(), Answer::Says(413, "", b"too large".to_vec())]);
    snapshot!("taken_before", shown(&export(&env, &to, "--content"), &to));
}

#[test]
fn a_partial_success_is_told() {
    let env = recorded();
    let partial = |rejected_spans, error_message: &str| {
        let error_message = error_message.to_owned();
        let partial = ExportTracePartialSuccess { rejected_spans, error_message };
        let body = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        Receiver::new([Answer::Says(200, PROTOBUF, body)])
    };
    let to = partial(3, "the quota is used up");
    snapshot!("partial", shown(&export(&env, &to, ""), &to));
    assert_eq!(to.requests().len(), 1);
    let to = partial(0, "attributes were renamed");
    snapshot!("partial_warning", shown(&export(&env, &to, ""), &to));
}

#[test]
fn a_receiver_that_hangs_up_or_is_slow_is_asked_again() {
    let env = recorded();
    let within = |ms| [("OTEL_EXPORTER_OTLP_TIMEOUT", ms)];
    for answer in [Answer::HangsUp, Answer::Waits(Duration::from_millis(600))] {
        let to = Receiver::new([answer]);
        let outcome = export_in(&env, &within("400"), &to, "--format json");
        assert_eq!(outcome.status, Some(0), "{outcome}");
        assert_eq!(outcome.json()["retries"], 1);
    }
    let to = Receiver::new((0..4).map(|_| Answer::HangsUp));
    snapshot!("hangs_up", shown(&export(&env, &to, ""), &to));
    assert_eq!(to.requests().len(), 4);
    let to = Receiver::new((0..4).map(|_| Answer::Waits(Duration::from_millis(150))));
    snapshot!("slow", shown(&export_in(&env, &within("100"), &to, ""), &to));
}

#[test]
fn nobody_there_is_told_at_once() {
    let env = recorded();
    let to = Receiver::gone();
    snapshot!("nobody_there", shown(&export(&env, &to, ""), &to));
}

#[test]
fn the_environment_names_receiver_headers_and_service() {
    let (env, to) = (recorded(), Receiver::new([]));
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", to.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b,x-other=1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes,deployment.environment=ci"),
    ];
    assert_eq!(run_in(&env, &vars, "export --otlp --header x-other=2").status, Some(0));
    let requests = to.requests();
    let request = &requests[0];
    assert_eq!(request.header("x-key"), Some("a b"));
    assert_eq!(request.header("x-other"), Some("2"));
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(request.packed, request.unpacked);
    let resource = request.shown().lines().next().unwrap().to_owned();
    let expected = r#"{"service.name":"from-attributes","deployment.environment":"ci"}"#;
    assert_eq!(resource, format!("resource {expected}"));
    // What is for the one that the environment names is not for another.
    let other = Receiver::new([]);
    let vars = [vars[1], vars[3], ("OTEL_SERVICE_NAME", "mine")];
    export_in(&env, &vars, &other, "--header x-mine=1");
    let requests = other.requests();
    let request = &requests[0];
    assert_eq!((request.header("x-key"), request.header("x-mine")), (None, Some("1")));
    assert!(request.shown().starts_with(r#"resource {"service.name":"mine","#));
}

#[test]
fn what_names_no_receiver_is_refused() {
    let env = recorded();
    let runs = [
        "export",
        "export --otlp",
        "export --otlp localhost:4318",
        "export --otlp http://me:secret@host:4318",
        "export --otlp http://127.0.0.1:1 --header no-value",
        "export --otlp http://127.0.0.1:1 --header content-type=text/plain",
    ];
    let outcomes: Vec<Outcome> = runs.iter().map(|line| env.run(line)).collect();
    snapshot!("no_receiver", transcript(&outcomes));
    env.write("empty.pem", "");
    let trusting = |file| {
        let vars = [("OTEL_EXPORTER_OTLP_CERTIFICATE", file)];
        run_in(&env, &vars, "export --otlp https://127.0.0.1:1")
    };
    let (missing, empty) = (trusting("nowhere.pem"), trusting("empty.pem"));
    snapshot!("no_certificate", transcript(&[missing, empty]));
}

#[test]
fn what_is_long_is_sent_in_parts_and_cut() {
    let (env, to) = (recorded(), Receiver::new([]));
    let line = "track record-completion --execution-id e-4 --final-message -";
    assert_eq!(env.run_with(line, "é".repeat(700_000).as_bytes()).status, Some(0));
    let deploy = "track init-deployment --session-id s-2 --agent-type a --scope x --execution-id";
    for name in ["e-5", "e-6"] {
        env.ok(&format!("{deploy} {name}"));
        let line = format!("track record-completion --execution-id {name} --final-message -");
        assert_eq!(env.run_with(&line, "word ".repeat(200_000).as_bytes()).status, Some(0));
    }
    let outcome = export(&env, &to, "--content --format json");
    let sent = outcome.json();
    let requests = to.requests();
    assert_eq!((sent["batches"].as_u64(), requests.len()), (Some(2), 2));
    assert!(requests.iter().all(|it| it.unpacked < 3 << 20));
    let bytes: usize = requests.iter().map(|it| it.packed).sum();
    assert_eq!(sent["bytes"], bytes);
    assert_eq!(spans(&requests).len(), 7);
    assert_eq!(sent["cut"], 1);
    assert!(outcome.err().contains("1 text is longer than 1 MB"), "{outcome}");
}

#[test]
fn without_a_history_nothing_is_sent_or_made() {
    let (env, to) = (TestEnv::empty(), Receiver::new([]));
    snapshot!("nothing", shown(&export(&env, &to, ""), &to));
    assert_eq!(to.requests().len(), 0);
    assert!(!env.exists(".sortie"));
}

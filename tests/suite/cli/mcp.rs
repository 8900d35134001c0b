//! `sortie mcp`, spoken to by raw messages on its stdin. `tests/clients` does the same with other
//! people's clients.

use crate::env::TestEnv;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A client that knows nothing but lines of JSON.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Client {
    /// Greets a server that serves the project.
    fn of(env: &TestEnv) -> Client {
        let mut client = Client::silent(env);
        let greeting = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let answer = client.ask("initialize", greeting);
        assert_eq!(answer["result"]["serverInfo"]["name"], "sortie", "{answer}");
        client.tell(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    }

    fn silent(env: &TestEnv) -> Client {
        let mut command = env.sortie();
        command.arg("mcp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Client { child, input, output, asked: 0 }
    }

    fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.tell(&request.to_string());
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        answer.get("result").cloned().unwrap_or(answer)
    }

    /// What is structured in the answer to a call that must succeed.
    #[track_caller]
    fn result(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments);
        assert_eq!(answer["isError"], false, "{answer}");
        answer["structuredContent"]["result"].clone()
    }

    /// A call and what a model sees of its answer.
    fn seen(&mut self, env: &TestEnv, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments.clone());
        let failed = if answer["isError"] == true { " failed" } else { "" };
        let text = answer["content"][0]["text"].as_str().unwrap_or_default();
        let mut seen = format!(">> {tool} {arguments}{failed}\n{}\n", text.trim_end());
        if let Some(structured) = answer.get("structuredContent") {
            writeln!(seen, "-- structured\n{structured}").unwrap();
        }
        if let Some(error) = answer.get("error") {
            writeln!(seen, "-- protocol error\n{error}").unwrap();
        }
        env.clean(&seen) + "\n"
    }

    /// Hangs up; what the process ends with, and what it said to nobody in particular.
    fn hang_up(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The project with a bundle, a deployment of it that came back, and what was collected.
fn recorded() -> (TestEnv, Client) {
    let env = TestEnv::with_git();
    let mut client = Client::of(&env);
    let bundle =
        json!({ "agent_type": "implementor", "scope": "Implement HNSW", "files": ["lib"] });
    let bundle = client.result("prepare_bundle", bundle)["bundle_id"].clone();
    let deployment = json!({
        "new_session": "Vector search", "agent_type": "implementor", "scope": "Implement HNSW",
        "bundle": bundle, "execution_id": "exec-1",
    });
    client.result("init_deployment", deployment);
    let completion = json!({
        "execution_id": "exec-1", "final_message": "Done.\n\n# HNSW\nRecall is 0.97.",
        "deliverables": ["lib/distance.ts"],
    });
    client.result("record_completion", completion);
    (env, client)
}

fn described(tool: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = format!("{}: {}\n", text(&tool["name"]), text(&tool["description"]));
    let hints = tool["annotations"].as_object().unwrap();
    let hints = hints.iter().filter(|(_, value)| **value == true).map(|(name, _)| name.as_str());
    writeln!(out, "  hints: {}", hints.collect::<Vec<_>>().join(" ")).unwrap();
    let input = &tool["inputSchema"];
    assert_eq!(input["additionalProperties"], false, "{}", tool["name"]);
    let required = input["required"].as_array().cloned().unwrap_or_default();
    for (name, schema) in input["properties"].as_object().unwrap() {
        let kind = match (&schema["enum"], &schema["items"]["type"]) {
            (Value::Array(words), _) => words.iter().map(text).collect::<Vec<_>>().join("|"),
            (_, Value::String(of)) => format!("{of}s"),
            _ => text(&schema["type"]),
        };
        let must = if required.contains(&json!(name)) { "!" } else { "" };
        let told = text(&schema["description"]);
        assert!(!told.is_empty(), "{name} of {} is not described", tool["name"]);
        writeln!(out, "  {name}{must} {kind}: {told}").unwrap();
    }
    let output = &tool["outputSchema"];
    assert_eq!(output["type"], "object");
    let result = &output["properties"]["result"];
    let result = match result["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/")) {
        Some(name) => &output["$defs"][name],
        None => result,
    };
    let fields: Vec<&String> = result["properties"].as_object().unwrap().keys().collect();
    writeln!(out, "  returns {fields:?}").unwrap();
    out
}

#[test]
fn tools_are_described() {
    let env = TestEnv::new();
    let mut client = Client::of(&env);
    let listed = client.ask("tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    // All of it is sent at the start of each session.
    assert!(listed.to_string().len() < 60_000, "{}", listed.to_string().len());
    snapshot!("tools", tools.iter().map(described).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_greeting_tells_a_lead_agent_what_this_is() {
    let env = TestEnv::new();
    let mut client = Client::silent(&env);
    let answer = client.ask(
        "initialize",
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } }),
    );
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    let told = answer["result"]["instructions"].as_str().unwrap();
    snapshot!("greeting", format!("{}\n{told}", answer["result"]["capabilities"]));
    assert_eq!(client.hang_up(), (Some(0), String::new()));
}

#[test]
fn a_piece_of_work_in_five_phases() {
    let env = TestEnv::with_git();
    let mut client = Client::of(&env);
    let mut seen = String::new();
    let mut call = |tool: &str, arguments: Value| {
        seen += &client.seen(&env, tool, arguments);
    };
    call("check_budget", json!({ "files": ["lib"], "budget": 2000 }));
    call(
        "prepare_bundle",
        json!({
            "agent_type": "implementor", "scope": "Implement HNSW", "files": ["lib"],
            "references": ["spec/interfaces.md"], "budget": 4000, "expected_output": "What changed",
        }),
    );
    call(
        "prepare_bundle",
        json!({ "agent_type": "reviewer", "scope": "Review it", "files": ["lib"] }),
    );
    call("get_bundle", json!({ "bundle": "latest" }));
    let mut seen_after = String::new();
    let bundles: Vec<Value> = ["implementor", "reviewer"]
        .map(|agent| {
            let scope = if agent == "reviewer" { "Review it" } else { "Implement HNSW" };
            let files = json!({ "agent_type": agent, "scope": scope, "files": ["lib"] });
            client.result("prepare_bundle", files)["bundle_id"].clone()
        })
        .to_vec();
    let mut call = |tool: &str, arguments: Value| {
        seen_after += &client.seen(&env, tool, arguments);
    };
    call("deduplicate", json!({ "bundles": bundles }));
    call("generate_briefing", json!({ "bundle": bundles[1], "to_file": true }));
    call(
        "init_deployment",
        json!({
            "new_session": "Vector search", "agent_type": "implementor", "scope": "Implement HNSW",
            "bundle": bundles[0], "execution_id": "exec-1",
        }),
    );
    call("check_budget", json!({ "session_id": "latest", "bundles": [bundles[1]] }));
    call(
        "record_completion",
        json!({
            "execution_id": "exec-1", "final_message": "Done.\n\n# HNSW\nRecall is 0.97.",
            "deliverables": ["lib/distance.ts", "lib/none.ts"],
        }),
    );
    call(
        "collect_outputs",
        json!({
            "execution_id": "exec-1", "deliverables": ["lib/distance.ts"],
            "validation_results": ["tests:pass", "coverage:85"], "insights": ["M = 16 is enough"],
        }),
    );
    call("synthesize", json!({ "session_id": "latest", "confirm": true }));
    snapshot!("five-phases", format!("{seen}{seen_after}"));
}

#[test]
fn questions_to_the_record() {
    let (env, mut client) = recorded();
    let mut seen = String::new();
    for (tool, arguments) in [
        ("query", json!({ "session_id": "latest", "limit": 1 })),
        ("search", json!({ "query": "recall" })),
        ("show", json!({ "execution_id": "exec-1" })),
        ("show", json!({ "execution_id": "exec-1", "part": "message" })),
        ("show", json!({ "execution_id": "exec-1", "part": "context" })),
        ("show", json!({ "session_id": "latest" })),
        ("stats", json!({})),
        ("stats", json!({ "by": "source", "limit": 1 })),
        ("recall", json!({})),
    ] {
        seen += &client.seen(&env, tool, arguments);
    }
    snapshot!("questions", seen);
}

#[test]
fn what_fails_says_what_to_do() {
    let (env, mut client) = recorded();
    std::fs::write(env.beside("secret.txt"), "x").unwrap();
    let mut seen = String::new();
    for (tool, arguments) in [
        (
            "prepare_bundle",
            json!({ "agent_type": "a", "scope": "b", "files": ["lib"], "budget": 100 }),
        ),
        ("prepare_bundle", json!({ "agent_type": "", "scope": "b", "files": ["lib"] })),
        ("prepare_bundle", json!({ "agent_type": "a", "scope": "b", "files": ["../secret.txt"] })),
        ("prepare_bundle", json!({ "agent_type": "a", "scope": "b", "files": "lib" })),
        ("get_bundle", json!({ "bundle": "../secret.txt" })),
        ("get_bundle", json!({ "bundle": "nope" })),
        ("check_budget", json!({})),
        ("deduplicate", json!({ "bundles": ["latest"] })),
        ("generate_briefing", json!({ "bundle": "latest", "template": "../secret.txt" })),
        ("init_deployment", json!({ "agent_type": "a", "scope": "b" })),
        (
            "init_deployment",
            json!({ "agent_type": "a", "scope": "b", "new_session": "n", "execution_id": "exec-1" }),
        ),
        ("record_completion", json!({ "execution_id": "exec-1", "final_message": "other" })),
        (
            "record_completion",
            json!({ "execution_id": "exec-1", "final_message_file": "../secret.txt" }),
        ),
        (
            "record_completion",
            json!({ "execution_id": "exec-1", "final_message_file": ".sortie/history.db" }),
        ),
        ("collect_outputs", json!({ "execution_id": "exec-1" })),
        ("collect_outputs", json!({ "execution_id": "exec-1", "deliverables": ["../secret.txt"] })),
        ("collect_outputs", json!({ "execution_id": "exec-1", "validation_results": ["tests"] })),
        ("query", json!({ "limit": "ten" })),
        ("query", json!({ "page": 2 })),
        ("search", json!({ "query": "…" })),
        ("show", json!({})),
        ("stats", json!({ "by": "colour" })),
        ("recall", json!({ "session_id": "nope" })),
        ("synthesize", json!({ "session_id": "nope" })),
        ("nothing", json!({})),
    ] {
        seen += &client.seen(&env, tool, arguments);
    }
    snapshot!("refusals", seen);
}

#[test]
fn a_broken_configuration_fails_calls_and_not_the_server() {
    let (env, mut client) = recorded();
    env.write("sortie.toml", "budget = [");
    assert_eq!(client.call("query", json!({}))["isError"], true);
    env.write("sortie.toml", "budget = '50k'");
    assert_eq!(client.call("query", json!({}))["isError"], false);
}

#[test]
fn the_record_is_given_out_as_resources() {
    let (env, mut client) = recorded();
    client.result("synthesize", json!({ "session_id": "latest" }));
    let mut seen = String::new();
    let mut cursor = json!({});
    loop {
        let page = client.ask("resources/list", cursor);
        for it in page["result"]["resources"].as_array().unwrap() {
            let field = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
            let fields = ["uri", "title", "description", "mimeType"].map(field);
            writeln!(seen, "{}", fields.join(" | ")).unwrap();
        }
        match page["result"]["nextCursor"].as_str() {
            Some(next) => cursor = json!({ "cursor": next }),
            None => break,
        }
    }
    let templates = client.ask("resources/templates/list", json!({}));
    for it in templates["result"]["resourceTemplates"].as_array().unwrap() {
        writeln!(seen, "{} {}", it["uriTemplate"], it["mimeType"]).unwrap();
    }
    for uri in [
        "sortie://session/latest",
        "sortie://session/latest/recall",
        "sortie://execution/exec-1",
        "sortie://execution/exec-1/message",
        "sortie://execution/exec-1/json",
        "sortie://report/latest",
        "sortie://bundle/latest",
        "sortie://session/nope",
        "sortie://nothing/here",
        "file:///etc/passwd",
    ] {
        let answer = client.ask("resources/read", json!({ "uri": uri }));
        let it = &answer["result"]["contents"][0];
        let told = it["text"].as_str().map(str::to_owned).unwrap_or(answer["error"].to_string());
        writeln!(seen, "\n>> {uri} {}\n{}", it["mimeType"], told.trim_end()).unwrap();
    }
    let begun = json!({
        "ref": { "type": "ref/resource", "uri": "sortie://execution/{id}" },
        "argument": { "name": "id", "value": "ex" },
    });
    writeln!(
        seen,
        "\n>> completion of 'ex'\n{}",
        client.ask("completion/complete", begun)["result"]
    )
    .unwrap();
    snapshot!("resources", env.clean(&seen));
}

#[test]
fn the_list_of_resources_has_pages() {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    for n in 0..60 {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id exec-{n} --agent-type a --scope b --model sonnet"
        ));
    }
    let mut client = Client::of(&env);
    let (mut found, mut cursor, mut pages) = (Vec::new(), json!({}), 0);
    loop {
        let page = client.ask("resources/list", cursor);
        let listed = page["result"]["resources"].as_array().unwrap();
        assert!(!listed.is_empty() && listed.len() <= 50);
        found.extend(listed.iter().map(|it| it["uri"].to_string()));
        pages += 1;
        match page["result"]["nextCursor"].as_str() {
            Some(next) => cursor = json!({ "cursor": next }),
            None => break,
        }
    }
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!((found.len(), count, pages), (61, 61, 3));
    let answer = client.ask("resources/list", json!({ "cursor": "colour" }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[test]
fn the_five_phases_are_a_prompt() {
    let env = TestEnv::new();
    let mut client = Client::of(&env);
    let listed = client.ask("prompts/list", json!({}));
    let asked = json!({ "name": "five_phases", "arguments": { "task": "Add a mode" } });
    let prompt = client.ask("prompts/get", asked);
    let text = prompt["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    snapshot!("prompt", format!("{}\n\n{text}", listed["result"]["prompts"]));
    assert_eq!(client.ask("prompts/get", json!({ "name": "six" }))["error"]["code"], -32602);
}

/// Both faces show the same view.
#[test]
fn results_are_the_command_lines_json() {
    let (env, mut client) = recorded();
    for (tool, arguments, line) in [
        ("query", json!({ "limit": 3 }), "track query --limit 3"),
        ("search", json!({ "query": "recall" }), "track search recall"),
        ("stats", json!({ "by": "model" }), "track stats --by model"),
        ("recall", json!({}), "track recall latest"),
        ("get_bundle", json!({ "bundle": "latest" }), "ctx show latest"),
    ] {
        let command = env.ok(&format!("{line} --format json")).json();
        assert_eq!(client.result(tool, arguments), command, "{tool}");
    }
}

/// An event that waited in a file is on record before the first answer.
#[test]
fn what_hooks_could_not_record_is_taken_in_first() {
    let env = TestEnv::empty();
    env.ok("init");
    let head = json!({ "harness": "claude-code", "at": "2026-10-01T10:00:00.000Z" });
    let event = json!({ "session_id": "s", "hook_event_name": "PreToolUse", "tool_name": "Agent",
        "tool_use_id": "toolu_1", "tool_input": { "prompt": "Look.", "description": "Look" } });
    env.write(".sortie/spool/000000000000001-1-0.event", format!("{head}\n{event}"));
    let mut client = Client::of(&env);
    let shown = client.result("show", json!({ "execution_id": "toolu_1" }));
    assert_eq!(shown["deployment"]["execution"]["scope"], "Look", "{shown}");
}

#[test]
fn asking_changes_nothing() {
    let env = TestEnv::new();
    let mut client = Client::of(&env);
    for (tool, arguments) in [
        ("query", json!({})),
        ("search", json!({ "query": "recall" })),
        ("show", json!({ "execution_id": "latest" })),
        ("stats", json!({})),
        ("recall", json!({})),
        ("get_bundle", json!({ "bundle": "latest" })),
    ] {
        client.call(tool, arguments);
    }
    client.ask("resources/list", json!({}));
    assert_eq!(client.hang_up(), (Some(0), String::new()));
    assert!(!env.exists(".sortie"));
}

/// Whatever comes, the next call is answered.
#[test]
fn any_input_is_survived() {
    let (_env, mut client) = recorded();
    for line in [
        "not json",
        "{",
        "[]",
        "42",
        "null",
        "\u{0}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":900,"method":"nothing/there"}"#,
        r#"{"jsonrpc":"2.0","id":901,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":902,"method":"tools/call","params":{"name":7}}"#,
        r#"{"jsonrpc":"2.0","id":903,"method":"tools/call","params":{"name":"query","arguments":[]}}"#,
        r#"{"jsonrpc":"2.0","id":904,"method":"tools/call","params":{"name":"query","arguments":{"limit":-1}}}"#,
        r#"{"jsonrpc":"2.0","id":905,"method":"tools/call","params":{"name":"query","arguments":{"limit":1e300}}}"#,
        r#"{"jsonrpc":"2.0","id":906,"method":"resources/read","params":{"uri":"sortie://execution/\u0000"}}"#,
        r#"{"jsonrpc":"2.0","id":907,"method":"resources/read","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12345}}"#,
        r#"{"jsonrpc":"2.0","id":5,"result":{}}"#,
    ] {
        client.tell(line);
    }
    client.tell(&format!("{{\"jsonrpc\":\"2.0\",\"id\":908,\"x\":{}}}", "[".repeat(100_000)));
    client.tell(&"a".repeat(2_000_000));
    client.tell(r#"{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"query"}}"#);
    let last = loop {
        let answer = client.hear();
        assert!(answer.get("error").is_some() || answer.get("result").is_some(), "{answer}");
        if answer["id"] == "last" {
            break answer;
        }
    };
    assert_eq!(last["result"]["isError"], false, "{last}");
    assert_eq!(client.hang_up(), (Some(0), String::new()));
}

/// Many calls at once, from two servers and the command line, and nothing is lost.
#[test]
fn calls_are_worked_on_beside_each_other() {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    let mut clients = [Client::of(&env), Client::of(&env)];
    for n in 0..20 {
        for (of, client) in clients.iter_mut().enumerate() {
            let arguments = json!({
                "session_id": "s-1", "agent_type": "a", "scope": "b", "execution_id": format!("exec-{of}-{n}"),
            });
            let params = json!({ "name": "init_deployment", "arguments": arguments });
            let id = format!("{of}-{n}");
            let request =
                json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
            client.tell(&request.to_string());
        }
    }
    env.ok(
        "track init-deployment --session-id s-1 --execution-id exec-cli --agent-type a --scope b",
    );
    for client in &mut clients {
        let mut answered: Vec<String> = (0..20)
            .map(|_| {
                let answer = client.hear();
                assert_eq!(answer["result"]["isError"], false, "{answer}");
                answer["id"].to_string()
            })
            .collect();
        answered.sort();
        answered.dedup();
        assert_eq!(answered.len(), 20);
    }
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "41\n");
}

/// What was asked for before the client hung up is done.
#[test]
fn who_hangs_up_loses_nothing() {
    let (env, mut client) = recorded();
    let arguments = json!({ "execution_id": "exec-1", "insights": ["the last thing it learned"] });
    let params = json!({ "name": "collect_outputs", "arguments": arguments });
    let request = json!({ "jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": params });
    client.tell(&request.to_string());
    assert_eq!(client.hang_up(), (Some(0), String::new()));
    assert!(env.ok("track search 'last thing'").out().contains("the last thing it learned"));
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_told_to() {
    let env = TestEnv::new();
    for greeted in [true, false] {
        let mut client = if greeted { Client::of(&env) } else { Client::silent(&env) };
        if !greeted {
            client.tell(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
            client.hear();
        }
        let told = env.program("kill").arg(client.child.id().to_string()).status().unwrap();
        assert!(told.success());
        assert_eq!(client.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let env = TestEnv::new();
    for n in 0..400 {
        env.write(format!("many/{n}.txt"), format!("file {n}"));
    }
    let mut client = Client::of(&env);
    let bundle = json!({ "agent_type": "a", "scope": "b", "files": ["many"] });
    let answer = client.call("prepare_bundle", bundle);
    let notes = answer["structuredContent"]["notes"].as_array().unwrap();
    assert!(
        notes.iter().any(|it| it.as_str().unwrap().contains("of 401 entries of `items`")),
        "{notes:?}"
    );
    assert!(answer.to_string().len() < 30_000, "{}", answer.to_string().len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// The pieces of a message are the message, whatever stands in it.
    #[test]
    fn a_message_comes_in_pieces(text in "(?s).{1,40}", times in 1usize..4_000) {
        let message = text.repeat(times);
        let env = TestEnv::deployed("exec-1");
        let mut client = Client::of(&env);
        client.result("record_completion", json!({ "execution_id": "exec-1", "final_message": message }));
        let (mut whole, mut from) = (String::new(), json!(0));
        while !from.is_null() {
            let asked = json!({ "execution_id": "exec-1", "part": "message", "from": from });
            let piece = client.result("show", asked)["piece"].clone();
            whole += piece["text"].as_str().unwrap();
            from = piece["next"].clone();
        }
        prop_assert_eq!(whole, message);
    }
}

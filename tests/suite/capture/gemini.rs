//! Gemini CLI: what its hooks tell and its transcripts say, as version 0.61 has them, with other texts.

use super::world::{odd, record};
use crate::env::TestEnv;
use proptest::prelude::*;
use serde_json::{Value, json};
use sortie::capture::{Event, Harness, Heard, hear};
use sortie::workspace::Options;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SESSION: &str = "5e551011-0000-4000-8000-0000000000ee";
/// Three agents that were given the same, one of them first, and one that failed.
const AGENTS: [&str; 3] = [
    "a0000000-0000-4000-8000-000000000003",
    "a0000000-0000-4000-8000-000000000001",
    "a0000000-0000-4000-8000-000000000002",
];
const FAILED: &str = "a0000000-0000-4000-8000-00000000000f";
const REVIEW: &str = "Review it.\nAll of it.";

fn chats(env: &TestEnv) -> PathBuf {
    env.home().join(".gemini/tmp/project/chats")
}

fn session(env: &TestEnv) -> PathBuf {
    chats(env).join(format!("session-2026-10-01T10-00-{}.jsonl", &SESSION[..8]))
}

fn at(second: usize) -> String {
    format!("2026-10-01T10:00:{second:02}.250Z")
}

fn put(path: PathBuf, records: &[Value]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text: String = records.iter().map(|it| format!("{it}\n")).collect();
    std::fs::write(path, text).unwrap();
}

fn report(which: usize) -> String {
    format!("# Report {which}\n\nIt is good, naïve 漢字.")
}

/// What the harness shows of a call, and what the caller got.
fn shown(agent: &str, which: usize) -> (Value, String) {
    let done =
        json!([{ "id": format!("{agent}#0-0"), "type": "tool_call", "content": "complete_task" }]);
    let shown = json!({
        "isSubagentProgress": true, "agentName": "reviewer", "recentActivity": done, "state": "completed",
        "result": report(which), "terminateReason": "GOAL",
    });
    let sent = format!(
        "Subagent 'reviewer' finished.\nTermination Reason: GOAL\nResult:\n{}",
        report(which)
    );
    (shown, sent)
}

fn failure() -> (Value, String) {
    let thought = json!([{ "id": "t0", "type": "thought", "content": "Error", "status": "error" }]);
    let shown = json!({
        "isSubagentProgress": true, "agentName": "finder", "recentActivity": thought, "state": "error",
    });
    (shown, "Subagent 'finder' failed. Error: overloaded".to_owned())
}

fn invoke(agent: &str, prompt: &str) -> Value {
    json!({ "agent_name": agent, "prompt": prompt })
}

/// A session's transcript and those of its agents.
fn transcripts(env: &TestEnv) {
    let head = |id: &str, kind: &str, second| {
        json!({ "sessionId": id, "projectHash": "0", "startTime": at(second), "lastUpdated": at(second),
                "kind": kind })
    };
    let user = |second, text: &str| {
        json!({ "id": format!("u{second}"), "timestamp": at(second), "type": "user",
                "content": [{ "text": text }] })
    };
    let model = |id: &str, second: usize, calls: Value| {
        let n = second as u64;
        json!({ "id": id, "timestamp": at(second), "type": "gemini", "content": "", "thoughts": [],
                "tokens": { "input": 10_000 + n, "output": 10 * n, "cached": 100 * n, "thoughts": 5, "tool": 0 },
                "model": "gemini-3-flash", "toolCalls": calls })
    };
    for (which, agent) in AGENTS.iter().enumerate() {
        let second = 2 + 10 * which;
        put(
            chats(env).join(SESSION).join(format!("{agent}.jsonl")),
            &[
                head(agent, "subagent", second),
                user(second, REVIEW),
                json!({ "$set": { "lastUpdated": at(second) } }),
                // A message is told again when there is more of it.
                model("m1", second + 1, json!([])),
                model(
                    "m1",
                    second + 1,
                    json!([{ "id": format!("{agent}#0-0"), "name": "read_file" }]),
                ),
                model(
                    "m2",
                    second + 2,
                    json!([{ "id": format!("{agent}#1-0"), "name": "complete_task" }]),
                ),
                json!({ "$set": { "summary": report(which) } }),
            ],
        );
    }
    put(
        chats(env).join(SESSION).join(format!("{FAILED}.jsonl")),
        &[
            head(FAILED, "subagent", 33),
            user(33, "This goes wrong."),
            json!({ "$set": { "messages": [], "lastUpdated": at(34) } }),
        ],
    );
    let call = |id: &str, input: Value, agent: &str, second, (shown, sent): (Value, String)| {
        json!({ "id": id, "name": "invoke_agent", "args": input, "status": "success",
                "timestamp": at(second), "agentId": agent, "resultDisplay": shown,
                "result": [{ "functionResponse": { "id": id, "response": { "output": sent } } }] })
    };
    let refused = json!({
        "id": "c9", "name": "invoke_agent", "args": invoke("nobody", "Nobody can."), "status": "error",
        "timestamp": at(36),
        "result": [{ "functionResponse": { "response": { "error": "Subagent 'nobody' not found." } } }],
    });
    let mut records = vec![head(SESSION, "main", 0), user(0, "Go.")];
    for (which, agent) in AGENTS.iter().enumerate() {
        let input = invoke("reviewer", REVIEW);
        let calls =
            json!([call(&format!("c{which}"), input, agent, 6 + 10 * which, shown(agent, which))]);
        records.extend([model(&format!("l{which}"), 1 + 10 * which, calls), json!({ "$set": {} })]);
    }
    let input = invoke("finder", "This goes wrong.");
    let calls = json!([call("c8", input, FAILED, 35, failure()), refused]);
    records.push(model("l9", 31, calls));
    put(session(env), &records);
    std::fs::write(
        chats(env).parent().unwrap().join(".project_root"),
        env.project().to_str().unwrap(),
    )
    .unwrap();
}

fn event(env: &TestEnv, name: &str, second: usize, more: Value) -> Value {
    let mut it = json!({
        "session_id": SESSION, "transcript_path": session(env), "cwd": env.project(),
        "hook_event_name": name, "timestamp": at(second),
    });
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    it
}

/// What the hooks of that session tell, each at its second.
fn story(env: &TestEnv) -> Vec<(usize, Value)> {
    let tool = |name, second, tool: &str, input: Value| {
        (second, event(env, name, second, json!({ "tool_name": tool, "tool_input": input })))
    };
    let after = |second, input: Value, (shown, sent): (Value, String)| {
        let (second, mut it) = tool("AfterTool", second, "invoke_agent", input);
        it["tool_response"] = json!({ "llmContent": [{ "text": sent }], "returnDisplay": shown });
        (second, it)
    };
    let mut story = Vec::new();
    for (which, agent) in AGENTS.iter().enumerate() {
        let begin = 10 * which;
        story.push(tool("BeforeTool", begin + 1, "invoke_agent", invoke("reviewer", REVIEW)));
        story.push(tool("BeforeTool", begin + 3, "read_file", json!({ "file_path": "x" })));
        story.push(after(begin + 5, invoke("reviewer", REVIEW), shown(agent, which)));
    }
    let input = invoke("finder", "This goes wrong.");
    story.push(tool("BeforeTool", 32, "invoke_agent", input.clone()));
    story.push(after(34, input, failure()));
    story.push((40, event(env, "SessionEnd", 40, json!({ "reason": "exit" }))));
    story
}

fn tell(env: &TestEnv, (second, event): &(usize, Value)) -> Heard {
    let mut options = Options::new(env.project());
    options.database = Some(env.database());
    options.state = Some(env.home().join("state"));
    let told = Event {
        harness: Harness::Gemini,
        bytes: event.to_string().into_bytes(),
        cut: None,
        at: format!("2026-10-01T10:00:{second:02}.300Z").parse().unwrap(),
        // Other tests run beside this.
        until: Instant::now() + Duration::from_secs(20),
        project: None,
    };
    hear(told, options).0
}

const ALL: &str =
    "SELECT e.execution_id, e.agent_type, e.deployed_at, e.status, e.scope, e.error_message,
    e.final_message, u.requests, u.input_tokens, u.output_tokens, u.cache_read_tokens, u.tool_uses
    FROM agent_executions e LEFT JOIN usages u USING (execution_id) ORDER BY e.deployed_at";

#[test]
fn a_session_as_it_happens() {
    let env = TestEnv::empty();
    transcripts(&env);
    for it in &story(&env) {
        assert!(matches!(tell(&env, it), Heard::Recorded | Heard::Nothing), "{it:?}");
    }
    snapshot!("gemini_all", env.rows(ALL));
    let first = env.rows("SELECT execution_id FROM agent_executions ORDER BY deployed_at LIMIT 1");
    snapshot!("gemini_show", env.run(&format!("track show {}", first.trim().trim_matches('"'))));
    snapshot!("gemini_status", env.run("status gemini"));
    let done: Value = serde_json::from_slice(&env.ok("import --format json").stdout).unwrap();
    assert_eq!(done["new"], 0, "{done}");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions").trim(), "5");
}

#[test]
fn transcripts_alone() {
    let env = TestEnv::empty();
    transcripts(&env);
    snapshot!("gemini_missing", env.run("status gemini"));
    snapshot!("gemini_import", env.run("import"));
    snapshot!("gemini_imported", env.rows(ALL));
    snapshot!("gemini_again", env.run("import"));
}

#[test]
fn without_transcripts() {
    let env = TestEnv::empty();
    for it in &story(&env) {
        assert!(matches!(tell(&env, it), Heard::Recorded | Heard::Nothing), "{it:?}");
    }
    // Nothing tells the calls with the same prompt apart.
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions").trim(), "2");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is on record in the end depends on what was told, not on when or how often.
    #[test]
    fn no_order_makes_another_record(order in Just((0..11).collect::<Vec<usize>>()).prop_shuffle()) {
        let told = |order: &[usize]| {
            let env = TestEnv::empty();
            transcripts(&env);
            let story = story(&env);
            for at in order {
                assert!(matches!(tell(&env, &story[*at]), Heard::Recorded | Heard::Nothing), "{at}");
            }
            env.clean(&record(&env))
        };
        let in_order: Vec<usize> = (0..11).collect();
        prop_assert_eq!(told(&in_order), told(&order));
    }
}

#[test]
fn what_gemini_trusts() {
    let env = TestEnv::empty();
    env.ok("install gemini");
    snapshot!("gemini_untrusted", env.run("status gemini"));
    let home = env.home().join(".gemini");
    std::fs::create_dir_all(&home).unwrap();
    let trust =
        |rules: Value| std::fs::write(home.join("trustedFolders.json"), rules.to_string()).unwrap();
    let is_trusted = || !env.ok("status gemini").to_string().contains("does not trust");
    let (project, above) = (env.project(), env.project().parent().unwrap().to_path_buf());
    trust(json!({ project.to_str().unwrap(): "TRUST_PARENT" }));
    assert!(is_trusted());
    trust(
        json!({ project.to_str().unwrap(): "DO_NOT_TRUST", above.to_str().unwrap(): "TRUST_FOLDER" }),
    );
    assert!(!is_trusted(), "the nearest rule holds");
    std::fs::write(
        home.join("settings.json"),
        r#"{"security": {"folderTrust": {"enabled": false}}}"#,
    )
    .unwrap();
    assert!(is_trusted(), "nothing is asked");
    env.write(
        ".gemini/settings.json",
        env.text(".gemini/settings.json").replacen(
            "{",
            "{\n  \"hooksConfig\": { \"disabled\": [\"sortie\"] },",
            1,
        ),
    );
    snapshot!("gemini_switched_off", env.run("status gemini"));
}

#[test]
fn what_is_told_otherwise_harms_nothing() {
    let env = TestEnv::empty();
    transcripts(&env);
    for (at, event) in &story(&env) {
        for it in odd(event) {
            let told = (*at, it);
            assert!(matches!(tell(&env, &told), Heard::Recorded | Heard::Nothing), "{told:?}");
        }
    }
    let of_agents = AGENTS.map(|agent| chats(&env).join(SESSION).join(format!("{agent}.jsonl")));
    for path in of_agents.into_iter().chain([session(&env)]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let records: Vec<Value> =
            text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let others = records[1..].iter().flat_map(|it| odd(it).into_iter().chain([it.clone()]));
        put(path, &std::iter::once(records[0].clone()).chain(others).collect::<Vec<_>>());
    }
    env.ok("import");
    let found = env
        .rows("SELECT final_message FROM agent_executions WHERE final_message LIKE '%Report 2%'");
    assert!(found.contains("naïve"), "{found}");
}

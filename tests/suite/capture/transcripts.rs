//! Transcripts in each layout, written for this: read once, read again, read while they grow, and beside
//! what hooks told.

use super::world::SESSION;
use crate::env::TestEnv;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// A project directory as Claude Code names it.
pub fn dir(env: &TestEnv) -> PathBuf {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = env.project().to_str().unwrap().chars().map(plain).collect();
    env.home().join(".claude/projects").join(name)
}

fn lines(records: &[Value]) -> String {
    records.iter().fold(String::new(), |mut text, record| {
        writeln!(text, "{record}").unwrap();
        text
    })
}

pub fn put(path: PathBuf, records: &[Value]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, lines(records)).unwrap();
}

/// A record of a session or an agent, at a second.
pub fn record(env: &TestEnv, second: u32, more: Value) -> Value {
    let mut it = json!({
        "sessionId": SESSION, "cwd": env.project(), "version": "2.1.0", "uuid": format!("u{second}"),
        "timestamp": format!("2026-10-01T10:00:{second:02}.000Z"), "isSidechain": false,
    });
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    it
}

pub fn says(id: &str, content: Value, usage: [u64; 4], stop: Value) -> Value {
    let [input, written, read, output] = usage;
    json!({ "type": "assistant", "message": {
        "id": id, "role": "assistant", "model": "claude-haiku-4-5", "content": content, "stop_reason": stop,
        "usage": { "input_tokens": input, "cache_creation_input_tokens": written,
                   "cache_read_input_tokens": read, "output_tokens": output },
    }})
}

pub fn text(text: &str) -> Value {
    json!([{ "type": "text", "text": text }])
}

pub fn calls(env: &TestEnv, second: u32, id: &str, prompt: &str) -> Value {
    let input = json!({ "description": format!("Task of {id}"), "prompt": prompt,
                        "subagent_type": "reviewer" });
    let block = json!([{ "type": "tool_use", "id": id, "name": "Task", "input": input }]);
    record(env, second, says("m-call", block, [1, 0, 0, 5], json!("tool_use")))
}

pub fn returns(env: &TestEnv, second: u32, id: &str, agent: &str, message: &str) -> Value {
    let block = json!([{ "type": "tool_result", "tool_use_id": id, "content": text(message) }]);
    record(
        env,
        second,
        json!({
            "type": "user", "message": { "role": "user", "content": block },
            "toolUseResult": {
                "status": "completed", "agentId": agent, "content": text(message), "totalTokens": 120,
                "totalToolUseCount": 1, "totalDurationMs": 4_000,
                "usage": { "input_tokens": 10, "cache_read_input_tokens": 60, "output_tokens": 50 },
            },
        }),
    )
}

/// An agent whose report is split over two records, of which its caller got the second.
fn agent(env: &TestEnv, id: &str) -> Vec<Value> {
    let of_agent = |second: u32, more: Value| {
        let mut it = record(env, second, more);
        it["agentId"] = json!(id);
        it["isSidechain"] = json!(true);
        it
    };
    let used = json!([{ "type": "tool_use", "id": "t1", "name": "Read", "input": {} }]);
    let read = json!([{ "type": "tool_result", "tool_use_id": "t1", "content": "text" }]);
    vec![
        of_agent(
            2,
            json!({ "type": "user", "parentUuid": null,
            "message": { "role": "user", "content": "Review the parser." } }),
        ),
        of_agent(
            2,
            json!({ "type": "attachment", "attachment": { "type": "file", "filename": "src/lib.rs" },
            "rendered": [{ "content": "fn main() {}" }] }),
        ),
        of_agent(3, says("m-1", text("I look."), [4, 200, 0, 2], Value::Null)),
        of_agent(3, says("m-1", used, [4, 200, 0, 30], json!("tool_use"))),
        of_agent(4, json!({ "type": "user", "message": { "role": "user", "content": read } })),
        of_agent(
            5,
            says(
                "m-2",
                text("# Findings\n\n1. The lexer drops the last token."),
                [10, 0, 60, 9],
                Value::Null,
            ),
        ),
        of_agent(6, says("m-2", text("That is all."), [10, 0, 60, 20], json!("end_turn"))),
    ]
}

/// The present layout: beneath the session, with a sidecar.
fn session(env: &TestEnv) {
    let session = dir(env).join(format!("{SESSION}.jsonl"));
    put(
        session,
        &[
            record(
                env,
                0,
                json!({ "type": "user", "message": { "role": "user", "content": "Go." } }),
            ),
            calls(env, 1, "toolu_r", "Review the parser."),
            returns(env, 7, "toolu_r", "a0r", "That is all."),
        ],
    );
    let agents = dir(env).join(SESSION).join("subagents");
    put(agents.join("agent-a0r.jsonl"), &agent(env, "a0r"));
    let beside = json!({ "agentType": "reviewer", "description": "Task of toolu_r", "toolUseId": "toolu_r" });
    std::fs::write(agents.join("agent-a0r.meta.json"), beside.to_string()).unwrap();
    put(agents.join("agent-acompact-1.jsonl"), &agent(env, "acompact-1"));
}

#[test]
fn a_session_is_taken_in_once() {
    let env = TestEnv::empty();
    session(&env);
    snapshot!("status_before", env.run("status"));
    snapshot!("import", env.run("import"));
    snapshot!("import_show", env.run("track show toolu_r"));
    snapshot!("import_json", env.run("track show toolu_r --format json"));
    let before = env.rows("SELECT * FROM agent_executions");
    snapshot!("import_again", env.run("import"));
    assert_eq!(env.rows("SELECT * FROM agent_executions"), before);
    snapshot!("status_after", env.run("status"));
}

#[test]
fn only_what_has_grown_is_read() {
    let env = TestEnv::empty();
    let session = dir(&env).join(format!("{SESSION}.jsonl"));
    let first = [calls(&env, 1, "toolu_1", "One."), returns(&env, 2, "toolu_1", "a1", "Done one.")];
    // The last line is being written.
    let half = &lines(&[calls(&env, 3, "toolu_2", "Two.")])[..60];
    std::fs::create_dir_all(dir(&env)).unwrap();
    std::fs::write(&session, lines(&first) + half).unwrap();
    env.ok("import");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions").trim(), "1");
    let more = [calls(&env, 3, "toolu_2", "Two."), calls(&env, 4, "toolu_3", "Three.")];
    std::fs::write(&session, lines(&first) + &lines(&more)).unwrap();
    let outcome = env.ok("import --format json");
    let done: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!((&done["new"], &done["merged"]), (&json!(2), &json!(0)), "{outcome}");
    assert_eq!(done["bytes"], json!(lines(&more).len()), "{outcome}");
    // What comes back for the calls is joined to them, though they were read before.
    let failed = json!([{ "type": "tool_result", "tool_use_id": "toolu_3", "is_error": true,
                          "content": "<tool_use_error>No such agent</tool_use_error>" }]);
    let rest = [
        returns(&env, 5, "toolu_2", "a2", "Done two."),
        record(
            &env,
            6,
            json!({ "type": "user", "toolUseResult": "Error: No such agent",
            "message": { "role": "user", "content": failed } }),
        ),
    ];
    std::fs::write(&session, lines(&first) + &lines(&more) + &lines(&rest)).unwrap();
    env.ok("import");
    snapshot!("grown", env.rows(
        "SELECT execution_id, status, error_message, final_message FROM agent_executions ORDER BY 1"
    ));
}

#[test]
fn older_layouts_are_read() {
    let env = TestEnv::empty();
    // Beside the session, without a sidecar: the result names the agent.
    put(dir(&env).join("agent-a0r.jsonl"), &agent(&env, "a0r"));
    put(
        dir(&env).join(format!("{SESSION}.jsonl")),
        &[
            calls(&env, 1, "toolu_r", "Review the parser."),
            returns(&env, 7, "toolu_r", "a0r", "That is all."),
        ],
    );
    // Among the session's own records, without an id: the prompt is the same.
    let other = "5e551011-0000-4000-8000-00000000000b";
    let mut inline: Vec<Value> = agent(&env, "x");
    let mut parent = Value::Null;
    for (at, record) in inline.iter_mut().enumerate() {
        let fields = record.as_object_mut().unwrap();
        fields.remove("agentId");
        fields.insert("uuid".into(), json!(format!("side-{at}")));
        fields.insert("parentUuid".into(), parent);
        parent = json!(format!("side-{at}"));
    }
    let mut records = vec![calls(&env, 1, "toolu_old", "Review the parser.")];
    records.extend(inline);
    let mut back = returns(&env, 7, "toolu_old", "", "That is all.");
    back["toolUseResult"].as_object_mut().unwrap().remove("agentId");
    back["toolUseResult"].as_object_mut().unwrap().remove("status");
    records.push(back);
    records.iter_mut().for_each(|it| it["sessionId"] = json!(other));
    put(dir(&env).join(format!("{other}.jsonl")), &records);
    env.ok("import");
    snapshot!("older_layouts", env.rows(
        "SELECT e.execution_id, e.session_id, e.status, e.final_message, u.requests, u.input_tokens,
                u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, u.reported_tokens
         FROM agent_executions e JOIN usages u USING (execution_id) ORDER BY 1"
    ));
}

#[test]
fn an_agent_is_counted_once_in_whatever_order_it_is_read() {
    let env = TestEnv::empty();
    let agents = dir(&env).join(SESSION).join("subagents");
    put(agents.join("agent-a0r.jsonl"), &agent(&env, "a0r"));
    env.ok("import");
    assert_eq!(env.rows("SELECT execution_id FROM agent_executions").trim(), "agent-a0r-5e551011");
    put(
        dir(&env).join(format!("{SESSION}.jsonl")),
        &[
            calls(&env, 1, "toolu_r", "Review the parser."),
            returns(&env, 7, "toolu_r", "a0r", "That is all."),
        ],
    );
    let outcome = env.ok("import --format json");
    let done: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!((&done["new"], &done["merged"]), (&json!(1), &json!(0)), "{outcome}");
    assert_eq!(env.rows("SELECT execution_id FROM agent_executions").trim(), "toolu_r");
}

#[test]
fn a_codex_rollout_is_taken_in() {
    let env = TestEnv::empty();
    let line = |second: u32, kind: &str, payload: Value| json!({ "timestamp": format!("2026-10-01T10:00:{second:02}.000Z"), "type": kind, "payload": payload });
    let spawn = json!({ "subagent": { "thread_spawn": {
        "parent_thread_id": "thread-1", "depth": 1, "agent_role": "explorer" } } });
    let used = json!({ "type": "token_count", "info": { "total_token_usage": {
        "input_tokens": 500, "cached_input_tokens": 300, "output_tokens": 40, "total_tokens": 540 } } });
    let day = env.home().join(".codex/sessions/2026/10/01");
    put(
        day.join("rollout-2026-10-01T10-00-00-thread-2.jsonl"),
        &[
            line(
                0,
                "session_meta",
                json!({ "id": "thread-2", "cwd": env.project(), "source": spawn }),
            ),
            line(1, "turn_context", json!({ "model": "gpt-5-codex" })),
            line(
                1,
                "event_msg",
                json!({ "type": "user_message", "message": "Find the entry point." }),
            ),
            line(2, "event_msg", used),
            line(
                3,
                "event_msg",
                json!({ "type": "task_complete", "last_agent_message": "It is src/main.rs." }),
            ),
        ],
    );
    // A session that nobody spawned, and one of another project.
    put(
        day.join("rollout-2026-10-01T10-00-00-thread-1.jsonl"),
        &[line(
            0,
            "session_meta",
            json!({ "id": "thread-1", "cwd": env.project(), "source": "cli" }),
        )],
    );
    put(
        day.join("rollout-2026-10-01T10-00-00-thread-9.jsonl"),
        &[line(
            0,
            "session_meta",
            json!({ "id": "thread-9", "cwd": "/elsewhere", "source": "cli" }),
        )],
    );
    snapshot!("codex", env.run("import"));
    let id = env.rows("SELECT execution_id FROM agent_executions");
    snapshot!("codex_show", env.run(&format!("track show {}", id.trim().trim_matches('"'))));
}

#[test]
fn hooks_and_transcripts_are_one_record() {
    let told = TestEnv::empty();
    let story = super::world::story(&told);
    for (at, it) in story.iter().enumerate() {
        super::world::tell(&told, at, it);
    }
    session(&told);
    let outcome = told.ok("import --format json");
    let done: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!((&done["new"], &done["merged"]), (&json!(1), &json!(0)), "{outcome}");
    snapshot!("both", told.run("track query"));
}

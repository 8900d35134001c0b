//! A small world of one session: two agents, one of which spawns a third, told as Claude Code tells it.

use crate::env::TestEnv;
use serde_json::{Value, json};
use sortie::capture::{Event, Harness, Heard, hear};
use sortie::workspace::Options;
use std::time::{Duration, Instant};

pub const SESSION: &str = "5e551011-0000-4000-8000-000000000001";
/// In the foreground; it spawns `INNER`.
pub const OUTER: (&str, &str) = ("toolu_outer0001", "a0000000000000001");
/// In the background; it is woken again.
pub const BACK: (&str, &str) = ("toolu_back00002", "a0000000000000002");
pub const INNER: (&str, &str) = ("toolu_inner0003", "a0000000000000003");

/// An event with the second at which it is told.
pub fn event(env: &TestEnv, name: &str, more: Value) -> Value {
    let transcript = env.home().join(format!(".claude/projects/-p/{SESSION}.jsonl"));
    let mut event = json!({
        "session_id": SESSION,
        "transcript_path": transcript,
        "cwd": env.project(),
        "prompt_id": "p-1",
        "permission_mode": "default",
        "hook_event_name": name,
    });
    let fields = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    event
}

pub fn call(env: &TestEnv, name: &str, id: &str, prompt: &str, more: Value) -> Value {
    let mut it = event(
        env,
        name,
        json!({
            "tool_name": "Agent",
            "tool_input": {
                "description": format!("Task of {id}"),
                "prompt": prompt,
                "subagent_type": "general-purpose",
                "model": "haiku",
            },
            "tool_use_id": id,
        }),
    );
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    it
}

fn stop(env: &TestEnv, agent: &str, message: &str) -> Value {
    let more = json!({
        "agent_id": agent, "agent_type": "general-purpose", "stop_hook_active": false,
        "agent_transcript_path": env.home().join(format!("none/agent-{agent}.jsonl")),
        "last_assistant_message": message, "background_tasks": [], "session_crons": [],
    });
    event(env, "SubagentStop", more)
}

fn start(env: &TestEnv, agent: &str) -> Value {
    event(env, "SubagentStart", json!({ "agent_id": agent, "agent_type": "general-purpose" }))
}

fn launched(agent: &str) -> Value {
    let response = json!({
        "isAsync": true, "status": "async_launched", "agentId": agent,
        "resolvedModel": "claude-haiku-4-5-20251001", "outputFile": "/nowhere",
    });
    json!({ "tool_response": response, "duration_ms": 5 })
}

fn notice(env: &TestEnv, agent: &str, call: &str, result: &str, tokens: u64) -> Value {
    let prompt = format!(
        "<task-notification>\n<task-id>{agent}</task-id>\n<tool-use-id>{call}</tool-use-id>\n\
         <status>completed</status>\n<summary>Agent finished</summary>\n<result>{result}</result>\n\
         <usage><subagent_tokens>{tokens}</subagent_tokens><tool_uses>2</tool_uses>\
         <duration_ms>900</duration_ms></usage>\n</task-notification>"
    );
    event(env, "UserPromptSubmit", json!({ "prompt": prompt }))
}

/// All that is told, in the order in which it happens.
pub fn story(env: &TestEnv) -> Vec<Value> {
    let outer_report = "## Result\n\nThe parser is sound; the lexer is not.";
    let answered = json!({
        "duration_ms": 7_000,
        "tool_response": {
            "status": "completed", "agentId": OUTER.1, "agentType": "general-purpose",
            "content": [{ "type": "text", "text": outer_report }],
            "resolvedModel": "claude-haiku-4-5-20251001", "totalDurationMs": 7_000,
            "totalTokens": 1_400, "totalToolUseCount": 3,
            "usage": { "input_tokens": 10, "cache_creation_input_tokens": 300,
                       "cache_read_input_tokens": 1_000, "output_tokens": 90 },
        },
    });
    let of_outer = json!({ "agent_id": OUTER.1, "agent_type": "general-purpose" });
    let mut inner_launched = launched(INNER.1);
    inner_launched.as_object_mut().unwrap().extend(of_outer.as_object().unwrap().clone());
    vec![
        event(env, "SessionStart", json!({ "source": "startup" })),
        call(env, "PreToolUse", OUTER.0, "Read the parser.", json!({})),
        start(env, OUTER.1),
        call(env, "PreToolUse", BACK.0, "Read the tests.", json!({})),
        call(env, "PostToolUse", BACK.0, "Read the tests.", launched(BACK.1)),
        start(env, BACK.1),
        stop(env, BACK.1, "11 tests."),
        call(env, "PreToolUse", INNER.0, "Count lines.", of_outer),
        call(env, "PostToolUse", INNER.0, "Count lines.", inner_launched),
        start(env, INNER.1),
        stop(env, OUTER.1, outer_report),
        call(env, "PostToolUse", OUTER.0, "Read the parser.", answered),
        stop(env, INNER.1, "42 lines"),
        notice(env, BACK.1, BACK.0, "11 tests.", 900),
        start(env, BACK.1),
        stop(env, BACK.1, "12 tests; one was skipped."),
        // Whoever woke it is another call.
        notice(env, BACK.1, "toolu_send0009", "12 tests; one was skipped.", 950),
        event(
            env,
            "SubagentStop",
            json!({
                "agent_id": "acompact-01", "agent_type": "", "last_assistant_message": "A summary.",
            }),
        ),
        event(
            env,
            "PreToolUse",
            json!({
                "tool_name": "Bash", "tool_input": { "command": "ls" }, "tool_use_id": "toolu_bash",
            }),
        ),
        notice(env, "b1234567", "toolu_bash", "a shell command's output", 0),
        event(env, "SessionEnd", json!({ "reason": "other" })),
    ]
}

/// Tells one event, as of the second that it has in the story.
pub fn tell(env: &TestEnv, at: usize, event: &Value) -> Heard {
    answer(env, at, event).0
}

/// The same, with what the harness is given back.
pub fn answer(env: &TestEnv, at: usize, event: &Value) -> (Heard, Option<String>) {
    let mut options = Options::new(env.project());
    options.database = Some(env.database());
    options.state = Some(env.home().join("state"));
    let told = Event {
        harness: Harness::ClaudeCode,
        bytes: event.to_string().into_bytes(),
        cut: None,
        at: format!("2026-10-01T10:00:{at:02}.000Z").parse().unwrap(),
        // Other tests run beside this.
        until: Instant::now() + Duration::from_secs(20),
        project: None,
    };
    hear(told, options)
}

/// Everything on record that a user sees, without what says when it was told.
pub fn record(env: &TestEnv) -> String {
    let mut record = env.rows(
        "SELECT e.execution_id, e.session_id, e.agent_type, e.deployed_at, e.completed_at, e.status, e.scope,
                e.context_token_count, e.model, e.briefing_hash, e.success, e.error_message, e.final_message,
                u.reported_tokens, u.input_tokens, u.output_tokens, u.cache_read_tokens, u.tool_uses
         FROM agent_executions e LEFT JOIN usages u USING (execution_id) ORDER BY 1",
    );
    record += &env
        .rows("SELECT session_id, created_at, status, ended_at, scope FROM sessions ORDER BY 1");
    record += &env.rows(
        "SELECT tool_use_id, agent_id, parent_agent_id, execution_id, evidence FROM captures
         WHERE execution_id IS NOT NULL ORDER BY tool_use_id, agent_id",
    );
    record
}

/// The same value over and over, each time with something else in the place of one of its parts.
pub fn odd(value: &Value) -> Vec<Value> {
    let strange = [json!(null), json!(7), json!([[]]), json!({ "x": 1 }), json!("\u{0}{]")];
    let mut all = Vec::new();
    let parts: Vec<String> = match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|it| it.to_string()).collect(),
        _ => Vec::new(),
    };
    for (at, part) in parts.iter().enumerate() {
        let place = format!("/{part}");
        let inner = value.pointer(&place).expect("it is one of its parts");
        let others = odd(inner).into_iter().chain([strange[at % strange.len()].clone()]);
        all.extend(others.map(|other| {
            let mut it = value.clone();
            *it.pointer_mut(&place).expect("it is one of its parts") = other;
            it
        }));
    }
    all
}

/// The answer of a tool of `sortie mcp`.
#[cfg(feature = "mcp")]
pub fn asked(env: &TestEnv, tool: &str, arguments: Value) -> Value {
    let client = json!({ "name": "t", "version": "1" });
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
                "params": { "name": tool, "arguments": arguments } }),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let said = env.run_with("mcp", lines.as_bytes()).stdout;
    let said = String::from_utf8(said).unwrap();
    let mut answers = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    answers.find(|it| it["id"] == 2).unwrap()["result"].take()
}

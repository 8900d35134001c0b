//! A history that a harness told: an agent that deployed another one.

use crate::env::TestEnv;
use serde_json::{Value, json};

/// One event, as the harness tells it.
fn tell(env: &TestEnv, event: &Value) {
    let mut whole = json!({
        "session_id": "6a1b0000-0000-4000-8000-000000000001",
        "transcript_path": "/nowhere.jsonl",
        "cwd": env.project(),
    });
    whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    let outcome = env.run_with("hook claude-code", whole.to_string().as_bytes());
    assert_eq!((outcome.status, outcome.out()), (Some(0), String::new()), "{outcome}");
}

/// An agent, or the session itself, deploys one.
fn spawns(by: Option<&str>, call: &str, kind: &str, model: Option<&str>) -> Value {
    let input = json!({
        "description": kind, "prompt": "Look at it", "subagent_type": kind, "model": model,
    });
    json!({
        "hook_event_name": "PreToolUse", "agent_id": by, "tool_name": "Agent",
        "tool_use_id": call, "tool_input": input,
    })
}

/// It comes back, with its input, output, and what was read from and written to the cache.
fn returns(call: &str, agent: &str, model: &str, tokens: [u64; 4]) -> Value {
    let [input, output, read, written] = tokens;
    let response = json!({
        "status": "completed", "agentId": agent, "resolvedModel": model,
        "content": [{ "type": "text", "text": "Found." }],
        "totalTokens": 1000, "totalDurationMs": 4500, "totalToolUseCount": 5,
        "usage": {
            "input_tokens": input, "output_tokens": output,
            "cache_read_input_tokens": read, "cache_creation_input_tokens": written,
        },
    });
    json!({
        "hook_event_name": "PostToolUse", "tool_name": "Agent", "tool_use_id": call,
        "tool_input": { "prompt": "Look at it" }, "tool_response": response,
    })
}

pub fn by_a_harness() -> TestEnv {
    let mut env = TestEnv::new();
    std::fs::create_dir_all(env.path(".sortie")).unwrap();
    tell(&env, &spawns(None, "toolu_1", "explorer", Some("sonnet")));
    let begins =
        json!({ "hook_event_name": "SubagentStart", "agent_id": "a1", "agent_type": "explorer" });
    tell(&env, &begins);
    env.at("2025-01-17T09:30:01Z");
    tell(&env, &spawns(Some("a1"), "toolu_2", "digger", None));
    env.at("2025-01-17T09:30:03Z");
    tell(&env, &returns("toolu_2", "a2", "claude-haiku-5", [10, 20, 70, 30]));
    env.at("2025-01-17T09:30:05Z");
    tell(&env, &returns("toolu_1", "a1", "claude-sonnet-5", [100, 200, 700, 0]));
    tell(&env, &json!({ "hook_event_name": "SessionEnd", "reason": "exit" }));
    env
}

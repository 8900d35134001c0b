//! Codex CLI: what its hooks tell and its rollouts say, as codex-cli 0.169 has them, with other texts.

use super::world::{odd, record};
use crate::env::TestEnv;
use proptest::prelude::*;
use serde_json::{Value, json};
use sortie::capture::{Event, Harness, Heard, hear};
use sortie::workspace::Options;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const LEAD: &str = "01a10000-0000-7000-8000-00000000000a";
/// Of the tools that name agents by ids: one that reports, one that fails.
const FIND: &str = "01a10000-0010-7000-8000-0000000000f1";
const FAIL: &str = "01a10000-0020-7000-8000-0000000000fa";
/// Of those that name them by tasks; the second was spawned by the first.
const REVIEW: &str = "01a10000-0030-7000-8000-0000000000e1";
const NAMES: &str = "01a10000-0040-7000-8000-0000000000e2";

const FOUND: &str = "It is src/main.rs.\n\nNothing else calls it: naïve 漢字.";
/// What a prompt looks like that only the model's provider can read.
const CIPHER: &str =
    "gAAAAABpIGlzIG5vdCByZWFkYWJsZSBieSBhbnlib2R5IGhlcmUsIG9mIGNvdXJzZSBub3Q_x-Q==";

fn path(env: &TestEnv, thread: &str) -> PathBuf {
    let day = env.home().join(".codex/sessions/2026/10/01");
    day.join(format!("rollout-2026-10-01T10-00-00-{thread}.jsonl"))
}

fn put(env: &TestEnv, thread: &str, records: &[Value]) {
    let path = path(env, thread);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text: String = records.iter().map(|it| format!("{it}\n")).collect();
    std::fs::write(path, text).unwrap();
}

fn line(second: u32, kind: &str, payload: Value) -> Value {
    let at = format!("2026-10-01T10:00:{second:02}.000Z");
    json!({ "timestamp": at, "ordinal": second, "type": kind, "payload": payload })
}

fn meta(env: &TestEnv, thread: &str, parent: Option<(&str, &str, Value)>) -> Value {
    let source = match &parent {
        None => json!("exec"),
        Some((parent, path, role)) => json!({ "subagent": { "thread_spawn": {
            "parent_thread_id": parent, "depth": 1, "agent_path": path, "agent_nickname": "Fermi",
            "agent_role": role,
        }}}),
    };
    let mut it = json!({
        "session_id": LEAD, "id": thread, "cwd": env.project(), "cli_version": "0.169.0", "source": source,
        "base_instructions": { "text": "You work." }, "history_mode": "paginated",
    });
    if let Some((parent, ..)) = parent {
        it["parent_thread_id"] = json!(parent);
    }
    line(0, "session_meta", it)
}

fn turn(second: u32, id: &str) -> [Value; 2] {
    [
        line(second, "event_msg", json!({ "type": "task_started", "turn_id": id })),
        line(second, "turn_context", json!({ "turn_id": id, "model": "gpt-6-sol" })),
    ]
}

fn item(second: u32, thread: &str, item: Value) -> Value {
    line(
        second,
        "event_msg",
        json!({ "type": "item_completed", "thread_id": thread, "item": item }),
    )
}

fn says(second: u32, thread: &str, kind: &str, text: &str) -> Value {
    item(second, thread, json!({ "type": kind, "content": [{ "type": "Text", "text": text }] }))
}

fn calls(second: u32, id: &str, space: &str, input: &Value) -> Value {
    line(
        second,
        "response_item",
        json!({
            "type": "function_call", "name": "spawn_agent", "namespace": space, "call_id": id,
            "arguments": input.to_string(),
        }),
    )
}

fn answers(second: u32, id: &str, output: &str) -> Value {
    line(
        second,
        "response_item",
        json!({
            "type": "function_call_output", "call_id": id, "output": output,
        }),
    )
}

fn used(second: u32, thread: &str, id: &str, [input, cached, output]: [u64; 3]) -> Value {
    line(
        second,
        "token_usage_record",
        json!({
            "thread_id": thread, "session_id": LEAD, "response_id": id,
            "usage": { "input_tokens": input, "cached_input_tokens": cached, "cache_write_input_tokens": 0,
                       "output_tokens": output, "reasoning_output_tokens": 0, "total_tokens": input + output },
        }),
    )
}

fn ends(second: u32, message: Value, error: Value) -> Value {
    line(
        second,
        "event_msg",
        json!({
            "type": "task_complete", "last_agent_message": message, "error": error,
        }),
    )
}

fn find_input() -> Value {
    json!({ "message": "Find the entry point.\nSay where." })
}

fn review_input() -> Value {
    json!({ "message": CIPHER, "task_name": "review", "agent_type": "reviewer", "fork_turns": "all" })
}

fn names_input() -> Value {
    json!({ "message": CIPHER, "task_name": "names" })
}

fn started(second: u32, thread: &str, call: &str, agent: &str, path: &str) -> Value {
    item(
        second,
        thread,
        json!({
            "type": "SubAgentActivity", "kind": "started", "id": call, "model": "gpt-6-sol",
            "agent_thread_id": agent, "agent_path": path,
        }),
    )
}

/// The rollouts of a session with all four agents, and a call that spawned none.
fn rollouts(env: &TestEnv) {
    let [began, context] = turn(0, "01a10000-0001-7000-8000-000000000000");
    let lead = [
        meta(env, LEAD, None),
        began.clone(),
        context.clone(),
        says(0, LEAD, "UserMessage", "Go."),
        calls(1, "call_find", "multi_agent_v1", &find_input()),
        used(1, LEAD, "r-1", [900, 0, 9]),
        item(
            1,
            LEAD,
            json!({
                "type": "CollabAgentToolCall", "tool": "spawn_agent", "id": "call_find", "status": "completed",
                "receiver_thread_ids": [FIND], "prompt": find_input()["message"],
            }),
        ),
        answers(1, "call_find", &json!({ "agent_id": FIND, "nickname": "Fermi" }).to_string()),
        // By a program of the model's: no call of its own stands there.
        item(
            2,
            LEAD,
            json!({
                "type": "CollabAgentToolCall", "tool": "spawn_agent", "id": "exec-fail", "status": "completed",
                "receiver_thread_ids": [FAIL], "prompt": "This goes wrong.", "model": "gpt-5",
            }),
        ),
        calls(
            3,
            "call_none",
            "multi_agent_v1",
            &json!({ "message": "Nobody can.", "agent_type": "none" }),
        ),
        answers(3, "call_none", "unknown agent_type 'none'"),
        calls(4, "call_review", "collaboration", &review_input()),
        started(4, LEAD, "call_review", REVIEW, "/root/review"),
        answers(4, "call_review", r#"{"task_name":"/root/review"}"#),
        ends(9, json!("All is done."), Value::Null),
    ];
    put(env, LEAD, &lead);
    let [first, context_of_first] = turn(1, "01a10000-0011-7000-8000-000000000000");
    let [second, _] = turn(3, "01a10000-0012-7000-8000-000000000000");
    put(
        env,
        FIND,
        &[
            meta(env, FIND, Some((LEAD, "", Value::Null))),
            first,
            context_of_first,
            says(1, FIND, "UserMessage", "Find the entry point.\nSay where."),
            says(1, FIND, "AgentMessage", "I look."),
            line(
                1,
                "response_item",
                json!({ "type": "function_call", "name": "exec_command", "call_id": "c" }),
            ),
            used(1, FIND, "r-2", [1000, 300, 20]),
            used(2, FIND, "r-3", [1200, 1000, 30]),
            ends(2, json!("I am not sure."), Value::Null),
            second,
            says(3, FIND, "UserMessage", "Be sure."),
            used(4, FIND, "r-4", [1300, 1200, 40]),
            says(4, FIND, "AgentMessage", FOUND),
            ends(4, json!(FOUND), Value::Null),
        ],
    );
    let [first, context_of_first] = turn(2, "01a10000-0021-7000-8000-000000000000");
    put(
        env,
        FAIL,
        &[
            meta(env, FAIL, Some((LEAD, "", Value::Null))),
            first,
            context_of_first,
            says(2, FAIL, "UserMessage", "This goes wrong."),
            ends(3, Value::Null, json!({ "message": "the model is overloaded" })),
        ],
    );
    // It was given what its caller knew: a copy stands at the beginning.
    let [own, context_of_own] = turn(5, "01a10000-0031-7000-8000-000000000000");
    let task = |path: &str| {
        line(
            5,
            "response_item",
            json!({
                "type": "agent_message", "author": "/root", "recipient": path, "content": [
                    { "type": "input_text", "text": "Message Type: NEW_TASK\nPayload:\n" },
                    { "type": "encrypted_content", "encrypted_content": CIPHER },
                ],
            }),
        )
    };
    let mut review = vec![meta(env, REVIEW, Some((LEAD, "/root/review", json!("reviewer"))))];
    review.extend_from_slice(&lead[..5]);
    review.push(lead[11].clone());
    review.extend([
        own,
        context_of_own,
        task("/root/review"),
        calls(5, "call_names", "collaboration", &names_input()),
        started(5, REVIEW, "call_names", NAMES, "/root/review/names"),
        answers(5, "call_names", r#"{"task_name":"/root/review/names"}"#),
        used(5, REVIEW, "r-5", [700, 0, 50]),
        says(7, REVIEW, "AgentMessage", "It is good."),
        ends(7, json!("It is good."), Value::Null),
    ]);
    put(env, REVIEW, &review);
    let [own, context_of_own] = turn(6, "01a10000-0041-7000-8000-000000000000");
    put(
        env,
        NAMES,
        &[
            meta(env, NAMES, Some((REVIEW, "/root/review/names", Value::Null))),
            own,
            context_of_own,
            task("/root/review/names"),
            used(6, NAMES, "r-6", [500, 0, 5]),
            says(6, NAMES, "AgentMessage", "They are fine."),
            ends(6, json!("They are fine."), Value::Null),
        ],
    );
}

fn event(env: &TestEnv, name: &str, of: &str, more: Value) -> Value {
    let mut it = json!({
        "session_id": LEAD, "turn_id": "t", "transcript_path": path(env, of), "cwd": env.project(),
        "hook_event_name": name, "model": "gpt-6-sol", "permission_mode": "default",
    });
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    it
}

fn stop(env: &TestEnv, caller: &str, agent: &str, kind: &str, message: &str) -> Value {
    event(
        env,
        "SubagentStop",
        caller,
        json!({
            "agent_transcript_path": path(env, agent), "stop_hook_active": false, "agent_id": agent,
            "agent_type": kind, "last_assistant_message": message,
        }),
    )
}

/// What the hooks of that session tell.
fn story(env: &TestEnv) -> Vec<Value> {
    let call = |name, of, tool, id, input: Value, more: Value| {
        let mut it = json!({ "tool_name": tool, "tool_use_id": id, "tool_input": input });
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event(env, name, of, it)
    };
    let start = |agent, kind| {
        event(env, "SubagentStart", agent, json!({ "agent_id": agent, "agent_type": kind }))
    };
    let by_id = |agent| json!({ "tool_response": json!({ "agent_id": agent }).to_string() });
    let by_task = |task| json!({ "tool_response": json!({ "task_name": task }).to_string() });
    let failed =
        json!({ "status": { FAIL: { "errored": "the model is overloaded" } }, "timed_out": false });
    let fails = || json!({ "message": "This goes wrong." });
    let spawn = "collaborationspawn_agent";
    let of_review = json!({ "agent_id": REVIEW, "agent_type": "reviewer" });
    let mut inner = by_task("/root/review/names");
    inner.as_object_mut().unwrap().extend(of_review.as_object().unwrap().clone());
    vec![
        event(env, "UserPromptSubmit", LEAD, json!({ "prompt": "Go." })),
        call("PreToolUse", LEAD, "spawn_agent", "call_find", find_input(), json!({})),
        call("PostToolUse", LEAD, "spawn_agent", "call_find", find_input(), by_id(FIND)),
        start(FIND, "default"),
        call("PreToolUse", LEAD, "spawn_agent", "exec-fail", fails(), json!({})),
        call("PostToolUse", LEAD, "spawn_agent", "exec-fail", fails(), by_id(FAIL)),
        start(FAIL, "default"),
        stop(env, LEAD, FIND, "default", "I am not sure."),
        call(
            "PostToolUse",
            LEAD,
            "multi_agent_v1wait_agent",
            "call_wait",
            json!({ "targets": [FAIL] }),
            json!({ "tool_response": failed.to_string() }),
        ),
        call(
            "PreToolUse",
            LEAD,
            "spawn_agent",
            "call_none",
            json!({ "message": "Nobody can.", "agent_type": "none" }),
            json!({}),
        ),
        stop(env, LEAD, FIND, "default", FOUND),
        call(
            "PostToolUse",
            LEAD,
            "multi_agent_v1wait_agent",
            "call_again",
            json!({ "targets": [FIND] }),
            json!({ "tool_response": json!({ "status": { FIND: { "completed": FOUND } } }).to_string() }),
        ),
        call("PreToolUse", LEAD, spawn, "call_review", review_input(), json!({})),
        call("PostToolUse", LEAD, spawn, "call_review", review_input(), by_task("/root/review")),
        start(REVIEW, "reviewer"),
        call("PreToolUse", REVIEW, spawn, "call_names", names_input(), of_review),
        call("PostToolUse", REVIEW, spawn, "call_names", names_input(), inner),
        start(NAMES, "default"),
        call("PreToolUse", REVIEW, "Bash", "call_ls", json!({ "command": "ls" }), json!({})),
        stop(env, REVIEW, NAMES, "default", "They are fine."),
        stop(env, LEAD, REVIEW, "reviewer", "It is good."),
        event(env, "SessionEnd", LEAD, json!({ "reason": "other" })),
    ]
}

fn tell(env: &TestEnv, at: usize, event: &Value) -> Heard {
    let mut options = Options::new(env.project());
    options.database = Some(env.database());
    options.state = Some(env.home().join("state"));
    let told = Event {
        harness: Harness::Codex,
        bytes: event.to_string().into_bytes(),
        cut: None,
        at: format!("2026-10-01T10:00:{:02}.500Z", at / 2).parse().unwrap(),
        // Other tests run beside this.
        until: Instant::now() + Duration::from_secs(20),
        project: None,
    };
    hear(told, options).0
}

#[test]
fn a_session_as_it_happens() {
    let env = TestEnv::empty();
    rollouts(&env);
    for (at, it) in story(&env).iter().enumerate() {
        assert!(matches!(tell(&env, at, it), Heard::Recorded | Heard::Nothing), "{it}");
    }
    snapshot!("codex_query", env.run("track query"));
    snapshot!("codex_found", env.run("track show call_find --format json"));
    snapshot!("codex_review", env.run("track show call_review"));
    snapshot!("codex_names", env.run("track show call_names"));
    snapshot!("codex_failed", env.run("track show exec-fail"));
    snapshot!("codex_none", env.run("track show call_none"));
    snapshot!("codex_status", env.run("status codex"));
    // All that the rollouts say was told.
    let before = env.rows("SELECT * FROM agent_executions ORDER BY 1");
    let done: Value = serde_json::from_slice(&env.ok("import --format json").stdout).unwrap();
    assert_eq!(done["new"], 0, "{done}");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions").trim(), "5");
    let same = |text: &str| text.lines().filter(|it| it.contains("call_find")).count();
    assert_eq!(same(&before), 1);
}

#[test]
fn rollouts_alone() {
    let env = TestEnv::empty();
    rollouts(&env);
    snapshot!("codex_missing", env.run("status codex"));
    snapshot!("codex_import", env.run("import"));
    let before = env.rows("SELECT * FROM agent_executions ORDER BY 1");
    snapshot!("codex_imported", env.rows(
        "SELECT e.execution_id, e.agent_type, e.status, e.scope, e.error_message, e.final_message, u.requests,
                u.input_tokens, u.output_tokens, u.cache_read_tokens, u.tool_uses
         FROM agent_executions e LEFT JOIN usages u USING (execution_id) ORDER BY 1"
    ));
    // A session that was forked has a copy of the other one's calls.
    let fork = "01a10000-0050-7000-8000-00000000000f";
    let copied = std::fs::read_to_string(path(&env, LEAD)).unwrap();
    let mut records = vec![meta(&env, fork, None)];
    records[0]["payload"]["session_id"] = json!(fork);
    records.extend(copied.lines().map(|it| serde_json::from_str(it).unwrap()));
    put(&env, fork, &records);
    env.ok("import");
    assert_eq!(env.rows("SELECT * FROM agent_executions ORDER BY 1"), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is on record in the end depends on what was told, not on when or how often.
    #[test]
    fn no_order_makes_another_record(order in Just((1..21).collect::<Vec<usize>>()).prop_shuffle()) {
        let told = |order: &[usize]| {
            let env = TestEnv::empty();
            rollouts(&env);
            let story = story(&env);
            for at in order {
                assert!(matches!(tell(&env, *at, &story[*at]), Heard::Recorded | Heard::Nothing), "{at}");
            }
            env.clean(&record(&env))
        };
        let in_order: Vec<usize> = (1..21).collect();
        prop_assert_eq!(told(&in_order), told(&order));
    }
}

#[test]
fn after_a_compaction_the_record_is_told() {
    let env = TestEnv::empty();
    rollouts(&env);
    env.ok("import");
    let compacted = event(&env, "SessionStart", LEAD, json!({ "source": "compact" }));
    std::fs::write(env.home().join("event"), compacted.to_string()).unwrap();
    let stdin = std::fs::File::open(env.home().join("event")).unwrap();
    let output = env.sortie().args(["hook", "codex"]).stdin(stdin).output().unwrap();
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = reply["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(text.contains("src/main.rs"), "{text}");
}

#[test]
fn what_codex_trusts() {
    let env = TestEnv::empty();
    env.ok("install codex");
    let hooks = env.project().join(".codex/hooks.json");
    snapshot!("codex_untrusted", env.run("status codex"));
    let config = env.home().join(".codex/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    let project = format!("[projects.{:?}]\ntrust_level = \"trusted\"\n", env.project());
    std::fs::write(&config, &project).unwrap();
    snapshot!("codex_half_trusted", env.run("status codex"));
    let events = [
        "pre_tool_use",
        "post_tool_use",
        "subagent_start",
        "subagent_stop",
        "session_start",
        "session_end",
    ];
    let state = |event: &str| {
        let key = format!("{}:{event}:0:0", hooks.display());
        format!("[hooks.state.{key:?}]\ntrusted_hash = \"sha256:0\"\n")
    };
    let all: String = events.iter().map(|it| state(it)).collect();
    std::fs::write(&config, project + &all).unwrap();
    snapshot!("codex_trusted", env.run("status codex"));
}

#[test]
fn what_is_told_otherwise_harms_nothing() {
    let env = TestEnv::empty();
    rollouts(&env);
    for (at, event) in story(&env).iter().enumerate() {
        for it in odd(event) {
            assert!(matches!(tell(&env, at, &it), Heard::Recorded | Heard::Nothing), "{it}");
        }
    }
    for thread in [LEAD, FIND, FAIL, REVIEW, NAMES] {
        let text = std::fs::read_to_string(path(&env, thread)).unwrap();
        let records: Vec<Value> =
            text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let (first, rest) = records.split_first().unwrap();
        let others = rest.iter().flat_map(|it| odd(it).into_iter().chain([it.clone()]));
        put(&env, thread, &std::iter::once(first.clone()).chain(others).collect::<Vec<_>>());
        for (at, it) in odd(first).into_iter().enumerate() {
            let other = format!("{}{at:03}", &thread[..thread.len() - 3]);
            put(&env, &other, &[std::slice::from_ref(&it), rest].concat());
        }
    }
    env.ok("import");
    let found =
        env.rows("SELECT final_message FROM agent_executions WHERE execution_id = 'call_find'");
    assert!(found.contains("naïve"), "{found}");
}

//! What a harness writes after it has told of it, and what it tells otherwise than one would think: each as a real
//! run of Claude Code 2.1.330 had it, in words of our own.

use super::transcripts::{calls, dir, put, record, says, text};
use super::world::{SESSION, answer, call, event, tell};
use crate::env::TestEnv;
use serde_json::{Value, json};
use sortie::capture::Heard;
use std::path::PathBuf;

const AGENT: &str = "a00000000000000e1";

fn hook(env: &TestEnv, event: &Value) {
    assert_eq!(tell(env, 30, event), Heard::Recorded, "{event}");
}

/// The session's transcript, and where its agents' are.
fn places(env: &TestEnv) -> (PathBuf, PathBuf) {
    let session = dir(env).join(format!("{SESSION}.jsonl"));
    (session, dir(env).join(SESSION).join("subagents"))
}

/// An event that names the transcripts where they are.
fn told(env: &TestEnv, mut event: Value) -> Value {
    event["transcript_path"] = json!(places(env).0);
    event
}

fn stopped(env: &TestEnv, message: &str) -> Value {
    let transcript = places(env).1.join(format!("agent-{AGENT}.jsonl"));
    let more = json!({ "agent_id": AGENT, "agent_type": "general-purpose",
                       "agent_transcript_path": transcript, "last_assistant_message": message });
    told(env, event(env, "SubagentStop", more))
}

/// What the caller gets: blocks of which the first are the harness's own.
fn back(env: &TestEnv, blocks: &[&str], notes: usize) -> Value {
    let content: Vec<Value> =
        blocks.iter().map(|it| json!({ "type": "text", "text": it })).collect();
    let response = json!({
        "status": "completed", "agentId": AGENT, "agentType": "general-purpose", "content": content,
        "harnessNoteCount": notes, "harnessTailCount": 0, "totalTokens": 80, "totalToolUseCount": 1,
        "totalDurationMs": 900,
        "usage": { "input_tokens": 10, "cache_read_input_tokens": 60, "output_tokens": 10 },
    });
    told(env, call(env, "PostToolUse", "toolu_late", "Look.", json!({ "tool_response": response })))
}

fn of_agent(env: &TestEnv, second: u32, more: Value) -> Value {
    let mut it = record(env, second, more);
    it["agentId"] = json!(AGENT);
    it["isSidechain"] = json!(true);
    it
}

fn prompt(env: &TestEnv, prompt: &str) -> Value {
    let message = json!({ "role": "user", "content": prompt });
    of_agent(env, 2, json!({ "type": "user", "parentUuid": null, "message": message }))
}

fn put_agent(env: &TestEnv, records: &[Value]) {
    put(places(env).1.join(format!("agent-{AGENT}.jsonl")), records);
}

/// The execution, with what its harness told beside its own fields.
fn shown(env: &TestEnv, id: &str) -> Value {
    let mut all = env.ok(&format!("track show {id} --format json")).json();
    let mut execution = all["execution"].take();
    execution["capture"] = all["capture"].take();
    execution
}

/// The last lines come after every event that tells of the end; who asks then gets all of it.
#[test]
fn what_is_written_after_the_end_was_told_is_on_record() {
    let env = TestEnv::empty();
    let long = "# Findings\n\nThe lexer drops the last token of a file.";
    let early = [
        prompt(&env, "Look."),
        of_agent(
            &env,
            3,
            says(
                "m-1",
                json!([{ "type": "tool_use", "id": "t1", "name": "Read", "input": {} }]),
                [5, 100, 0, 7],
                json!("tool_use"),
            ),
        ),
    ];
    hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_late", "Look.", json!({}))));
    hook(
        &env,
        &told(
            &env,
            event(
                &env,
                "SubagentStart",
                json!({ "agent_id": AGENT, "agent_type": "general-purpose" }),
            ),
        ),
    );
    put_agent(&env, &early);
    hook(&env, &stopped(&env, "That is all."));
    hook(&env, &back(&env, &["<tools-used>Read</tools-used>", "That is all."], 1));
    let before = shown(&env, "toolu_late");
    assert_eq!(before["final_message"], "That is all.", "{before}");
    assert_eq!(before["capture"]["lost"], Value::Null, "the harness's own words are no message");
    let mut records = early.to_vec();
    let result = json!([{ "type": "tool_result", "tool_use_id": "t1", "content": "…" }]);
    records.push(of_agent(
        &env,
        4,
        json!({ "type": "user", "message": { "role": "user", "content": result } }),
    ));
    records.push(of_agent(&env, 5, says("m-2", text(long), [10, 0, 60, 4], json!("end_turn"))));
    records.push(of_agent(
        &env,
        5,
        says("m-2", text("That is all."), [10, 0, 60, 30], json!("end_turn")),
    ));
    put_agent(&env, &records);
    snapshot!("late_show", env.run("track show toolu_late"));
    let after = shown(&env, "toolu_late");
    assert_eq!(after["final_message"], format!("{long}\n\nThat is all."));
    assert_eq!(after["capture"]["usage"]["output_tokens"], 37, "{after}");
}

/// When nothing can come any more, nothing is looked for.
#[test]
fn what_has_come_is_not_waited_for() {
    let env = TestEnv::empty();
    let (session, agents) = places(&env);
    put(session.clone(), &[calls(&env, 1, "toolu_late", "Look.")]);
    put_agent(
        &env,
        &[
            prompt(&env, "Look."),
            of_agent(&env, 3, says("m-1", text("Done."), [5, 0, 0, 7], json!("end_turn"))),
        ],
    );
    hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_late", "Look.", json!({}))));
    hook(&env, &stopped(&env, "Done."));
    let awaited = || std::fs::read_dir(env.path(".sortie/awaited")).unwrap().count();
    assert_eq!(awaited(), 2, "the agent's, and the session's for a refusal");
    env.ok("track query");
    assert_eq!(awaited(), 2, "they were written a moment ago");
    let long_ago =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    for path in [session, agents.join(format!("agent-{AGENT}.jsonl"))] {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    hook(&env, &back(&env, &["Done."], 0));
    env.ok("track query --db other.db");
    assert_eq!(awaited(), 2, "another history has nothing to do with it");
    env.ok("track query");
    assert_eq!(awaited(), 0);
    assert_eq!(shown(&env, "toolu_late")["capture"]["usage"]["requests"], 1);
}

/// No event tells that a call was refused; the session's own transcript does.
#[test]
fn a_refused_call_is_known_when_somebody_asks() {
    let env = TestEnv::empty();
    hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_no", "Look.", json!({}))));
    assert_eq!(shown(&env, "toolu_no")["status"], "deployed");
    let refused = json!([{ "type": "tool_result", "tool_use_id": "toolu_no", "is_error": true,
                           "content": "The user doesn't want to proceed with this tool use." }]);
    let answer = json!({ "type": "user", "toolUseResult": "Error: refused",
                         "message": { "role": "user", "content": refused } });
    put(places(&env).0, &[calls(&env, 1, "toolu_no", "Look."), record(&env, 2, answer)]);
    let after = shown(&env, "toolu_no");
    assert_eq!((&after["status"], &after["success"]), (&json!("failed"), &json!(false)), "{after}");
}

/// At its end a session's hook takes in what was written late: nobody need ask.
#[test]
fn the_end_of_a_session_takes_it_in() {
    let env = TestEnv::empty();
    hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_late", "Look.", json!({}))));
    hook(&env, &back(&env, &["Done."], 0));
    put_agent(
        &env,
        &[
            prompt(&env, "Look."),
            of_agent(&env, 3, says("m-1", text("Done."), [500, 0, 0, 7], json!("end_turn"))),
        ],
    );
    assert_eq!(env.rows("SELECT input_tokens FROM usages"), "10\n");
    hook(&env, &told(&env, event(&env, "SessionEnd", json!({ "reason": "other" }))));
    assert_eq!(env.rows("SELECT input_tokens FROM usages"), "500\n");
}

/// A fork begins with the message that called it, which its caller paid for; then comes the prompt.
#[test]
fn a_fork_is_not_billed_for_its_caller() {
    let env = TestEnv::empty();
    let block = json!([{ "type": "tool_use", "id": "toolu_fork", "name": "Agent",
        "input": { "description": "A fork", "prompt": "Go on.", "subagent_type": "fork" } }]);
    let message = says("m-0", block.clone(), [900, 0, 0, 90], json!("tool_use"));
    put(places(&env).0, &[record(&env, 1, message.clone())]);
    let content = json!([{ "type": "tool_result", "tool_use_id": "toolu_fork", "content": text("The fork is you.") },
                         { "type": "text", "text": "Go on." }]);
    put_agent(
        &env,
        &[
            of_agent(&env, 1, message),
            of_agent(
                &env,
                2,
                json!({ "type": "user", "message": { "role": "user", "content": content } }),
            ),
            of_agent(&env, 3, says("m-1", text("Gone on."), [5, 0, 0, 7], json!("end_turn"))),
        ],
    );
    let beside = json!({ "agentType": "fork", "isFork": true, "toolUseId": "toolu_fork", "model": "inherit" });
    std::fs::write(places(&env).1.join(format!("agent-{AGENT}.meta.json")), beside.to_string())
        .unwrap();
    env.ok("import");
    let fork = shown(&env, "toolu_fork");
    assert_eq!(fork["capture"]["usage"]["input_tokens"], 5, "{fork}");
    assert_eq!(fork["capture"]["parent_execution_id"], Value::Null, "{fork}");
    assert_eq!(fork["final_message"], "Gone on.");
}

/// An agent that says something, calls a tool, and says something else.
fn says_twice(env: &TestEnv, first: &str, last: &str) {
    let uses = json!([{ "type": "text", "text": first },
                      { "type": "tool_use", "id": "t1", "name": "TodoWrite", "input": {} }]);
    let result = json!([{ "type": "tool_result", "tool_use_id": "t1", "content": "ok" }]);
    let result = json!({ "type": "user", "message": { "role": "user", "content": result } });
    put_agent(
        env,
        &[
            prompt(env, "Look."),
            of_agent(env, 3, says("m-1", uses, [5, 0, 0, 7], json!("tool_use"))),
            of_agent(env, 4, result),
            of_agent(env, 5, says("m-2", text(last), [5, 0, 0, 7], json!("end_turn"))),
        ],
    );
    hook(env, &told(env, call(env, "PreToolUse", "toolu_late", "Look.", json!({}))));
    hook(env, &stopped(env, last));
    hook(env, &back(env, &[last], 0));
}

/// “See above” is what the caller gets; the report is one message before.
#[test]
fn a_report_behind_a_pointer_is_the_message() {
    let env = TestEnv::empty();
    let report = "The parser has three faults. ".repeat(12);
    says_twice(&env, &report, "The full report is above.");
    let it = shown(&env, "toolu_late");
    assert_eq!(it["final_message"], format!("{report}\n\nThe full report is above."));
    assert_eq!(it["capture"]["lost"]["delivered"]["bytes"], 25, "{it}");
}

/// What an agent said on its way is no part of a short report.
#[test]
fn a_short_report_is_the_message() {
    let env = TestEnv::empty();
    let plan = "First I look at the lexer, then at the parser. ".repeat(12);
    says_twice(&env, &plan, "Three faults.");
    assert_eq!(shown(&env, "toolu_late")["final_message"], "Three faults.");
}

/// Where the API fails, the harness puts words of its own in the agent's mouth.
#[test]
fn an_error_of_the_api_is_no_message_of_the_agent() {
    let env = TestEnv::empty();
    let mut failed =
        says("x", text("API Error: 400 no such model"), [0, 0, 0, 0], json!("stop_sequence"));
    failed["message"]["model"] = json!("<synthetic>");
    put_agent(&env, &[prompt(&env, "Look."), of_agent(&env, 3, failed)]);
    let why = json!({ "error": "Agent terminated early: 400 no such model", "duration_ms": 300 });
    hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_late", "Look.", json!({}))));
    hook(
        &env,
        &told(
            &env,
            event(
                &env,
                "SubagentStart",
                json!({ "agent_id": AGENT, "agent_type": "general-purpose" }),
            ),
        ),
    );
    hook(&env, &told(&env, call(&env, "PostToolUseFailure", "toolu_late", "Look.", why)));
    let it = shown(&env, "toolu_late");
    assert_eq!((&it["status"], &it["final_message"]), (&json!("failed"), &Value::Null), "{it}");
    assert_eq!(it["error_message"], "Agent terminated early: 400 no such model");
}

/// Agents of agents, and those of a workflow, which no call names, are deployments too.
#[test]
fn coverage_knows_nested_agents_and_workflows() {
    let env = TestEnv::empty();
    let (session, agents) = places(&env);
    put(session, &[calls(&env, 1, "toolu_late", "Look.")]);
    let mut inner = calls(&env, 3, "toolu_inner", "Look closer.");
    inner["agentId"] = json!(AGENT);
    inner["isSidechain"] = json!(true);
    // What came back for it is told in a frame, and with nothing else.
    let result =
        json!([{ "type": "tool_result", "tool_use_id": "toolu_inner", "content": text("Done.") }]);
    let result = json!({ "type": "user", "message": { "role": "user", "content": result } });
    put_agent(&env, &[prompt(&env, "Look."), inner, of_agent(&env, 5, result)]);
    let beside = json!({ "agentType": "reviewer", "toolUseId": "toolu_late" });
    std::fs::write(agents.join(format!("agent-{AGENT}.meta.json")), beside.to_string()).unwrap();
    let run = agents.join("workflows/wf_1-2");
    let mut first = prompt(&env, "Look left.");
    first["agentId"] = json!("a00000000000000f1");
    put(run.join("agent-a00000000000000f1.jsonl"), &[first]);
    std::fs::write(
        run.join("agent-a00000000000000f1.meta.json"),
        r#"{"agentType":"workflow-subagent","description":"left"}"#,
    )
    .unwrap();
    put(run.join("journal.jsonl"), &[json!({ "type": "launched" })]);
    snapshot!("coverage_before", env.run("status"));
    snapshot!("coverage_import", env.run("import"));
    snapshot!("coverage_after", env.run("status"));
    let inner = shown(&env, "toolu_inner");
    assert_eq!(inner["capture"]["parent_execution_id"], "toolu_late", "{inner}");
    assert_eq!(inner["status"], "deployed", "{inner}");
}

/// The transcripts of what was pruned are still there, and may even grow.
#[test]
fn what_was_pruned_stays_away() {
    let mut env = TestEnv::empty();
    let session = places(&env).0;
    let (first, answered) = (
        calls(&env, 1, "toolu_1", "One."),
        super::transcripts::returns(&env, 2, "toolu_1", "a1", "A secret plan."),
    );
    put(session.clone(), &[first.clone(), answered.clone()]);
    env.ok("import");
    let end = told(&env, event(&env, "SessionEnd", json!({ "reason": "other" })));
    hook(&env, &end);
    env.at("2027-03-01T00:00:00Z");
    env.ok("track prune --keep-days 1");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "0\n");
    let mut later = calls(&env, 3, "toolu_2", "Two.");
    later["timestamp"] = json!("2027-03-02T10:00:00.000Z");
    put(session, &[first, answered, later]);
    let agents = places(&env).1;
    put(agents.join("agent-a1.jsonl"), &[prompt(&env, "One.")]);
    env.at("2027-03-03T00:00:00Z");
    snapshot!("pruned_import", env.run("import"));
    assert_eq!(env.rows("SELECT execution_id FROM agent_executions"), "toolu_2\n");
    assert_eq!(env.rows("SELECT count(*) FROM captures"), "1\n");
}

/// Whether the child got the briefing is what its transcript says.
#[test]
fn an_injected_briefing_is_confirmed_or_ignored() {
    for (delivered, said) in [(true, "confirmed"), (false, "ignored")] {
        let env = TestEnv::empty();
        env.write("sortie.toml", "[capture]\ninject = true\n");
        env.write("src/lib.rs", "fn main() {}\n");
        let bundle = env.ok("ctx prepare-bundle --agent-type reviewer --scope Look --files src -q");
        let bundle = String::from_utf8(bundle.stdout).unwrap().trim().to_owned();
        let asked = format!("sortie:bundle={bundle}");
        let it = told(&env, call(&env, "PreToolUse", "toolu_late", &asked, json!({})));
        let reply = answer(&env, 30, &it).1.unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        let briefing = reply["hookSpecificOutput"]["updatedInput"]["prompt"].as_str().unwrap();
        let first = if delivered { briefing } else { &asked };
        put_agent(
            &env,
            &[
                prompt(&env, first),
                of_agent(&env, 3, says("m-1", text("Done."), [5, 0, 0, 7], json!("end_turn"))),
            ],
        );
        hook(&env, &back(&env, &["Done."], 0));
        let after = shown(&env, "toolu_late");
        assert_eq!(after["capture"]["injected"], said, "{after}");
        assert_eq!(after["bundle_id"], json!(bundle));
    }
}

/// Who goes by the book records a deployment, and hooks tell of the same: the prompt is the briefing, or names
/// its file.
#[test]
fn a_deployment_by_the_book_and_by_hooks_is_one() {
    for by_file in [false, true] {
        let mut env = TestEnv::empty();
        env.at("2026-10-01T10:00:00Z");
        env.write("src/lib.rs", "fn main() {}\n");
        env.ok("ctx prepare-bundle --agent-type reviewer --scope Look --files src --output b.json");
        env.ok("ctx generate-briefing --bundle b.json --output briefing.md");
        env.ok("track init-session --scope Work --session-id s-1");
        env.ok(
            "track init-deployment --session-id s-1 --execution-id by-hand --agent-type reviewer \
                --scope Look --context-bundle b.json --briefing briefing.md",
        );
        let bundle = env.rows("SELECT bundle_id FROM bundles");
        let file = format!("Read .sortie/briefings/{}-0fc88b40.md and do it.", bundle.trim());
        let asked = if by_file { file } else { env.text("briefing.md") };
        hook(&env, &told(&env, call(&env, "PreToolUse", "toolu_late", &asked, json!({}))));
        let mut answer = back(&env, &["Done."], 0);
        answer["tool_input"]["prompt"] = json!(asked);
        hook(&env, &answer);
        assert_eq!(env.rows("SELECT execution_id FROM agent_executions"), "by-hand\n");
        let it = shown(&env, "by-hand");
        assert_eq!((&it["status"], &it["final_message"]), (&json!("completed"), &json!("Done.")));
        assert_eq!(it["capture"]["tool_use_id"], "toolu_late", "{it}");
    }
}

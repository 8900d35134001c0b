//! `sortie track`: what contradicts the record is refused, and what is recorded comes back.

use crate::env::{Outcome, TestEnv};

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --output bundle.json";

const COMPLETE: &str = "track record-completion --execution-id exec-001";

#[test]
fn the_same_again_is_fine_and_another_is_not() {
    let env = TestEnv::new();
    let session = "track init-session --session-id s-1 --scope";
    env.ok(&format!("{session} 'Vector search'"));
    snapshot!("session_again", env.run(&format!("{session} 'Vector search'")));
    snapshot!("session_other", env.run(&format!("{session} 'Text search'")));
    let deploy = "track init-deployment --session-id s-1 --execution-id exec-001 --model sonnet \
                  --scope 'Implement HNSW' --agent-type";
    env.ok(&format!("{deploy} implementor"));
    snapshot!("deployment_again", env.run(&format!("{deploy} implementor")));
    snapshot!("deployment_other", env.run(&format!("{deploy} reviewer")));
    let complete = format!("{COMPLETE} --final-message");
    env.ok(&format!("{complete} 'All done.'"));
    snapshot!("completion_again", env.run(&format!("{complete} 'All done.'")));
    let other = format!("{complete} 'Nothing\nworks.' --status failed --error-message timeout");
    snapshot!("completion_other", env.run(&other));
    assert_eq!(env.ok("track show exec-001 --message").stdout, b"All done.");
    snapshot!("completion_amended", env.run(&format!("{other} --amend")));
    snapshot!("completion_amended_again", env.run(&format!("{other} --amend")));
    snapshot!("amended_keeps_the_earlier", env.run("track show exec-001"));
    let earlier = env.run("track show exec-001 --format json").json();
    assert_eq!(earlier["earlier_completions"][0]["final_message"], "All done.");
}

#[test]
fn an_allocation_is_recorded_once() {
    let env = TestEnv::deployed("exec-001");
    let prepare = "ctx prepare-bundle --agent-type implementor --scope s --files";
    env.ok(&format!("{prepare} lib --output one.json"));
    env.ok(&format!("{prepare} spec --output two.json"));
    let record = "ctx record-allocation --execution-id exec-001 --bundle";
    snapshot!("replay_without_a_bundle", env.run("ctx replay --execution-id exec-001"));
    snapshot!("allocation", env.run(&format!("{record} one.json")));
    snapshot!("allocation_again", env.run(&format!("{record} one.json")));
    snapshot!("allocation_other", env.run(&format!("{record} two.json")));
    snapshot!("allocation_shown", env.run("track show exec-001"));
}

#[test]
fn names_that_lead_nowhere() {
    let env = TestEnv::new();
    snapshot!("latest_of_nothing", env.run("track show latest"));
    env.ok("track init-session --scope s --session-id orch-2025-01-17-001");
    for id in ["exec-001", "exec-002", "exec-010", "review-1"] {
        env.ok(&format!(
            "track init-deployment --session-id latest --execution-id {id} --agent-type a --scope s"
        ));
    }
    let complete = |id: &str| {
        env.run(&format!("track record-completion --execution-id {id} --final-message done"))
    };
    snapshot!("complete_never_deployed", complete("exec-003"));
    snapshot!("complete_nothing_near", complete("zzz"));
    snapshot!("prefix_ambiguous", complete("exec-00"));
    snapshot!("prefix_unique", env.run("track show rev"));
    snapshot!("latest", env.run("track show latest"));
    let deploy = |arguments: &str| {
        env.run(&format!("track init-deployment --agent-type a --scope s {arguments}"))
    };
    snapshot!("session_unknown", deploy("--session-id orch-2025-01-17-002"));
    snapshot!("session_nothing_near", deploy("--session-id x"));
    snapshot!("execution_id_bad", deploy("--session-id latest --execution-id 'exec 1'"));
    snapshot!("session_id_bad", env.run("track init-session --scope s --session-id=-x"));
    snapshot!("session_id_empty", env.run("track init-session --scope s --session-id ''"));
    let long = "x".repeat(65);
    snapshot!(
        "session_id_long",
        env.run(&format!("track init-session --scope s --session-id {long}"))
    );
    snapshot!("phase_bad", env.run("track set-phase --session-id latest --phase 6"));
    snapshot!("phase_no_number", deploy("--session-id latest --phase deploy"));
    snapshot!("since_bad", env.run("track query --since yesterday"));
    snapshot!("older_than_bad", env.run("track query --older-than 2x"));
    snapshot!("status_bad", env.run("track query --status running"));
    snapshot!(
        "model_unknown_is_kept_as_given",
        deploy("--session-id latest --execution-id m --model mine")
    );
    snapshot!("metadata_bad", env.run("track init-session --scope s --metadata '[1]'"));
    assert_eq!(
        env.rows("SELECT execution_id, status FROM agent_executions ORDER BY rowid"),
        "exec-001 | deployed\nexec-002 | deployed\nexec-010 | deployed\nreview-1 | deployed\nm | deployed\n"
    );
}

#[test]
fn a_session_goes_through_its_phases_and_ends() {
    let mut env = TestEnv::new();
    snapshot!(
        "session_with_its_own_id",
        env.run("track init-session --scope 'First of the day' --metadata '{\"ticket\": 7}'")
    );
    snapshot!("session_quiet", env.run("track init-session --scope 'Second of the day' --quiet"));
    snapshot!("session_phase", env.run("track set-phase --session-id latest --phase 3"));
    env.ok("track init-deployment --session-id latest --execution-id e-1 --agent-type a --scope s");
    assert_eq!(env.rows("SELECT phase FROM agent_executions"), "3\n");
    env.at("2025-01-17T11:00:00Z");
    snapshot!(
        "session_fails",
        env.run("track fail-session --session-id latest --reason 'the API changed'")
    );
    snapshot!(
        "session_fails_again",
        env.run("track fail-session --session-id latest --reason 'the API changed'")
    );
    snapshot!(
        "session_completes_after_failing",
        env.run("track complete-session --session-id latest")
    );
    snapshot!(
        "session_phase_after_the_end",
        env.run("track set-phase --session-id latest --phase 4")
    );
    snapshot!(
        "deployment_after_the_end",
        env.run("track init-deployment --session-id latest --agent-type a --scope s")
    );
    snapshot!(
        "completion_after_the_end",
        env.run("track record-completion --execution-id e-1 --final-message late")
    );
    snapshot!("sessions", env.run("track sessions"));
    snapshot!("sessions_by_status", env.run("track sessions --status failed --format csv"));
}

#[test]
fn queries_by_each_filter() {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    env.ok("track init-session --scope s --session-id s-2");
    let rows = [
        ("e-1", "s-1", "implementor", "sonnet", "2025-01-16T10:00:00Z"),
        ("e-2", "s-1", "reviewer", "opus", "2025-01-17T06:00:00Z"),
        ("e-3", "s-2", "implementor", "sonnet", "2025-01-17T08:00:00Z"),
        ("e-4", "s-2", "implementor", "opus", "2025-01-17T09:00:00Z"),
    ];
    for (id, session, agent, model, at) in rows {
        env.at(at).ok(&format!(
            "track init-deployment --session-id {session} --execution-id {id} --agent-type {agent} \
             --scope s --model {model} --context-token-count 1.5k"
        ));
    }
    env.at("2025-01-17T09:30:00Z");
    env.ok("track record-completion --execution-id e-1 --final-message ok");
    env.ok("track record-completion --execution-id e-3 --status failed --error-message timeout");
    let ids = |options: &str| {
        let list = env.ok(&format!("track query --format json {options}")).json();
        let ids = list["executions"].as_array().unwrap().iter();
        ids.map(|it| it["execution_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let cases = [
        ("", "e-4 e-3 e-2 e-1"),
        ("--session-id s-1", "e-2 e-1"),
        ("--agent-type implementor", "e-4 e-3 e-1"),
        ("--model opus", "e-4 e-2"),
        ("--status deployed", "e-4 e-2"),
        ("--status completed", "e-1"),
        ("--status failed", "e-3"),
        ("--status deployed --older-than 2h", "e-2"),
        ("--since 2025-01-17", "e-4 e-3 e-2"),
        ("--since 2h", "e-4 e-3"),
        ("--until 2025-01-17T06:00:00Z", "e-1"),
        ("--since 2025-01-17T06:00:00Z --until 2025-01-17T08:00:00Z", "e-2"),
        ("--agent-type implementor --model sonnet --session-id s-2", "e-3"),
        ("--agent-type nobody", ""),
    ];
    for (options, expected) in cases {
        assert_eq!(ids(options), expected, "{options}");
    }
    snapshot!("query", env.run("track query"));
    snapshot!("query_limited", env.run("track query --limit 2"));
    snapshot!("query_empty", env.run("track query --agent-type nobody"));
    snapshot!(
        "query_with_messages",
        env.run("track query --session-id s-1 --with-messages --format jsonl")
    );
}

fn comes_back(env: &TestEnv, recorded: &Outcome, message: &[u8]) {
    assert_eq!(recorded.status, Some(0), "{recorded}");
    let shown = env.ok("track show exec-001 --message");
    assert_eq!(shown.stdout.len(), message.len());
    assert!(shown.stdout == message, "the message came back otherwise");
    assert!(shown.stderr.is_empty());
}

/// Text that no two parts of which are the same.
fn ten_megabytes() -> Vec<u8> {
    let mut text = String::with_capacity(10 << 20);
    while text.len() < 10 << 20 {
        text += &format!("{} lines of naïve text 漢字\r\n", text.len());
    }
    text.into_bytes()
}

#[test]
fn a_message_of_ten_megabytes_by_file() {
    let env = TestEnv::deployed("exec-001");
    let message = ten_megabytes();
    env.write("out.txt", &message);
    let recorded = env.run(&format!("{COMPLETE} --final-message-file out.txt"));
    comes_back(&env, &recorded, &message);
    let again = env.run(&format!("{COMPLETE} --final-message-file out.txt"));
    comes_back(&env, &again, &message);
}

#[test]
fn a_message_of_ten_megabytes_by_stdin() {
    let message = ten_megabytes();
    for option in ["--final-message -", "--final-message-file -"] {
        let env = TestEnv::deployed("exec-001");
        let recorded = env.run_with(&format!("{COMPLETE} {option}"), &message);
        comes_back(&env, &recorded, &message);
    }
}

#[test]
fn messages_that_are_no_text() {
    let all: Vec<u8> = (0..=255).collect();
    let messages: [&[u8]; 6] = [&all, b"", b"\n", b"\xff\xfe", b"caf\xe9", b"a\0b"];
    for message in messages {
        let env = TestEnv::deployed("exec-001");
        let recorded = env.run_with(&format!("{COMPLETE} --final-message -"), message);
        comes_back(&env, &recorded, message);
        env.write("out.txt", message);
        let again = env.run(&format!("{COMPLETE} --final-message-file out.txt"));
        comes_back(&env, &again, message);
    }
}

#[test]
fn a_message_cannot_move_the_cursor() {
    let env = TestEnv::deployed("exec-001");
    let message = "red \x1b[31m and \x1b]0;title\x07 and \r back, \u{202e}reversed\n\ttab\n";
    env.ok(&format!("{COMPLETE} --final-message '{message}'"));
    snapshot!("message_with_escapes", env.run("track show exec-001"));
}

#[test]
fn messages_are_compared_by_their_bytes() {
    let env = TestEnv::deployed("e-1");
    let complete = |message: &[u8], options: &str| {
        let line = "track record-completion --execution-id e-1 --final-message -";
        env.run_with(&format!("{line} {options}"), message)
    };
    assert_eq!(complete(b"caf\xe9", "").status, Some(0));
    assert_eq!(complete(b"caf\xe8", "").status, Some(5));
    assert_eq!(complete(b"caf\xe8", "--amend").status, Some(0));
    assert_eq!(env.ok("track show e-1 --message").stdout, b"caf\xe8");
}

#[test]
fn an_empty_name_names_nothing() {
    let env = TestEnv::deployed("e-1");
    assert_eq!(env.run("track show ''").status, Some(2));
    let deploy = "track init-deployment --agent-type a --scope s --session-id ''";
    assert_ne!(env.run(deploy).status, Some(0));
}

#[test]
fn whatever_differs_from_the_record_is_refused() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id s-1 --scope s --metadata '{\"a\": 1}'");
    let again = env.run("track init-session --session-id s-1 --scope s --metadata '{\"a\": 2}'");
    assert_eq!(again.status, Some(5), "{again}");
    env.write("one.md", "one");
    env.write("two.md", "two");
    env.ok(&format!("{PREPARE} --files lib"));
    let deploy = "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a \
                  --scope s --context-bundle bundle.json";
    env.ok(&format!("{deploy} --briefing one.md --phase 2"));
    let briefing = env.run(&format!("{deploy} --briefing two.md --phase 2"));
    assert_eq!(briefing.status, Some(5), "{briefing}");
    let phase = env.run(&format!("{deploy} --briefing one.md --phase 3"));
    assert_eq!(phase.status, Some(5), "{phase}");
}

#[test]
fn an_allocation_is_counted_for_the_model_it_went_to() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id s-1 --scope s");
    let deploy =
        "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s";
    env.ok(&format!("{deploy} --model sonnet"));
    env.ok(&format!("{PREPARE} --files lib --model gpt-5"));
    env.ok("ctx record-allocation --execution-id e-1 --bundle bundle.json");
    let record = env.ok("track show e-1 --format json").json()["execution"].clone();
    assert_eq!(record["context_tokens_exact"], false);
    assert!(record["context_tokens_upper"].as_u64() > record["context_token_count"].as_u64());
    assert_eq!(record["context_budget"], 160_000);
}

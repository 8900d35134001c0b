//! `sortie track search`: any text finds what it stands in, and nothing else.

use crate::env::{TestEnv, fixture};
use proptest::prelude::*;
use sortie::history::{Completion, NewSession, Search, SearchFilter};
use sortie::model::{ExecutionId, SessionId};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Execution, Kind, Session, Workspace};

/// Two sessions, three deployments, and a text of every kind.
fn searched() -> TestEnv {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search with HNSW' --session-id s-1");
    env.ok("track init-session --scope 'Billing' --session-id s-2");
    let deploy = |id: &str, session: &str, agent: &str, scope: &str, model: &str| {
        env.ok(&format!(
            "track init-deployment --execution-id {id} --session-id {session} --agent-type {agent} \
             --scope '{scope}' --model {model}"
        ));
    };
    deploy("e-1", "s-1", "implementor", "Implement HNSW in lib/search.ts", "sonnet");
    deploy("e-2", "s-1", "systematic-debugger", "Why is recall low?", "opus");
    deploy("e-3", "s-2", "implementor", "Send invoices", "sonnet");
    env.at("2025-01-17T10:00:00Z");
    let message = "# Done\n\nThe index is built.\nIts recall\tis 0.97 at efSearch 64, and the naïve \
                   scan is gone.";
    env.ok(&format!("track record-completion --execution-id e-1 --final-message '{message}'"));
    env.ok("outputs collect --execution-id e-1 --deliverables lib/types.ts \
            --validation-results tests:pass,recall:97 \
            --insights 'HNSW recall depends on efSearch' --errors 'connection refused by the index'");
    env.ok("track record-completion --execution-id e-2 --status failed \
            --error-message 'Timeout: no answer from the agent'");
    env
}

/// Where something was found, in order: `e-1 insight`.
fn found(env: &TestEnv, arguments: &str) -> Vec<String> {
    let search = env.ok(&format!("track search --format json {arguments}")).json();
    let place = |hit: &serde_json::Value| {
        let of = [&hit["execution_id"], &hit["session_id"]].into_iter().find_map(|id| id.as_str());
        format!("{} {}", of.unwrap(), hit["place"].as_str().unwrap())
    };
    search["hits"].as_array().unwrap().iter().map(place).collect()
}

#[test]
fn every_kind_of_text_is_found() {
    let env = searched();
    let cases: [(&str, &[&str]); 22] = [
        ("billing", &["s-2 session_scope"]),
        ("invoices", &["e-3 scope"]),
        ("INVOICE", &["e-3 scope"]),
        ("naive scan", &["e-1 final_message"]),
        ("efsearch 64", &["e-1 final_message"]),
        ("timeout", &["e-2 error"]),
        ("'connection refused'", &["e-1 error"]),
        ("depends", &["e-1 insight"]),
        ("lib/types.ts", &["e-1 deliverable"]),
        ("types", &["e-1 deliverable"]),
        ("tests", &["e-1 gate"]),
        // Words in any order, phrases not.
        ("recall hnsw depends", &["e-1 insight"]),
        ("'\"recall hnsw\"'", &[]),
        ("'\"HNSW recall\" efs'", &["e-1 insight"]),
        // Words of three letters and more begin others.
        ("invo", &["e-3 scope"]),
        ("in", &["e-1 scope"]),
        // Filters.
        ("search --session-id s-2", &[]),
        ("vector --session-id s-1", &["s-1 session_scope"]),
        ("recall --agent-type systematic-debugger", &["e-2 scope"]),
        ("timeout --status completed", &[]),
        ("invoices --model opus", &[]),
        ("depends --since 2025-01-17T09:45:00Z", &["e-1 insight"]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(found(&env, arguments), expected, "{arguments}");
    }
    assert_eq!(found(&env, "depends --until 2025-01-17T09:45:00Z"), [""; 0]);
    assert_eq!(found(&env, "--limit 0 recall").len(), 4);
}

#[test]
fn what_was_found_is_shown() {
    let env = searched();
    snapshot!("search", env.run("track search HNSW recall"));
    snapshot!("search_word", env.run("track search recall"));
    snapshot!("search_json", env.run("track search recall --limit 1 --format json"));
    snapshot!("search_markdown", env.run("track search recall --format markdown"));
    snapshot!("search_csv", env.run("track search recall --limit 2 --format csv"));
    snapshot!("search_coloured", env.run("track search naive recall --color always"));
    snapshot!("search_any", env.run("track search invoices of the moon"));
    snapshot!("search_nothing", env.run("track search kangaroo"));
    snapshot!("search_nothing_json", env.run("track search kangaroo --format json"));
}

#[test]
fn what_cannot_be_looked_for() {
    let env = searched();
    snapshot!("search_without_words", env.run("track search '*' '\"' ()"));
    snapshot!("search_empty", env.run("track search ''"));
    snapshot!("search_without_query", env.run("track search"));
    snapshot!("search_dash", env.run("track search -- -recall --limit"));
    let env = TestEnv::empty();
    snapshot!("search_without_a_history", env.run("track search recall"));
    assert!(!env.exists(".sortie"));
}

#[test]
fn an_amended_completion_is_found_and_the_earlier_is_not() {
    let env = TestEnv::deployed("e-1");
    let complete = |message: &[u8], options: &str| {
        let line = "track record-completion --execution-id e-1 --final-message -";
        let outcome = env.run_with(&format!("{line} {options}"), message);
        assert_eq!(outcome.status, Some(0), "{outcome}");
    };
    complete(b"All about zebras \xff\0 and caf\xe9 giraffes", "");
    assert_eq!(found(&env, "zebra"), ["e-1 final_message"]);
    assert_eq!(found(&env, "giraffes"), ["e-1 final_message"]);
    complete(b"Nothing but okapis", "--amend --status failed --error-message gnus");
    assert_eq!(found(&env, "zebra"), [""; 0]);
    assert_eq!(found(&env, "giraffes"), [""; 0]);
    assert_eq!(found(&env, "okapi"), ["e-1 final_message"]);
    assert_eq!(found(&env, "gnu"), ["e-1 error"]);
    let check = "INSERT INTO executions_fts (executions_fts, rank) VALUES ('integrity-check', 1)";
    assert_eq!(env.rows(check), "");
}

#[test]
fn of_an_output_the_last_state_is_found() {
    let env = TestEnv::deployed("e-1");
    for result in ["fail", "pass", "fail"] {
        env.ok(&format!("outputs collect --execution-id e-1 --validation-results lint:{result}"));
    }
    snapshot!("search_gate", env.run("track search lint"));
}

#[test]
fn a_history_of_the_first_schema_is_searched() {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(fixture("schema-1.db"), env.database()).unwrap();
    let cases: [(&str, &[&str]); 6] = [
        ("vector", &["s-1 session_scope"]),
        ("hnsw gives", &["exec-001 insight"]),
        ("naive", &["exec-001 final_message"]),
        ("first", &[]),
        ("distance.ts", &["exec-001 deliverable"]),
        ("coverage", &["exec-001 gate"]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(found(&env, arguments), expected, "{arguments}");
    }
}

#[test]
fn what_was_found_stays_text() {
    let env = TestEnv::deployed("e-1");
    let message = "<img src=x onerror=alert(1)> \x1b[31mneedle\x1b[0m **bold** | [a](javascript:b) \
                   \u{202e}\u{fdd0}mark\u{fdd1} `code` needle";
    let line = "track record-completion --execution-id e-1 --final-message -";
    env.run_with(line, message.as_bytes());
    snapshot!("search_hostile", env.run("track search needle --color always"));
    snapshot!("search_hostile_markdown", env.run("track search needle --format markdown"));
    snapshot!("search_hostile_json", env.run("track search needle --format json"));
}

#[test]
fn excerpts_fit_the_terminal() {
    let env = searched();
    for columns in [40, 80, 120] {
        let command = format!(
            "stty rows 24 cols {columns}; {} track search recall index",
            env!("CARGO_BIN_EXE_sortie")
        );
        let Ok(output) = env.program("script").args(["-qc", &command, "/dev/null"]).output() else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in text.lines().map(str::trim_end).filter(|line| line.starts_with("  ")) {
            let plain = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"]
                .iter()
                .fold(line.to_owned(), |line, code| line.replace(code, ""));
            assert!(plain.chars().count() <= columns, "{columns}: {plain}");
        }
    }
}

/// A history with a few texts, for questions to the library.
fn workspace(dir: &std::path::Path) -> Workspace {
    let mut options = Options::new(dir);
    options.project_root = Some(dir.to_path_buf());
    options.now = "2025-01-17T09:30:00Z".parse().ok();
    let workspace = Workspace::open(options).unwrap();
    let (session, _) = Session::start(
        &workspace,
        NewSession {
            session_id: Some(SessionId::new("s-1").unwrap()),
            scope: "NEAR AND OR NOT a*b \"quoted\"".into(),
            ..NewSession::default()
        },
    )
    .unwrap();
    let id = ExecutionId::new("e-1").unwrap();
    let handover = Handover {
        execution_id: Some(id),
        agent_type: "agent".parse().unwrap(),
        scope: "a scope: (with) ^every {thing} + it-needs".into(),
        ..Handover::default()
    };
    session.init_deployment(handover).unwrap();
    let message = b"a\0b caf\xe9 \xff NEAR(a b, 2) \"OR\" NOT".to_vec();
    let execution = Execution::open(&workspace, "e-1").unwrap();
    execution.record_completion(&Completion::completed(message)).unwrap();
    workspace
}

/// Texts with much of what has a meaning to FTS5, to SQLite or to Unicode.
fn any_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("NEAR(".to_owned()),
        Just(" AND ".to_owned()),
        Just(" OR ".to_owned()),
        Just(" NOT ".to_owned()),
        Just("scope : ".to_owned()),
        Just("- {scope message} :".to_owned()),
        Just("\0".to_owned()),
        Just("\"".to_owned()),
        Just("a".to_owned()),
        Just("\u{345}".to_owned()),
        Just("x".repeat(70_000)),
        "[*:^()+,;'\"\\-{}?@%_.]{1,4}",
        "\\PC{0,8}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

thread_local! {
    static AT: tempfile::TempDir = tempfile::tempdir().unwrap();
    static HISTORY: Workspace = AT.with(|dir| workspace(dir.path()));
}

fn search(query: &str) -> sortie::Result<Search> {
    HISTORY.with(|it| it.history().search(query, &SearchFilter::default()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// Whatever is asked, there is an answer; only what has no word is refused.
    #[test]
    fn any_text_is_a_question(query in any_query()) {
        if let Err(error) = search(&query) {
            prop_assert_eq!(error.kind(), Kind::Usage, "{:?}: {}", query, error);
            prop_assert!(!query.contains(char::is_alphanumeric), "{query:?}: {error}");
        }
    }

    /// A word that stands in a text finds it, whatever stands around it.
    #[test]
    fn a_word_finds_its_text(before in "[^a-zA-Z\"]{0,6}", after in "[^a-zA-Z\"]{0,6}") {
        let query = format!("{before} needs {after}");
        let hits = search(&query).unwrap().hits;
        prop_assert!(hits.iter().any(|hit| hit.execution_id.is_some()), "{query:?}");
    }
}

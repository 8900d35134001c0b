//! The history under many processes, under kill -9, and in the face of files that are not ours.

pub mod faults;

use crate::env::{TestEnv, fixture, rows_of, words};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Runs `work` in `count` threads that begin together, and gives what each returned.
fn together<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let threads: Vec<_> = (0..count)
            .map(|at| {
                scope.spawn(move || {
                    barrier.wait();
                    work(at)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn message(of: usize) -> Vec<u8> {
    let mut bytes = format!("message {of}: naïve 漢字\r\n").repeat(200).into_bytes();
    bytes.extend([0, 0xff, of as u8]);
    bytes
}

#[test]
fn thirty_two_processes_record_at_once() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    together(32, |at| {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id e-{at:02} --agent-type agent-{at} \
             --scope 'Part {at}'"
        ));
        let line = format!("track record-completion --execution-id e-{at:02} --final-message -");
        let outcome = env.run_with(&line, &message(at));
        assert_eq!(outcome.status, Some(0), "{outcome}");
    });
    let list = env.ok("track query --session-id s-1 --status completed --format json").json();
    assert_eq!(list["executions"].as_array().unwrap().len(), 32);
    for at in 0..32 {
        let shown = env.ok(&format!("track show e-{at:02} --message"));
        assert!(shown.stdout == message(at), "message {at}");
    }
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
}

#[test]
fn thirty_two_processes_write_first_at_once() {
    for round in 0..3 {
        let env = TestEnv::new();
        let outcomes = together(32, |at| {
            env.run(&format!("track init-session --scope s --session-id s-{at:02} --quiet"))
        });
        for (at, outcome) in outcomes.iter().enumerate() {
            let shown = (outcome.status, outcome.out(), outcome.err());
            assert_eq!(shown, (Some(0), format!("s-{at:02}\n"), String::new()), "round {round}");
        }
        assert_eq!(env.rows("SELECT count(*) FROM sessions"), "32\n");
        assert_eq!(env.text(".sortie/.gitignore"), "*\n");
    }
}

#[test]
fn sixteen_processes_get_ids_of_their_own() {
    let env = TestEnv::new();
    let mut sessions = together(16, |_| env.ok("track init-session --scope s --quiet").out());
    sessions.sort();
    let expected: Vec<String> =
        (1..=16).map(|number| format!("orch-2025-01-17-{number:03}\n")).collect();
    assert_eq!(sessions, expected);
    // The same agent for the same scope in the same millisecond.
    let deploy =
        "track init-deployment --session-id orch-2025-01-17-001 --agent-type a --scope s -q";
    let mut executions = together(16, |_| env.ok(deploy).out());
    executions.sort();
    executions.dedup();
    assert_eq!(executions.len(), 16);
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "16\n");
}

#[test]
fn sixteen_processes_keep_the_same_contents_at_once() {
    let env = TestEnv::new();
    let bundles = together(16, |at| {
        env.ok(&format!(
            "ctx prepare-bundle --agent-type a --scope s --files lib,spec --output {at}.json --quiet"
        ))
        .out()
    });
    assert!(bundles.iter().all(|id| *id == bundles[0]));
    assert_eq!(env.rows("SELECT count(*) FROM bundles"), "1\n");
    assert_eq!(env.rows("SELECT count(*) FROM contents"), "5\n");
    let first = env.read("0.json");
    assert!((1..16).all(|at| env.read(format!("{at}.json")) == first));
}

#[cfg(unix)]
#[test]
fn what_was_acknowledged_outlives_kill_9() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    let deploy = |id: &str| -> Child {
        let mut command = env.sortie();
        command
            .args(words("track init-deployment --session-id s-1 --agent-type a --scope s --quiet"))
            .args(["--execution-id", id])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let start = Instant::now();
    deploy("e-warm").wait().unwrap();
    let usual = start.elapsed();
    let mut acknowledged = vec!["e-warm".to_owned()];
    let mut killed = 0;
    for round in 0..20u32 {
        let writers: Vec<(String, Child)> = (0..6)
            .map(|writer| format!("e-{round:02}-{writer}"))
            .map(|id| (id.clone(), deploy(&id)))
            .collect();
        // From long before a write to long after it.
        std::thread::sleep(usual * round / 4);
        for (id, mut child) in writers {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            killed += usize::from(!output.status.success());
            if output.stdout == format!("{id}\n").as_bytes() {
                acknowledged.push(id);
            }
        }
    }
    assert!(killed > 0 && acknowledged.len() > 1, "{killed} killed, {acknowledged:?}");
    let list = env.ok("track query --limit 1000 --format json").json();
    let list = list["executions"].as_array().unwrap();
    for id in &acknowledged {
        assert!(list.iter().any(|it| it["execution_id"] == *id), "{id} was acknowledged");
    }
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    assert_eq!(env.rows("PRAGMA foreign_key_check"), "");
}

/// What a history that is not ours is refused with; its bytes must stay as they are.
fn refused(env: &TestEnv, name: &str) -> String {
    let path = env.beside(name);
    let before = std::fs::read(&path).unwrap();
    let mut shown = String::new();
    for line in ["track query", "track init-session --scope s", "init"] {
        let outcome = env.run(&format!("{line} --db {}", path.display()));
        shown += &format!("{outcome}\n");
        assert!(std::fs::read(&path).unwrap() == before, "{name} was changed: {outcome}");
    }
    shown
}

/// A database as it is after everyone closed it well.
fn closed(path: &Path, sql: &str) {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch(sql).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let env = TestEnv::new();
    env.ok(&format!("init --db {}", env.beside("newer.db").display()));
    closed(&env.beside("newer.db"), "PRAGMA user_version = 99");
    snapshot!("newer_schema", refused(&env, "newer.db"));
}

#[test]
fn a_foreign_database_is_refused() {
    let env = TestEnv::new();
    closed(&env.beside("foreign.db"), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    snapshot!("foreign_database", refused(&env, "foreign.db"));
    closed(
        &env.beside("marked.db"),
        "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE theirs (x)",
    );
    snapshot!("foreign_database_with_a_mark", refused(&env, "marked.db"));
}

#[test]
fn garbage_is_refused() {
    let env = TestEnv::new();
    std::fs::write(env.beside("garbage.db"), "This is no database. ".repeat(500)).unwrap();
    snapshot!("garbage", refused(&env, "garbage.db"));
    std::fs::write(env.beside("short.db"), "short").unwrap();
    snapshot!("garbage_short", refused(&env, "short.db"));
}

#[test]
fn a_directory_is_no_database() {
    let env = TestEnv::new();
    snapshot!("directory_for_a_database", env.run("track init-session --scope s --db lib"));
    snapshot!("database_in_no_directory", env.run("track query --db nowhere/history.db"));
    assert!(!env.exists("nowhere"));
}

#[test]
fn an_empty_file_becomes_a_history() {
    let env = TestEnv::new();
    std::fs::write(env.beside("empty.db"), "").unwrap();
    let db = env.beside("empty.db");
    env.ok(&format!("track init-session --scope s --session-id s-1 --db {}", db.display()));
    assert_eq!(rows_of(&db, "SELECT session_id FROM sessions"), "s-1\n");
}

#[cfg(unix)]
#[test]
fn a_history_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.ok("track init-session --scope s");
    let mode = |name: &str| std::fs::metadata(env.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".sortie"), 0o700);
    assert_eq!(mode(".sortie/history.db"), 0o600);
}

/// Makes the fixture of the newest schema; run it with SORTIE_WRITE_ASSETS when there is none yet,
/// never to change one that was released.
#[test]
fn each_released_schema_left_a_database() {
    assert!(
        ["1", "2", "4", "5", "6"].iter().all(|it| fixture(&format!("schema-{it}.db")).exists())
    );
    let kept = fixture("schema-7.db");
    if std::env::var_os("SORTIE_WRITE_ASSETS").is_none() || kept.exists() {
        assert!(kept.exists());
        return;
    }
    let env = TestEnv::deployed("exec-001");
    env.ok("ctx prepare-bundle --agent-type implementor --scope 'Implement HNSW' \
            --files lib/types.ts --references references --output bundle.json");
    env.ok("ctx record-allocation --execution-id exec-001 --bundle bundle.json");
    let complete = |message: &[u8], options: &str| {
        let line = "track record-completion --execution-id exec-001 --final-message -";
        let outcome = env.run_with(&format!("{line} {options}"), message);
        assert_eq!(outcome.status, Some(0), "{outcome}");
    };
    complete(b"first", "");
    complete(b"Done: naive caf\xe9.\n", "--amend --deliverables lib/types.ts,lib/distance.ts");
    env.ok("outputs collect --execution-id exec-001 --validation-results tests:pass,coverage:85 \
            --insights 'HNSW gives O(log n) search' --errors 'one warning'");
    env.ok("outputs synthesize --session-id s-1 --output report.md");
    env.ok("track complete-session --session-id s-1");
    let told = serde_json::json!({
        "session_id": "told", "hook_event_name": "PostToolUse", "tool_name": "Agent",
        "tool_use_id": "toolu_1", "tool_input": { "prompt": "Count them.", "description": "Count" },
        "tool_response": { "status": "completed", "agentId": "a1", "totalTokens": 12,
                           "content": [{ "type": "text", "text": "There are three." }] },
    });
    let outcome = env.run_with("hook claude-code", told.to_string().as_bytes());
    assert_eq!(outcome.status, Some(0), "{outcome}");
    closed(&env.database(), "VACUUM");
    std::fs::copy(env.database(), kept).unwrap();
}

#[test]
fn a_database_of_an_earlier_schema_is_searched() {
    for schema in
        ["schema-1.db", "schema-2.db", "schema-4.db", "schema-5.db", "schema-6.db", "schema-7.db"]
    {
        let env = TestEnv::empty();
        std::fs::create_dir(env.path(".sortie")).unwrap();
        std::fs::copy(fixture(schema), env.database()).unwrap();
        for (word, places) in [("naive", 1), ("HNSW", 2), ("distance", 1), ("first", 0)] {
            let found = env.ok(&format!("track search {word} --format json")).json();
            assert_eq!(found["hits"].as_array().unwrap().len(), places, "{schema} {word}: {found}");
        }
        let integrity = "INSERT INTO outputs_fts (outputs_fts, rank) VALUES ('integrity-check', 1)";
        closed(&env.database(), integrity);
    }
}

#[test]
fn a_database_of_the_first_schema_is_read() {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(fixture("schema-1.db"), env.database()).unwrap();
    snapshot!("schema_1_execution", env.run("track show exec-001"));
    snapshot!("schema_1_session", env.run("track sessions"));
    snapshot!("schema_1_bundle", env.run("ctx show latest"));
    snapshot!("schema_1_report", env.run("outputs show latest"));
    assert_eq!(env.ok("track show exec-001 --message").stdout, b"Done: naive caf\xe9.\n");
    assert!(env.ok("ctx replay --execution-id exec-001").stdout.starts_with(b"# Briefing\n"));
    env.ok("track init-session --scope more");
    assert_eq!(env.rows("SELECT count(*) FROM sessions"), "2\n");
}

/// Somebody else's long transaction: waited for, and told when it takes too long.
#[test]
fn a_writer_waits_for_another() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut command: Command = env.sortie();
    command.args(words("track init-session --scope s --session-id s-2 --quiet"));
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    // Reading is never held up.
    env.ok("track sessions");
    std::thread::sleep(Duration::from_millis(300));
    conn.execute_batch("COMMIT").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"s-2\n");
}

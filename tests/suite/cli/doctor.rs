//! `sortie doctor`: what SQLite does not notice is found and counted, and what is readable is saved.

use crate::env::{Outcome, TestEnv, rows_of};

/// A history of so many executions with messages of a kilobyte, and a bundle.
fn recorded(executions: usize) -> TestEnv {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib --output b.json");
    for at in 0..executions {
        let id = format!("e-{at:02}");
        let deploy = "track init-deployment --session-id s-1 --agent-type a --model sonnet";
        env.ok(&format!("{deploy} --execution-id {id} --scope 'Part {at}'"));
        let message = format!("{id} is done. ").repeat(90);
        let complete = format!("track record-completion --execution-id {id} --final-message -");
        assert_eq!(env.run_with(&complete, message.as_bytes()).status, Some(0));
    }
    env
}

/// Brings the log into the database's own file.
fn fold(env: &TestEnv) {
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn change(env: &TestEnv, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = env.read(name);
    change(&mut bytes);
    env.write(name, bytes);
}

/// Where `text` stands in a file.
fn place(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|it| it == text.as_bytes()).expect("it is there")
}

fn flip(env: &TestEnv, text: &str) {
    fold(env);
    change(env, ".sortie/history.db", |bytes| {
        let at = place(bytes, text) + text.len() / 2;
        bytes[at] ^= 1;
    });
}

/// The files of the history, without what comes and goes.
fn all(env: &TestEnv) -> String {
    let mut names: Vec<String> = std::fs::read_dir(env.path(".sortie"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains("cache") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names.join("\n")
}

fn executions(env: &TestEnv) -> String {
    env.rows("SELECT count(*) FROM agent_executions WHERE status = 'completed'")
}

/// What is said of a history that was repaired.
fn sound_again(env: &TestEnv) {
    let outcome = env.run("doctor");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    assert_eq!(env.rows("PRAGMA foreign_key_check"), "");
    let outcome = env.ok("track init-session --scope more");
    assert!(!outcome.err().contains("warning"), "{outcome}");
}

#[test]
fn a_sound_history() {
    let env = recorded(2);
    snapshot!("sound", env.run("doctor"));
    snapshot!("sound_json", env.run("doctor --format json"));
    snapshot!("sound_markdown", env.run("doctor --format markdown"));
    snapshot!("sound_repaired", env.run("doctor --repair"));
    assert_eq!(all(&env), ".gitignore\nhistory.db\nhistory.db-mark\nhistory.db-wal");
    snapshot!("nothing", TestEnv::empty().run("doctor"));
}

/// Every way to record leaves rows whose checksums hold.
#[test]
fn whatever_is_recorded_is_sealed() {
    let env = recorded(1);
    let complete = "track record-completion --execution-id e-00 --final-message";
    env.ok(&format!("{complete} other --amend --deliverables lib/types.ts"));
    env.ok("track init-deployment --session-id s-1 --execution-id e-9 --agent-type a --scope s \
            --context-bundle b.json");
    env.ok("track init-deployment --session-id s-1 --execution-id e-8 --agent-type a --scope s");
    env.ok("ctx record-allocation --execution-id e-8 --bundle b.json");
    env.ok("ctx generate-briefing --bundle b.json");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib");
    for id in ["e-8", "e-9"] {
        env.ok(&format!("track record-completion --execution-id {id} --final-message naïve"));
    }
    env.ok("outputs collect --execution-id e-00 --validation-results tests:pass --insights one");
    env.ok("track set-phase --session-id s-1 --phase 4");
    env.ok("outputs synthesize --session-id s-1 --output report.md");
    env.ok("track fail-session --session-id s-1 --reason why");
    let unsealed =
        |table: &str| env.rows(&format!("SELECT count(*) FROM {table} WHERE seal IS NULL"));
    for table in [
        "sessions",
        "agent_executions",
        "completion_versions",
        "context_allocations",
        "outputs",
        "bundles",
        "manifests",
        "briefings",
        "reports",
    ] {
        assert_ne!(env.rows(&format!("SELECT count(*) FROM {table}")), "0\n", "{table}");
        assert_eq!(unsealed(table), "0\n", "{table}");
    }
    snapshot!("all_sealed", env.run("doctor"));
    // Carried elsewhere they are sealed, too.
    env.ok("track export --output all.jsonl");
    let other = TestEnv::empty();
    other.write("all.jsonl", env.read("all.jsonl"));
    other.ok("track import all.jsonl");
    snapshot!("all_sealed_elsewhere", other.run("doctor"));
}

#[test]
fn a_deleted_log_is_noticed_and_counted() {
    let env = recorded(4);
    let bytes = env.path(".sortie/history.db").metadata().unwrap().len();
    assert!(bytes <= 4096, "all of it stands in the log: {bytes}");
    for name in ["-wal", "-shm"] {
        std::fs::remove_file(env.path(format!(".sortie/history.db{name}"))).unwrap();
    }
    snapshot!("log_deleted", env.run("track query"));
    snapshot!("log_deleted_again", env.run("track init-session --scope s --session-id s-2"));
    snapshot!("log_deleted_doctor", env.run("doctor"));
    snapshot!("log_deleted_json", env.run("doctor --format json"));
    snapshot!("log_deleted_repair", env.run("doctor --repair"));
    sound_again(&env);
}

#[test]
fn a_log_deleted_later_is_counted_to_the_last() {
    let env = recorded(3);
    fold(&env);
    let copy = env.read(".sortie/history.db");
    for at in 3..8 {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --agent-type a --execution-id e-{at} --scope s"
        ));
    }
    assert!(copy == env.read(".sortie/history.db"), "they stand in the log");
    for name in ["-wal", "-shm"] {
        std::fs::remove_file(env.path(format!(".sortie/history.db{name}"))).unwrap();
    }
    // Doctor is the first to look.
    snapshot!("five_missing", env.run("doctor"));
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "3\n");
}

/// What shrinks or is replaced on purpose is not missing.
#[test]
fn what_was_meant_is_not_missing() {
    let mut env = recorded(3);
    env.ok("backup early.db");
    env.ok("track complete-session --session-id s-1");
    env.at("2025-03-17T09:30:00Z");
    env.ok("track prune --keep-days 1");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "0\n");
    sound_again(&env);
    env.ok("restore early.db --force");
    assert_eq!(executions(&env), "3\n");
    sound_again(&env);
    let archive = std::fs::read_dir(env.path(".sortie/archive")).unwrap().next().unwrap().unwrap();
    env.ok(&format!("track import {}", archive.path().display()));
    sound_again(&env);
    // A copy of the whole directory, and one of the backup in another place.
    let copy = TestEnv::empty();
    std::fs::create_dir(copy.path(".sortie")).unwrap();
    for name in ["", "-wal", "-mark"] {
        let name = format!(".sortie/history.db{name}");
        copy.write(&name, env.read(&name));
    }
    sound_again(&copy);
    env.ok("doctor --db early.db");
}

#[test]
fn a_flipped_bit_is_noticed() {
    let env = recorded(4);
    let bytes = b"caf\xe9 \x00 \xff";
    env.ok("track init-deployment --session-id s-1 --agent-type a --execution-id bytes --scope s");
    env.run_with("track record-completion --execution-id bytes --final-message -", bytes);
    flip(&env, "e-02 is done. e-02 is done. ");
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n", "SQLite sees nothing");
    snapshot!("flipped", env.run("doctor"));
    snapshot!("flipped_markdown", env.run("doctor --format markdown"));
    snapshot!("flipped_repair", env.run("doctor --repair"));
    assert_eq!(executions(&env), "5\n");
    assert_eq!(env.ok("track show bytes --message").stdout, bytes, "whatever bytes they are");
    let kept = env.path(".sortie/history.damaged-20250117T093000Z.db");
    assert_eq!(rows_of(&kept, "SELECT count(*) FROM agent_executions"), "5\n");
    sound_again(&env);
}

#[test]
fn a_flipped_bit_of_a_content_is_noticed() {
    let env = recorded(1);
    fold(&env);
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    let flip = "UPDATE contents SET data = zeroblob(length(data)) WHERE rowid = 1";
    conn.execute(flip, []).unwrap();
    drop(conn);
    snapshot!("content_flipped", env.run("doctor"));
    snapshot!("content_flipped_repair", env.run("doctor --repair"));
    sound_again(&env);
}

/// Each bit of a row, one at a time, in whatever column it stands.
#[test]
fn every_bit_of_a_row_counts() {
    let env = recorded(1);
    fold(&env);
    let whole = env.read(".sortie/history.db");
    let row = place(&whole, "e-00s-1a");
    let length = "e-00s-1a2025-01-17T09:30:00.000Z2025-01-17T09:30:00.000ZcompletedPart 0".len();
    for at in (0..length).step_by(5) {
        let mut bytes = whole.clone();
        bytes[row + at] ^= 1 << (at % 7);
        env.write(".sortie/history.db", &bytes);
        let outcome = env.run("doctor --format json");
        assert_eq!(outcome.status, Some(8), "byte {at}: {outcome}");
    }
    env.write(".sortie/history.db", &whole);
    env.ok("doctor");
}

/// The page that `text` stands on.
fn page_of(env: &TestEnv, text: &str) -> usize {
    place(&env.read(".sortie/history.db"), text) / 4096
}

#[test]
fn a_zeroed_page_is_noticed_and_what_it_held_is_named() {
    let env = recorded(12);
    fold(&env);
    let page = page_of(&env, "e-05 is done. ");
    change(&env, ".sortie/history.db", |bytes| bytes[page * 4096..][..4096].fill(0));
    // SQLite goes on writing.
    env.ok("track init-session --scope s --session-id s-2");
    snapshot!("zeroed", env.run("doctor"));
    let found = env.run("doctor --format json").json();
    let lost = found["findings"].as_array().unwrap().iter().filter(|it| it["found"] == "lost_row");
    let lost = lost.count();
    snapshot!("zeroed_repair", env.run("doctor --repair"));
    assert_eq!(executions(&env), format!("{}\n", 12 - lost));
    sound_again(&env);
}

#[test]
fn a_truncated_history_is_saved_as_far_as_it_goes() {
    let env = recorded(12);
    fold(&env);
    let kept = page_of(&env, "e-09 is done. ");
    change(&env, ".sortie/history.db", |bytes| bytes.truncate(kept * 4096));
    snapshot!("truncated", env.run("track query"));
    snapshot!("truncated_doctor", env.run("doctor"));
    let outcome = env.run("doctor --repair --format json");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    let left: u32 = executions(&env).trim().parse().unwrap();
    assert!((7..12).contains(&left), "{outcome}");
    sound_again(&env);
    assert!(env.exists(".sortie/history.damaged-20250117T093000Z.db"));
}

#[test]
fn of_garbage_nothing_is_saved_and_nothing_is_overwritten() {
    let env = recorded(3);
    fold(&env);
    let garbage = "This is no database. ".repeat(500);
    env.write(".sortie/history.db", &garbage);
    snapshot!("garbage_doctor", env.run("doctor"));
    snapshot!("garbage_repair", env.run("doctor --repair"));
    assert!(env.text(".sortie/history.damaged-20250117T093000Z.db") == garbage);
    sound_again(&env);
}

#[test]
fn old_rows_are_sealed_once_they_are_found_sound() {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(crate::env::fixture("schema-4.db"), env.database()).unwrap();
    let steady = |outcome: Outcome| outcome.to_string();
    snapshot!("earlier_schema", steady(env.run("doctor")));
    assert_eq!(env.rows("PRAGMA user_version"), "4\n", "to ask changes nothing");
    env.ok("db migrate");
    snapshot!("old_rows", steady(env.run("doctor")));
    snapshot!("old_rows_sealed", steady(env.run("doctor")));
}

/// A short look is taken once a day, by who writes.
#[test]
fn damage_is_told_to_who_asks_for_something_else() {
    let env = recorded(4);
    flip(&env, "e-02 is done. e-02 is done. ");
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    conn.execute("UPDATE ledger SET looked_on = '2020-01-01'", []).unwrap();
    drop(conn);
    assert_eq!(env.ok("track sessions").err(), "", "reading does not look");
    snapshot!("short_look", env.run("track init-session --scope s --session-id s-2"));
    let again = env.ok("track init-session --scope s --session-id s-3");
    assert!(!again.err().contains("warning"), "once a day: {again}");
}

//! What is known from before: the same answers, sooner.

use crate::env::{TestEnv, summary};
use std::process::Stdio;
use std::time::Duration;

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --files . --model gpt-4o -q";

/// What the system stamps a file with is old enough to be believed.
fn settle() {
    std::thread::sleep(Duration::from_millis(40));
}

fn cache(env: &TestEnv, sql: &str) {
    let conn = rusqlite::Connection::open(env.path(".sortie/history.cache")).unwrap();
    conn.execute_batch(sql).unwrap();
}

fn tokens_of(env: &TestEnv, file: &str, options: &str) -> u64 {
    let line = format!("ctx check-bounds --files . --model gpt-4o --format json {options}");
    let found = env.ok(&line).json();
    let files = found["files"].as_array().unwrap();
    files.iter().find(|it| it["path"] == file).unwrap()["tokens"].as_u64().unwrap()
}

fn two_files() -> TestEnv {
    let env = TestEnv::empty();
    env.write("long.rs", "fn long() { let mut sum = 0; for n in 0..9 { sum += n; } }\n".repeat(9));
    env.write("short.rs", "fn short() {}\n");
    settle();
    env
}

#[test]
fn an_unchanged_file_is_not_read_unless_one_is_paranoid() {
    let env = two_files();
    env.ok(PREPARE);
    let true_tokens = tokens_of(&env, "short.rs", "");
    // As if the short file had been found to be the long one.
    cache(
        &env,
        "UPDATE files SET found = CAST(substr(found, 1, 32) ||
           (SELECT substr(found, 33) FROM files WHERE CAST(path AS TEXT) LIKE '%long.rs') AS BLOB)
         WHERE CAST(path AS TEXT) LIKE '%short.rs'",
    );
    assert!(tokens_of(&env, "short.rs", "") != true_tokens, "read");
    assert_eq!(tokens_of(&env, "short.rs", "--paranoid"), true_tokens);
}

#[test]
fn a_change_is_seen_that_size_and_time_do_not_show() {
    let env = two_files();
    let before = env.ok(PREPARE).out();
    let file = std::fs::File::open(env.path("short.rs")).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    env.write("short.rs", "fn other() {}\n");
    let file = std::fs::File::options().write(true).open(env.path("short.rs")).unwrap();
    file.set_modified(modified).unwrap();
    assert!(env.ok(PREPARE).out() != before);
}

/// Git's racy files: changed within the clock's grain of being read.
#[test]
fn a_change_right_behind_a_reading_is_seen() {
    let env = TestEnv::empty();
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..12 {
        env.write("a.txt", format!("round {round:03}\n"));
        seen.insert(env.ok(PREPARE).out());
    }
    assert_eq!(seen.len(), 12);
}

#[test]
fn a_cache_can_be_lost_or_spoilt_at_any_time() {
    let env = two_files();
    let first = env.ok(PREPARE).out();
    assert_eq!(env.ok(PREPARE).out(), first);
    std::fs::write(env.path(".sortie/history.cache"), b"spoilt").unwrap();
    assert_eq!(env.ok(PREPARE).out(), first);
    assert_eq!(env.ok(PREPARE).out(), first);
    cache(
        &env,
        "UPDATE files SET found = x'00'; UPDATE counts SET counted = x'00'; DELETE FROM drafts;
                 UPDATE texts SET facts = x'0000'",
    );
    assert_eq!(env.ok(PREPARE).out(), first);
    std::fs::remove_file(env.path(".sortie/history.cache")).unwrap();
    assert_eq!(env.ok(PREPARE).out(), first);
    assert_eq!(env.rows("SELECT count(*) FROM bundles"), "1\n");
}

#[test]
fn a_bundle_prepared_again_is_the_latest_again() {
    let env = two_files();
    let first = env.ok(PREPARE).out();
    let other = env.ok(&PREPARE.replace("--scope s", "--scope other")).out();
    assert_eq!(env.ok("ctx show latest --format json").json()["bundle_id"], other.trim());
    let shown = env.ok("ctx show latest").out();
    assert_eq!(env.ok(PREPARE).out(), first);
    assert_eq!(env.ok("ctx show latest --format json").json()["bundle_id"], first.trim());
    assert!(env.ok("ctx show latest").out() != shown);
}

/// With what was known of other files and texts, an edited tree has the bundle that it has without.
#[test]
fn an_edited_tree_is_counted_as_a_new_one() {
    let env = TestEnv::new();
    settle();
    env.ok(PREPARE);
    env.write("lib/types.ts", format!("// new\n{}", env.text("lib/types.ts")));
    env.write("copy.md", env.read("README.md"));
    let bundle = |env: &TestEnv| {
        env.ok(&format!(
            "{} --output bundle.json",
            PREPARE.replace(" -q", " --ignore bundle.json")
        ));
        let bundle = serde_json::from_slice(&env.read("bundle.json")).unwrap();
        std::fs::remove_file(env.path("bundle.json")).unwrap();
        bundle
    };
    let (known, _): (serde_json::Value, _) = (bundle(&env), settle());
    std::fs::remove_file(env.path(".sortie/history.cache")).unwrap();
    let anew: serde_json::Value = bundle(&env);
    assert_eq!(summary(&known), summary(&anew));
    assert_eq!(known, anew);
}

#[test]
fn a_bundle_is_the_same_whatever_the_number_of_threads() {
    let bundle = |threads: &str| {
        let env = TestEnv::new();
        let mut sortie = env.sortie();
        sortie.env("RAYON_NUM_THREADS", threads).args(crate::env::words(PREPARE));
        env.outcome(PREPARE, sortie.output().unwrap()).out()
    };
    assert_eq!(bundle("1"), bundle("7"));
}

#[test]
fn asking_leaves_no_cache_where_nothing_was_recorded() {
    let env = two_files();
    env.ok("ctx check-bounds --files .");
    assert!(!env.exists(".sortie"));
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_behind() {
    let env = TestEnv::empty();
    for file in 0..150 {
        let text = format!("fn f{file}() {{ let word = {file}; }}\n").repeat(2_000);
        env.write(format!("src/{file}.rs"), text);
    }
    let line = format!("{PREPARE} --budget 100m --output out.json");
    let interrupted = || {
        let mut child = env.sortie();
        let child =
            child.args(crate::env::words(&line)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(150));
        let pid = child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(killed.success());
        !child.wait().unwrap().success()
    };
    // On a busy machine this thread may wake up when all is done; then it was no interrupt.
    let came_in_time = (0..10).any(|_| {
        let _ = std::fs::remove_file(env.path("out.json"));
        let _ = std::fs::remove_dir_all(env.path(".sortie"));
        interrupted()
    });
    assert!(came_in_time, "ten times it was done before the interrupt");
    assert!(!env.exists("out.json"));
    let left = std::fs::read_dir(env.project()).unwrap().count();
    assert_eq!(left - usize::from(env.exists(".sortie")), 1, "src alone");
    assert!(env.ok(&line).out().starts_with("bundle-"));
}

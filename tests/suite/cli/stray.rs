//! What is left when a page in the middle of a table is gone: the leaves below it are read by themselves.

use crate::env::{Outcome, TestEnv};
use std::path::PathBuf;

/// More than a page holds.
const EXECUTIONS: usize = 60;

fn recorded() -> TestEnv {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib --output b.json");
    for at in 0..EXECUTIONS {
        let id = format!("e-{at:02}");
        let deploy =
            "track init-deployment --session-id s-1 --agent-type a --context-bundle b.json";
        env.ok(&format!("{deploy} --execution-id {id} --scope 'Part {at}'"));
        // One of them needs pages of its own.
        let times = if at == 7 { 2000 } else { 40 };
        let message = format!("{id} is done. ").repeat(times);
        let complete = format!("track record-completion --execution-id {id} --final-message -");
        assert_eq!(env.run_with(&complete, message.as_bytes()).status, Some(0));
    }
    env
}

/// The first page of a table or an index, in the file itself.
fn root_of(env: &TestEnv, name: &str) -> usize {
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    conn.query_row(sql, [name], |row| row.get::<_, usize>(0)).unwrap()
}

fn change(env: &TestEnv, page: usize, change: impl FnOnce(&mut [u8])) {
    let mut file = env.read(".sortie/history.db");
    change(&mut file[(page - 1) * 4096..page * 4096]);
    env.write(".sortie/history.db", file);
}

/// Zeroes the page that leads to all others of a table, if there are others.
fn behead(env: &TestEnv, table: &str) {
    let root = root_of(env, table);
    change(env, root, |page| page.fill(0));
}

fn repaired(env: &TestEnv) -> Outcome {
    let outcome = env.run("doctor --repair");
    assert_eq!(env.run("doctor").status, Some(0), "{outcome}");
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    assert_eq!(env.rows("PRAGMA foreign_key_check"), "");
    outcome
}

fn without_the_file(env: &TestEnv) -> Vec<PathBuf> {
    let names = std::fs::read_dir(env.path(".sortie")).unwrap();
    let names = names.map(|it| it.unwrap().path());
    names.filter(|it| it.to_string_lossy().contains(".sortie-")).collect()
}

#[test]
fn rows_below_a_lost_page_are_found() {
    let env = recorded();
    let before = env.ok("track export").stdout;
    for table in ["agent_executions", "context_allocations", "bundle_contents"] {
        behead(&env, table);
    }
    snapshot!("beheaded", env.run("doctor --repair"));
    repaired(&env);
    assert!(env.ok("track export").stdout == before, "something is not as it was");
    assert_eq!(
        env.ok("track search Part --format json --limit 100").json()["hits"]
            .as_array()
            .unwrap()
            .len(),
        60
    );
    assert_eq!(without_the_file(&env), Vec::<PathBuf>::new());
}

#[test]
fn what_stands_in_the_log_is_the_last_word() {
    let env = recorded();
    let root = root_of(&env, "agent_executions");
    env.ok("track record-completion --execution-id e-10 --final-message 'Once more' --amend");
    let before = env.ok("track export").stdout;
    assert_ne!(env.read(".sortie/history.db-wal").len(), 0);
    change(&env, root, |page| page.fill(0));
    repaired(&env);
    assert!(env.ok("track export").stdout == before, "something is not as it was");
}

/// Deletes executions, whose pages are free then and hold what they held.
fn delete(env: &TestEnv, which: &str) {
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    for table in ["context_allocations", "agent_executions"] {
        conn.execute(&format!("DELETE FROM {table} WHERE execution_id {which}"), []).unwrap();
    }
}

/// The first page of the list of free ones.
fn first_free(env: &TestEnv) -> usize {
    root_of(env, "sessions");
    let file = env.read(".sortie/history.db");
    let page = u32::from_be_bytes(file[32..36].try_into().unwrap()) as usize;
    assert_ne!(page, 0, "nothing is free");
    page
}

#[test]
fn what_was_deleted_stays_so() {
    let env = recorded();
    delete(&env, "< 'e-30'");
    first_free(&env);
    let before = env.ok("track export").stdout;
    behead(&env, "agent_executions");
    repaired(&env);
    assert!(env.ok("track export").stdout == before, "something is not as it was");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "30\n");
}

#[test]
fn a_row_that_was_changed_gets_in_nowhere() {
    let env = recorded();
    behead(&env, "agent_executions");
    let mut file = env.read(".sortie/history.db");
    let text = b"e-31 is done. e-31 is done.";
    let at = file.windows(text.len()).position(|it| it == text).expect("it is there");
    file[at + 6] = b'w';
    env.write(".sortie/history.db", file);
    let outcome = repaired(&env);
    assert_eq!(env.run("track show e-31").status, Some(3), "{outcome}");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "59\n");
    assert!(outcome.out().contains("e-31"), "{outcome}");
}

#[test]
fn without_its_free_list_nothing_is_taken() {
    let env = recorded();
    delete(&env, "< 'e-30'");
    let free = first_free(&env);
    change(&env, free, |page| page.fill(0));
    behead(&env, "agent_executions");
    let outcome = repaired(&env);
    assert!(!outcome.out().contains("of them"), "{outcome}");
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "0\n");
}

//! `sortie backup`, `restore` and `db`: copies of the history, and what there is to say of it.

use crate::env::{Outcome, TestEnv, fixture, rows_of};
use std::path::Path;

/// An earlier schema's history in the place of the project's.
fn of_schema(name: &str) -> TestEnv {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(fixture(name), env.database()).unwrap();
    env
}

/// Lengths and SQLite's version are not always the same.
fn steady(outcome: &Outcome) -> String {
    let text = outcome.to_string();
    let version = regex::Regex::new(r"3\.\d+\.\d+").unwrap();
    let size = regex::Regex::new(r#"\d+\.\d [KM]B|(?-u:\b)\d{5,}(?-u:\b)"#).unwrap();
    let text = version.replace_all(&text, "[SQLITE]");
    size.replace_all(&text, "[SIZE]").into_owned()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn sessions(database: &Path) -> String {
    rows_of(database, "SELECT session_id FROM sessions ORDER BY session_id")
}

#[test]
fn a_backup_holds_what_stands_in_the_log() {
    let env = TestEnv::deployed("exec-001");
    assert!(env.path(".sortie/history.db-wal").metadata().unwrap().len() > 0);
    snapshot!("backup", steady(&env.run("backup copy.db")));
    assert_eq!(sessions(&env.path("copy.db")), "s-1\n");
    assert!(!env.exists("copy.db-wal"), "it needs no file beside it");
    #[cfg(unix)]
    assert_eq!(mode(&env.path("copy.db")), 0o600);
    snapshot!("backup_there", env.run("backup copy.db"));
    env.ok("track init-session --scope s --session-id s-2");
    snapshot!("backup_forced", steady(&env.run("backup copy.db --force --format json")));
    assert_eq!(sessions(&env.path("copy.db")), "s-1\ns-2\n");
    snapshot!("backup_quiet", env.run("backup again.db -q"));
    snapshot!("backup_markdown", steady(&env.run("backup more.db --format markdown")));
    snapshot!("backup_of_itself", env.run("backup .sortie/history.db --force"));
    snapshot!("backup_into_nowhere", env.run("backup none/copy.db"));
    snapshot!("backup_onto_a_directory", env.run("backup lib --force"));
    let left = std::fs::read_dir(env.project()).unwrap();
    let left =
        left.filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().ends_with("tmp"));
    assert_eq!(left.count(), 0);
}

#[test]
fn there_is_nothing_to_back_up() {
    let env = TestEnv::empty();
    snapshot!("backup_of_nothing", env.run("backup copy.db"));
    snapshot!("info_of_nothing", env.run("db info"));
    snapshot!("migrate_nothing", env.run("db migrate"));
    snapshot!("path_of_nothing", env.run("db path --format json"));
    assert!(!env.exists(".sortie") && !env.exists("copy.db"), "nothing was made");
}

#[test]
fn a_backup_is_one_state_while_others_write() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    std::thread::scope(|scope| {
        let write = |from: usize| {
            for at in from..from + 12 {
                env.ok(&format!("track init-session --scope s --session-id w-{at:03} -q"));
            }
        };
        scope.spawn(move || write(0));
        scope.spawn(move || write(100));
        for at in 0..6 {
            env.ok(&format!("backup copy-{at}.db"));
        }
    });
    let mut before = 0;
    for at in 0..6 {
        let copy = env.path(format!("copy-{at}.db"));
        assert_eq!(rows_of(&copy, "PRAGMA integrity_check"), "ok\n");
        let count: usize = rows_of(&copy, "SELECT count(*) FROM sessions").trim().parse().unwrap();
        assert!(count >= before, "a later copy holds no less");
        before = count;
    }
    assert_eq!(env.rows("SELECT count(*) FROM sessions"), "25\n");
}

#[test]
fn a_restore_keeps_what_was_there() {
    let env = TestEnv::deployed("exec-001");
    env.ok("backup copy.db");
    env.ok("track init-session --scope s --session-id s-2");
    snapshot!("restore_refused", env.run("restore copy.db"));
    assert_eq!(sessions(&env.database()), "s-1\ns-2\n");
    snapshot!("restore_forced", steady(&env.run("restore copy.db --force")));
    assert_eq!(sessions(&env.database()), "s-1\n");
    let kept = env.path(".sortie/history.before-restore-20250117T093000Z.db");
    assert_eq!(sessions(&kept), "s-1\ns-2\n");
    snapshot!(
        "restore_back",
        steady(&env.run(&format!("restore {} --force --format json", kept.display())))
    );
    assert_eq!(sessions(&env.database()), "s-1\ns-2\n");
    let again = env.path(".sortie/history.before-restore-20250117T093000Z-2.db");
    assert_eq!(sessions(&again), "s-1\n", "the second in one second has another name");
    snapshot!("restore_itself", env.run("restore .sortie/history.db --force"));
}

/// Whoever has the history open goes on with the restored one.
#[test]
fn a_restore_is_one_commit_to_others() {
    let env = TestEnv::deployed("exec-001");
    env.ok("backup copy.db");
    env.ok("track init-session --scope s --session-id s-2");
    let other = rusqlite::Connection::open(env.database()).unwrap();
    let count = || {
        other.query_row("SELECT count(*) FROM sessions", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(count(), 2);
    env.ok("restore copy.db --force");
    assert_eq!(count(), 1);
    other.execute("DELETE FROM outputs", []).unwrap();
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
}

#[test]
fn a_restore_where_there_is_nothing() {
    let env = TestEnv::deployed("exec-001");
    env.ok("backup copy.db");
    let fresh = TestEnv::empty();
    std::fs::copy(env.path("copy.db"), fresh.path("copy.db")).unwrap();
    snapshot!("restore_fresh", steady(&fresh.run("restore copy.db")));
    assert_eq!(sessions(&fresh.database()), "s-1\n");
    #[cfg(unix)]
    assert_eq!(mode(&fresh.database()), 0o600);
}

#[test]
fn only_a_sound_history_is_restored() {
    let env = TestEnv::deployed("exec-001");
    std::fs::write(env.path("garbage.db"), "This is no database. ".repeat(500)).unwrap();
    snapshot!("restore_garbage", env.run("restore garbage.db --force"));
    std::fs::write(env.path("empty.db"), "").unwrap();
    snapshot!("restore_empty", env.run("restore empty.db --force"));
    snapshot!("restore_absent", env.run("restore none.db --force"));
    let conn = rusqlite::Connection::open(env.path("foreign.db")).unwrap();
    conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
    snapshot!("restore_foreign", env.run("restore foreign.db --force"));
    env.ok("backup newer.db");
    let conn = rusqlite::Connection::open(env.path("newer.db")).unwrap();
    conn.execute_batch("PRAGMA user_version = 99").unwrap();
    snapshot!("restore_newer", env.run("restore newer.db --force"));
    env.ok("backup torn.db");
    let mut torn = env.read("torn.db");
    torn.truncate(torn.len() - 5 * 4096);
    env.write("torn.db", torn);
    let outcome = env.run("restore torn.db --force");
    assert_eq!(outcome.status, Some(7), "{outcome}");
    assert_eq!(sessions(&env.database()), "s-1\n", "it is as it was");
}

/// What is no database any more gives way, and is kept.
#[test]
fn a_restore_over_garbage() {
    let env = TestEnv::deployed("exec-001");
    env.ok("backup copy.db");
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(conn);
    let garbage = "This is no database. ".repeat(500);
    std::fs::write(env.database(), &garbage).unwrap();
    snapshot!("restore_over_garbage", steady(&env.run("restore copy.db --force")));
    assert_eq!(sessions(&env.database()), "s-1\n");
    assert_eq!(rows_of(&env.database(), "PRAGMA integrity_check"), "ok\n");
    let kept = ".sortie/history.before-restore-20250117T093000Z.db";
    assert!(env.text(kept) == garbage);
}

#[test]
fn the_history_before_a_new_schema_is_kept() {
    for schema in ["schema-1.db", "schema-2.db", "schema-4.db", "schema-5.db", "schema-6.db"] {
        let env = of_schema(schema);
        let before = std::fs::read(fixture(schema)).unwrap();
        let outcome = env.run("db migrate");
        let shown = steady(&outcome).replace(&schema[7..8], "N");
        insta::allow_duplicates! { snapshot!("migrate", shown); }
        let kept = env.path(".sortie/history.before-schema-7.db");
        let version = format!("{}\n", &schema[7..8]);
        assert_eq!(rows_of(&kept, "PRAGMA user_version"), version);
        assert!(sessions(&kept).starts_with("s-1\n"));
        assert!(before.len() / 2 < std::fs::read(&kept).unwrap().len());
        #[cfg(unix)]
        assert_eq!(mode(&kept), 0o600);
        snapshot!("migrate_again", env.run("db migrate"));
        // The way back, and forward again.
        env.ok(&format!("restore --force {}", kept.display()));
        assert_eq!(env.rows("PRAGMA user_version"), "7\n");
    }
}

#[test]
fn info_says_what_there_is() {
    let env = of_schema("schema-1.db");
    let before = env.read(".sortie/history.db");
    snapshot!("info_of_an_earlier_schema", steady(&env.run("db info")));
    assert!(env.read(".sortie/history.db") == before, "it changes nothing");
    env.ok("db migrate");
    env.ok("backup copy.db");
    snapshot!("info", steady(&env.run("db info")));
    snapshot!("info_markdown", steady(&env.run("db info --format markdown")));
    let json = env.run("db info --format json").json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    snapshot!("info_keys", format!("{keys:?}"));
    snapshot!("path", env.run("db path"));
    assert!(env.run("db path").out() == "[PROJECT]/.sortie/history.db\n");
}

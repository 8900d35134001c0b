//! What can be wrong with the place where a history lies, or with the file: each row of the table with what a
//! user sees.

use crate::env::{Outcome, TestEnv, rows_of, transcript, words};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const RECORD: &str = "track init-session --scope s --session-id s-2";

/// A project with one session and one completed execution.
fn recorded() -> TestEnv {
    let env = TestEnv::deployed("exec-001");
    env.ok("track record-completion --execution-id exec-001 --final-message done");
    env
}

fn fold(database: &Path) {
    let conn = rusqlite::Connection::open(database).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn skipped(why: &str) {
    eprintln!("\n*** NOT TESTED: {why} ***\n");
}

/// Runs `sortie` through a shell that sets a limit first.
fn limited(env: &TestEnv, limit: &str, line: &str) -> Outcome {
    let program = env!("CARGO_BIN_EXE_sortie");
    let mut command = env.program("sh");
    command.args(["-c", &format!("{limit}; exec \"$@\""), "sh", program]).args(words(line));
    env.outcome(format!("{limit}; sortie {line}"), command.output().unwrap())
}

/// Runs `sortie` as somebody whom permissions bind.
#[cfg(unix)]
fn unprivileged(env: &TestEnv, line: &str) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let mut command: Command = env.sortie();
    if is_root() {
        // Where the program is built others may not look.
        let program = env.beside("sortie-for-all");
        if !program.exists() {
            // By another process: a file that this one has open for writing while another test begins a
            // process cannot be run.
            let mut copy = env.program("cp");
            assert!(
                copy.arg(env!("CARGO_BIN_EXE_sortie")).arg(&program).status().unwrap().success()
            );
            mode(&program, 0o755);
            mode(program.parent().unwrap(), 0o755);
        }
        command = env.program(program);
        command.uid(65_534).gid(65_534);
    }
    let output = command.args(words(line)).output().unwrap();
    env.outcome(format!("sortie {line}"), output)
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A history that others may read, in a directory that nobody of them may write.
#[cfg(unix)]
fn read_only(env: &TestEnv) {
    for name in ["", "-wal", "-shm", "-mark"] {
        let path = env.path(format!(".sortie/history.db{name}"));
        if path.exists() {
            set_mode(&path, 0o444);
        }
    }
    set_mode(&env.path(".sortie"), 0o555);
}

/// Reading works, writing is refused at once.
#[cfg(unix)]
fn reads_and_refuses(env: &TestEnv) -> String {
    let began = Instant::now();
    let shown = transcript(&[
        unprivileged(env, "track query"),
        unprivileged(env, "track show exec-001 --message"),
        unprivileged(env, "track search HNSW --format jsonl"),
        unprivileged(env, RECORD),
    ]);
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for what will not come");
    let checked = unprivileged(env, "doctor");
    assert_eq!(checked.status, Some(0), "{checked}");
    set_mode(&env.path(".sortie"), 0o755);
    shown
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_with_all_files() {
    let env = recorded();
    read_only(&env);
    snapshot!("read_only_directory", reads_and_refuses(&env));
}

/// Without the index that readers share, which cannot be made here.
#[cfg(unix)]
#[test]
fn a_read_only_directory_with_a_log_alone() {
    let env = recorded();
    std::fs::remove_file(env.path(".sortie/history.db-shm")).unwrap();
    assert!(env.path(".sortie/history.db-wal").metadata().unwrap().len() > 0);
    read_only(&env);
    snapshot!("read_only_directory_log", reads_and_refuses(&env));
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_with_the_database_alone() {
    let env = recorded();
    fold(&env.database());
    for name in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(env.path(format!(".sortie/history.db{name}")));
    }
    read_only(&env);
    snapshot!("read_only_directory_database", reads_and_refuses(&env));
}

#[cfg(unix)]
#[test]
fn an_earlier_schema_in_a_read_only_directory() {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(crate::env::fixture("schema-1.db"), env.database()).unwrap();
    let before = env.read(".sortie/history.db");
    read_only(&env);
    snapshot!("read_only_earlier_schema", reads_and_refuses(&env));
    assert!(env.read(".sortie/history.db") == before);
}

#[cfg(unix)]
#[test]
fn no_permission() {
    let env = recorded();
    set_mode(&env.path(".sortie"), 0o755);
    let ask =
        |env: &TestEnv| transcript(&[unprivileged(env, "track query"), unprivileged(env, RECORD)]);
    snapshot!("no_permission_file", ask(&env));
    set_mode(&env.path(".sortie"), 0o700);
    snapshot!("no_permission_directory", ask(&env));
    // A project in which there is no history yet.
    let env = TestEnv::empty();
    set_mode(&env.project(), 0o555);
    snapshot!("no_permission_to_make_one", ask(&env));
    set_mode(&env.project(), 0o755);
}

/// A small file system of its own, if this user may mount one.
pub struct Small {
    dir: PathBuf,
}

impl Small {
    pub fn mounted(dir: PathBuf, kilobytes: usize) -> Option<Small> {
        std::fs::create_dir_all(&dir).unwrap();
        let size = format!("size={kilobytes}k,mode=700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&dir);
        let done = mount.output().is_ok_and(|it| it.status.success());
        if !done {
            skipped("a full disk: this user may not mount a small one");
        }
        done.then_some(Small { dir })
    }

    fn read_only(&self) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,ro"]).arg(&self.dir);
        mount.output().is_ok_and(|it| it.status.success())
    }

    /// Takes all room but so many kilobytes.
    pub fn fill(&self, leave: usize) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.dir.join("filler")).unwrap();
        while file.write_all(&[7; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(leave as u64 * 1024)).unwrap();
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.dir.join("filler")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.dir).output();
    }
}

#[test]
fn a_read_only_file_system() {
    let env = TestEnv::new();
    let Some(disk) = Small::mounted(env.path(".sortie"), 4096) else { return };
    env.ok("track init-session --scope s --session-id s-1");
    std::fs::remove_file(env.path(".sortie/history.db-shm")).unwrap();
    if !disk.read_only() {
        return skipped("a read-only file system: it cannot be mounted again");
    }
    snapshot!(
        "read_only_file_system",
        transcript(&[
            env.run("track sessions"),
            env.run("doctor"),
            env.run("backup copy.db -q"),
            env.run(RECORD),
            env.run("db migrate"),
        ])
    );
    assert_eq!(rows_of(&env.path("copy.db"), "SELECT session_id FROM sessions"), "s-1\n");
}

#[test]
fn a_full_disk_while_recording() {
    let env = TestEnv::new();
    let Some(disk) = Small::mounted(env.path(".sortie"), 2048) else { return };
    env.ok("track init-session --scope s --session-id s-1");
    disk.fill(20);
    snapshot!("full_record", transcript(&[env.run(RECORD), env.run("track sessions")]));
    env.write("long.txt", "long ".repeat(100_000));
    snapshot!(
        "full_bundle",
        env.run(
            "ctx prepare-bundle --agent-type a --scope s --files long.txt,lib --output bundle.json"
        )
    );
    assert!(!env.exists("bundle.json"), "what is not kept is not handed over");
    disk.make_room();
    env.ok(RECORD);
    env.ok("ctx prepare-bundle --agent-type a --scope s --files long.txt --output bundle.json");
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    assert_eq!(env.rows("SELECT session_id FROM sessions"), "s-1\ns-2\n");
    env.ok("doctor");
}

#[test]
fn a_full_disk_from_the_beginning() {
    let env = TestEnv::new();
    let Some(disk) = Small::mounted(env.path(".sortie"), 1024) else { return };
    disk.fill(40);
    snapshot!("full_first", env.run(RECORD));
    disk.make_room();
    env.ok(RECORD);
    env.ok("doctor");
}

#[test]
fn a_full_disk_while_migrating() {
    let env = TestEnv::empty();
    let Some(disk) = Small::mounted(env.path(".sortie"), 1024) else { return };
    std::fs::copy(crate::env::fixture("schema-1.db"), env.database()).unwrap();
    // Room for the copy, not for the new schema; then for neither.
    for (leave, name) in [(230, "full_migration"), (60, "full_backup_before_migration")] {
        disk.fill(leave);
        snapshot!(name, env.run("track sessions"));
        assert!(!env.exists(".sortie/history.before-schema-7.db"), "it is as it was");
        disk.make_room();
        assert_eq!(env.rows("PRAGMA user_version"), "1\n");
    }
    snapshot!("migration_with_room", env.run("track sessions"));
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
}

#[test]
fn a_full_disk_where_a_backup_goes() {
    let env = recorded();
    let Some(disk) = Small::mounted(env.path("backups"), 256) else { return };
    disk.fill(40);
    snapshot!("full_backup", env.run("backup backups/copy.db"));
    let left: Vec<_> = std::fs::read_dir(env.path("backups")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half made stays: {left:?}");
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files() {
    let env = recorded();
    snapshot!("file_size_limit", limited(&env, "ulimit -f 100", RECORD));
    assert_eq!(env.rows("SELECT count(*) FROM sessions"), "1\n");
    env.ok(RECORD);
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    let env = TestEnv::new();
    snapshot!("file_size_limit_first", limited(&env, "ulimit -f 100", RECORD));
    env.ok(RECORD);
}

#[cfg(unix)]
#[test]
fn no_file_descriptors() {
    let env = recorded();
    snapshot!("no_descriptors", limited(&env, "ulimit -n 5", RECORD));
    snapshot!("no_descriptors_to_read", limited(&env, "ulimit -n 5", "track query"));
    env.ok(RECORD);
}

#[test]
fn a_file_without_anything_in_it() {
    let env = TestEnv::empty();
    std::fs::write(env.beside("empty.db"), "").unwrap();
    let db = env.beside("empty.db").display().to_string();
    snapshot!(
        "zero_length",
        transcript(&[
            env.run(&format!("db info --db {db}")),
            env.run(&format!("doctor --db {db}")),
            env.run(&format!("track sessions --db {db}")),
            env.run(&format!("{RECORD} -q --db {db}")),
        ])
    );
}

/// The database's own file without the log beside it.
#[test]
fn a_copy_without_its_log() {
    let env = recorded();
    fold(&env.database());
    env.ok(RECORD);
    let copy = TestEnv::empty();
    std::fs::create_dir(copy.path(".sortie")).unwrap();
    for name in [".sortie/history.db", ".sortie/history.db-mark"] {
        copy.write(name, env.read(name));
    }
    snapshot!("copied_without_log", transcript(&[copy.run("track sessions"), copy.run("doctor")]));
    // Without the mark nothing says that there was more.
    let alone = TestEnv::empty();
    std::fs::create_dir(alone.path(".sortie")).unwrap();
    alone.write(".sortie/history.db", env.read(".sortie/history.db"));
    snapshot!("copied_alone", transcript(&[alone.run("track sessions"), alone.run("doctor")]));
}

#[test]
fn a_database_that_was_deleted_and_its_log_was_not() {
    let env = recorded();
    let log = env.read(".sortie/history.db-wal");
    std::fs::remove_file(env.database()).unwrap();
    snapshot!(
        "database_deleted",
        transcript(&[env.run("track sessions"), env.run("doctor"), env.run(RECORD)])
    );
    assert!(env.read(".sortie/history.orphaned.db-wal") == log, "nothing is deleted");
}

/// Durations are not negative, ages say what is to come, and what was written last is last in its series.
#[test]
fn a_clock_that_was_set_back() {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope later --session-id s-1");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s");
    env.at("2025-01-16T09:30:00Z");
    snapshot!(
        "clock_set_back",
        transcript(&[
            env.run("track record-completion --execution-id e-1 --final-message done"),
            env.run("track show e-1"),
            env.run("track init-session --scope earlier --session-id s-2"),
            env.run("track sessions"),
            env.run("track stats"),
            env.run("track timeline s-1"),
            env.run("outputs collect --execution-id e-1 --validation-results tests:fail"),
            env.run("track complete-session --session-id s-1"),
            env.run("doctor"),
        ])
    );
    env.at("2025-01-15T09:30:00Z");
    env.ok("outputs collect --execution-id e-1 --validation-results tests:pass");
    snapshot!("clock_set_back_last_state", env.run("track show e-1"));
}

#[test]
fn no_home() {
    let env = TestEnv::new();
    let mut outcomes = Vec::new();
    for line in [
        "track init-session --scope s --session-id s-1",
        "track sessions",
        "doctor",
        "ctx check-bounds --files lib --budget 40k",
    ] {
        let mut command = env.sortie();
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"]
        {
            command.env_remove(name);
        }
        let output = command.args(words(line)).output().unwrap();
        outcomes.push(env.outcome(format!("sortie {line}"), output));
    }
    snapshot!("no_home", transcript(&outcomes));
}

/// Others on the same file while its content is replaced: every recording that was acknowledged before is in
/// what is kept, and every one after is in what is there.
#[test]
fn nothing_is_lost_while_a_backup_is_restored() {
    let env = recorded();
    env.ok("backup copy.db");
    let acknowledged = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (env, acknowledged) = (&env, &acknowledged);
            scope.spawn(move || {
                for at in 0..8 {
                    let id = format!("w-{writer}-{at}");
                    env.ok(&format!("track init-session --scope s --session-id {id} -q"));
                    acknowledged.lock().unwrap().push(id);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(60));
        env.ok("restore copy.db --force");
    });
    let kept = env.path(".sortie/history.before-restore-20250117T093000Z.db");
    let ids = "SELECT session_id FROM sessions";
    let found = format!("{}{}", rows_of(&kept, ids), env.rows(ids));
    for id in acknowledged.into_inner().unwrap() {
        assert!(found.lines().any(|line| line == id), "{id} was acknowledged");
    }
    let outcome = env.run("doctor");
    assert_eq!(outcome.status, Some(0), "{outcome}");
}

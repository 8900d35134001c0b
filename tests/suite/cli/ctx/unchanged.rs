//! The same request on a tree where nothing changed, and on one where something did.

use crate::env::TestEnv;
use std::path::Path;
use std::time::Duration;

const PREPARE: &str =
    "ctx prepare-bundle --agent-type a --scope s --files . --model gpt-4o --format json";

/// What the system stamps a file with is old enough to be believed.
fn settle() {
    std::thread::sleep(Duration::from_millis(40));
}

/// A tree with all that a selection follows from, prepared often enough that its trace is kept.
fn traced() -> TestEnv {
    let env = TestEnv::with_git();
    env.write("docs/notes.md", "# Notes\n\nSome words.\n");
    env.write("docs/.ignore", "*.log\n");
    env.write("docs/build.log", "left out\n");
    env.write("docs/deep/er/file.txt", "deep\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("notes.md", env.path("docs/link.md")).unwrap();
    for _ in 0..2 {
        settle();
        env.ok(PREPARE);
    }
    env
}

fn forget(env: &TestEnv) {
    std::fs::remove_file(env.path(".sortie/history.cache")).unwrap();
}

fn poison(env: &TestEnv) {
    let conn = rusqlite::Connection::open(env.path(".sortie/history.cache")).unwrap();
    let swap = "UPDATE files SET found = CAST(substr(found, 1, 32) ||
                  (SELECT substr(found, 33) FROM files WHERE CAST(path AS TEXT) LIKE '%notes.md') AS BLOB)
                WHERE CAST(path AS TEXT) LIKE '%file.txt'";
    assert_eq!(conn.execute(swap, []).unwrap(), 1);
}

#[test]
fn nothing_is_asked_of_a_tree_that_did_not_change() {
    let env = traced();
    let known = env.ok(PREPARE).json();
    poison(&env);
    assert_eq!(env.ok(PREPARE).json(), known, "what is known of files is not asked for");
    assert_eq!(env.ok(&format!("{PREPARE} --paranoid")).json(), known);
    let other = env.ok(&PREPARE.replace("--scope s", "--scope other")).json();
    assert!(other["context_items"] != known["context_items"], "the files were asked for");
}

/// What is done to a tree.
type Change = Box<dyn Fn(&TestEnv)>;

/// Each change, made on a tree of its own: the bundle is the one that is had with no cache.
#[test]
fn whatever_changes_a_selection_is_seen() {
    let write = |name: &'static str, text: &'static str| {
        move |env: &TestEnv| {
            env.write(name, text);
        }
    };
    let changes: Vec<(&str, Change)> = vec![
        ("a file of the same length", Box::new(write("docs/notes.md", "# Notes\n\nSome WORDS.\n"))),
        ("a new file", Box::new(write("docs/deep/new.txt", "new\n"))),
        ("a new directory", Box::new(write("docs/deep/other/new.txt", "new\n"))),
        ("a file gone", Box::new(|env| std::fs::remove_file(env.path("docs/notes.md")).unwrap())),
        ("a file renamed", Box::new(|env| renamed(env, "docs/notes.md", "docs/other.md"))),
        ("a directory renamed", Box::new(|env| renamed(env, "docs/deep/er", "docs/deep/est"))),
        ("an ignore file edited", Box::new(write("docs/.ignore", "*.txt\n"))),
        ("an ignore file added", Box::new(write("docs/deep/.gitignore", "*.txt\n"))),
        ("one gone", Box::new(|env| std::fs::remove_file(env.path("docs/.ignore")).unwrap())),
        ("the repository's own excludes", Box::new(write(".git/info/exclude", "notes.md\n"))),
        ("an ignore file above the project", Box::new(|env| above(env, "notes.md\n"))),
        ("the user's excludes", Box::new(|env| excludes(env, "notes.md\n"))),
        (
            "an ignored file gone",
            Box::new(|env| {
                std::fs::remove_file(env.path("docs/build.log")).unwrap();
            }),
        ),
        ("the configuration", Box::new(write("sortie.toml", "ignore = [\"*.txt\"]\n"))),
        (
            "the template",
            Box::new(|env| {
                env.write(
                    ".sortie/templates/briefing.md.hbs",
                    "{{#each items}}{{path}}{{/each}}\n",
                );
            }),
        ),
        #[cfg(unix)]
        ("a link's target edited", Box::new(write("docs/notes.md", "# Other\n"))),
        #[cfg(unix)]
        (
            "a link led elsewhere",
            Box::new(|env| {
                std::fs::remove_file(env.path("docs/link.md")).unwrap();
                std::os::unix::fs::symlink("deep/er/file.txt", env.path("docs/link.md")).unwrap();
            }),
        ),
    ];
    for (what, change) in changes {
        let env = traced();
        let before = env.ok(PREPARE).json();
        change(&env);
        let known = env.run(PREPARE).to_string();
        forget(&env);
        let anew = env.run(PREPARE);
        assert_eq!(known, anew.to_string(), "{what}");
        assert!(anew.status != Some(0) || anew.json() != before, "{what} changes the bundle");
    }
}

fn renamed(env: &TestEnv, from: &str, to: &str) {
    std::fs::rename(env.path(from), env.path(to)).unwrap();
}

fn above(env: &TestEnv, text: &str) {
    std::fs::write(env.beside(".ignore"), text).unwrap();
}

fn excludes(env: &TestEnv, text: &str) {
    let path = env.home().join(".config/git/ignore");
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
    std::fs::write(path, text).unwrap();
}

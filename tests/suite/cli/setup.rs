//! The workspace, the formats, and what one sets up once.

use crate::env::{TestEnv, transcript, words};
use std::path::PathBuf;
use std::process::Stdio;

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --output bundle.json";

/// Files below the project and beside it, without those that were there before.
fn made_by(env: &TestEnv, line: &str) -> Vec<PathBuf> {
    fn all(dir: PathBuf) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(all(path.clone()));
            }
            found.push(path);
        }
        found
    }
    let before = all(env.beside(""));
    env.run(line);
    all(env.beside("")).into_iter().filter(|path| !before.contains(path)).collect()
}

#[test]
fn reading_creates_nothing() {
    let env = TestEnv::with_git();
    let lines = [
        "track query",
        "track sessions",
        "track show latest",
        "ctx list",
        "ctx models",
        "ctx templates",
        "ctx show latest",
        "ctx replay --execution-id latest",
        "ctx check-bounds --files lib",
        "ctx validate --scope 'Vector search' --context-files lib",
        "ctx track-budget --session-id s-1",
        "outputs query",
        "outputs reports",
        "outputs verify --session-id s-1",
        "outputs synthesize --agents a",
        "completions bash",
    ];
    for line in lines {
        assert_eq!(made_by(&env, line), Vec::<PathBuf>::new(), "{line}");
    }
}

#[test]
fn lists_of_nothing() {
    let env = TestEnv::new();
    let lists = ["track query", "track sessions", "ctx list", "outputs query", "outputs reports"];
    snapshot!("lists_of_nothing", transcript(&lists.map(|list| env.run(list))));
    let json = lists.map(|list| env.run(&format!("{list} --format json")));
    snapshot!("lists_of_nothing_json", transcript(&json));
}

#[test]
fn init() {
    let env = TestEnv::new();
    snapshot!("init", env.run("init"));
    snapshot!("init_again", env.run("init"));
    assert_eq!(env.text(".sortie/.gitignore"), "*\n");
    snapshot!("project_root_absent", env.run("track query --project-root nowhere"));
    snapshot!("project_root_a_file", env.run("track query --project-root README.md"));
}

#[test]
fn the_first_write_makes_a_history_that_git_does_not_see() {
    let env = TestEnv::with_git();
    env.ok("track init-session --scope s");
    assert_eq!(env.text(".sortie/.gitignore"), "*\n");
    let status = env.program("git").args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
}

#[test]
fn the_root_is_found_from_below() {
    let mut env = TestEnv::with_git();
    env.enter("lib");
    env.ok("track init-session --scope s --session-id by-git");
    assert!(env.database().exists());
    // Names are given from where one stands and kept from the root.
    env.ok("ctx prepare-bundle --agent-type a --scope s --files types.ts,../spec --output b.json");
    assert!(env.exists("lib/b.json"));
    snapshot!("bundle_from_below", env.run("ctx show b.json"));
    env.write("lib/sortie.toml", "");
    env.ok("track init-session --scope s --session-id by-toml");
    assert!(env.exists("lib/.sortie/history.db"));
    env.enter("spec");
    assert_eq!(env.rows("SELECT session_id FROM sessions"), "by-git\n");
    env.ok("track init-session --scope s --session-id by-option --project-root ../references");
    assert!(env.exists("references/.sortie/history.db"));
}

#[test]
fn without_git_the_root_is_where_one_stands() {
    let mut env = TestEnv::new();
    env.enter("lib");
    env.ok("track init-session --scope s");
    assert!(env.exists("lib/.sortie/history.db"));
    assert!(!env.exists(".sortie"));
}

#[test]
fn a_linked_worktree_writes_into_the_main_ones_history() {
    let mut env = TestEnv::with_git();
    env.git("worktree add --quiet --detach ../beside");
    env.git("worktree add --quiet --detach .worktrees/inside");
    for (dir, id) in [
        ("../beside", "beside"),
        ("../beside/lib", "beside-lib"),
        (".worktrees/inside", "inside"),
        (".worktrees/inside/lib", "inside-lib"),
    ] {
        env.enter(dir);
        env.ok(&format!("track init-session --scope s --session-id {id}"));
        // The files are the worktree's own.
        env.write(format!("{dir}/only-here.txt"), id);
        let bundle = env
            .ok("ctx prepare-bundle --agent-type a --scope s --files only-here.txt --format json");
        let source = if dir.ends_with("lib") { "lib/only-here.txt" } else { "only-here.txt" };
        assert_eq!(bundle.json()["context_items"][0]["source"], source, "{dir}");
    }
    assert_eq!(
        env.rows("SELECT session_id FROM sessions ORDER BY rowid"),
        "beside\nbeside-lib\ninside\ninside-lib\n"
    );
    for dir in ["../beside", "../beside/lib", ".worktrees/inside", ".worktrees/inside/lib"] {
        assert!(!env.exists(format!("{dir}/.sortie")), "{dir}");
    }
}

#[test]
fn a_linked_worktree_of_a_project_with_a_history() {
    let mut env = TestEnv::with_git();
    env.ok("track init-session --scope s --session-id first");
    env.git("worktree add --quiet --detach .worktrees/inside");
    env.enter(".worktrees/inside");
    env.ok("track init-session --scope s --session-id second");
    assert_eq!(env.rows("SELECT session_id FROM sessions ORDER BY rowid"), "first\nsecond\n");
}

#[test]
fn another_database() {
    let env = TestEnv::new();
    let file = env.beside("elsewhere.db");
    let session = |id: &str| words(&format!("track init-session --scope s --session-id {id}"));
    let status = env.sortie().args(session("by-variable")).env("SORTIE_DB", &file).status();
    assert!(status.unwrap().success());
    env.ok(&format!("track init-session --scope s --session-id by-option --db {}", file.display()));
    let other = env.beside("other.db");
    let both = env
        .sortie()
        .args(session("option-wins"))
        .env("SORTIE_DB", &file)
        .arg("--db")
        .arg(&other)
        .status();
    assert!(both.unwrap().success());
    let ids = |path| crate::env::rows_of(path, "SELECT session_id FROM sessions ORDER BY rowid");
    assert_eq!(ids(&file), "by-variable\nby-option\n");
    assert_eq!(ids(&other), "option-wins\n");
    assert!(!env.exists(".sortie"));
}

const FORMATS: [&str; 4] = ["table", "json", "jsonl", "markdown"];

/// Two deployments, one of them with names that each format must keep from doing harm.
fn recorded() -> TestEnv {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type implementor --scope s --files lib --output b.json");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type implementor \
            --scope 'a | b, \"c\" <d> *e*' --context-bundle b.json");
    env.ok("track init-deployment --session-id s-1 --execution-id e-2 --agent-type '=cmd|x' \
            --scope 'two\nlines' --context-token-count 40k");
    env.ok(
        "track record-completion --execution-id e-1 --final-message 'Done.\n\n# Not a heading\n'",
    );
    env.ok(
        "outputs collect --execution-id e-1 --insights 'fast | good' --validation-results t:pass",
    );
    env
}

#[test]
fn formats() {
    let env = recorded();
    let list = FORMATS.map(|format| env.run(&format!("track query --format {format}")));
    snapshot!("formats_of_a_list", transcript(&list));
    let detail = FORMATS.map(|format| env.run(&format!("track show e-1 --format {format}")));
    snapshot!("formats_of_a_detail", transcript(&detail));
    snapshot!("format_bad", env.run("track query --format yaml"));
    for (list, detail) in [(&list[1], &list[2]), (&detail[1], &detail[2])] {
        assert!(list.stderr.is_empty() && detail.stderr.is_empty());
        list.json();
        for line in detail.out().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn colour() {
    let env = recorded();
    let escapes = |line: &str, variables: &[(&str, &str)]| {
        let output = env.sortie().args(words(line)).envs(variables.iter().copied()).output();
        output.unwrap().stdout.contains(&0x1b)
    };
    assert!(!escapes("track query", &[]), "a pipe");
    assert!(escapes("track query --color always", &[]));
    assert!(!escapes("track query --color never", &[]));
    assert!(!escapes("track query", &[("NO_COLOR", "1")]));
    for format in ["json", "jsonl", "markdown", "csv"] {
        assert!(!escapes(&format!("track show e-1 --color always --format {format}"), &[]));
    }
    let failed = env.run("track show nobody --color always");
    assert!(failed.stderr.contains(&0x1b));
    assert!(!env.run("track show nobody").stderr.contains(&0x1b));
}

/// On a terminal there is colour, unless NO_COLOR is set.
#[cfg(target_os = "linux")]
#[test]
fn colour_on_a_terminal() {
    let env = recorded();
    let program = env!("CARGO_BIN_EXE_sortie");
    let on_a_terminal = |variables: &[(&str, &str)]| {
        let mut script = env.program("script");
        script.args(["-qec", &format!("'{program}' track query"), "/dev/null"]);
        let output = script.envs(variables.iter().copied()).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| output.stdout.contains(&0x1b))
    };
    // `script` is not everywhere.
    if let Some(colour) = on_a_terminal(&[("TERM", "xterm")]) {
        assert!(colour);
        assert_eq!(on_a_terminal(&[("TERM", "xterm"), ("NO_COLOR", "1")]), Some(false));
        assert_eq!(on_a_terminal(&[("TERM", "xterm"), ("NO_COLOR", "")]), Some(true));
    }
}

#[test]
fn quiet_leaves_only_the_id() {
    let env = TestEnv::new();
    let lines = [
        "track init-session --scope s --session-id s-1 --quiet",
        "ctx prepare-bundle --agent-type a --scope s --files lib --output b.json -q",
        "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s \
         --context-bundle b.json --quiet",
        "track init-deployment --session-id s-1 --agent-type a --scope s --quiet",
        "ctx generate-briefing --bundle b.json --output briefing.md --quiet",
        "ctx deduplicate --bundles b.json,b.json --output shared.json --quiet",
        "track record-completion --execution-id e-1 --final-message ok --quiet",
        "track record-completion --execution-id e-1 --final-message ok --quiet",
        "track set-phase --session-id s-1 --phase 3 --quiet",
        "ctx replay --execution-id e-1 --output again.md --quiet",
        "init --quiet",
    ];
    snapshot!("quiet", transcript(&lines.map(|line| env.run(line))));
}

#[cfg(unix)]
#[test]
fn links_named_after_groups() {
    let env = TestEnv::new();
    let bin = env.beside("bin");
    std::fs::create_dir(&bin).unwrap();
    snapshot!("links", env.run("links ../bin"));
    snapshot!("links_again", env.run("links ../bin"));
    std::fs::remove_file(bin.join("ctx")).unwrap();
    std::fs::write(bin.join("ctx"), "theirs").unwrap();
    assert_eq!(env.run("links ../bin").status, Some(1));
    assert_eq!(std::fs::read(bin.join("ctx")).unwrap(), b"theirs");
    std::fs::remove_file(bin.join("ctx")).unwrap();
    env.ok("links ../bin");
    let through = |group: &str, line: &str| {
        let output = env.program(bin.join(group)).args(words(line)).output().unwrap();
        env.outcome(format!("{group} {line}"), output)
    };
    snapshot!(
        "through_links",
        transcript(&[
            through("track", "init-session --scope s --session-id s-1"),
            through("ctx", "prepare-bundle --agent-type a --scope s --files lib/types.ts"),
            through("outputs", "query --session-id s-1"),
        ])
    );
}

#[test]
fn completions_and_man_pages() {
    let env = TestEnv::new();
    let bash = env.ok("completions bash");
    let parsed = crate::env::feed(env.program("bash").arg("-n"), &bash.stdout);
    assert!(parsed.status.success(), "{parsed:?}");
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(!env.ok(&format!("completions {shell}")).stdout.is_empty());
    }
    snapshot!("completions_bad", env.run("completions tcsh"));
    snapshot!("man", env.run("man man1"));
    let mut pages: Vec<String> = std::fs::read_dir(env.path("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    snapshot!("man_pages", pages.join("\n"));
    assert!(!env.exists(".sortie"));
}

#[test]
fn usage() {
    let env = TestEnv::new();
    let bare = env.sortie().env_remove("SORTIE_NOW").output().unwrap();
    snapshot!("no_arguments", env.outcome("sortie", bare));
    snapshot!("unknown_verb", env.run("ctx prepare"));
    snapshot!("missing_argument", env.run("ctx prepare-bundle --scope s"));
    snapshot!(
        "exclusive_arguments",
        env.run("ctx prepare-bundle --agent-type a --scope s --files lib --budget 1k --reserve 2k")
    );
}

/// `sortie … | head -1`: whoever reads has enough.
#[test]
fn a_closed_pipe_ends_quietly() {
    use std::io::Read;
    let env = TestEnv::deployed("exec-001");
    env.write("out.txt", "a line\n".repeat(1 << 20));
    env.ok("track record-completion --execution-id exec-001 --final-message-file out.txt");
    for line in [
        "track show exec-001 --message",
        "track show exec-001",
        "track show exec-001 --format json",
    ] {
        let mut command = env.sortie();
        command.args(words(line)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = [0; 6];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let outcome = env.outcome(line, child.wait_with_output().unwrap());
        assert_eq!((outcome.status, outcome.err()), (Some(0), String::new()), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn usage_through_a_link() {
    let env = TestEnv::new();
    env.ok("links .");
    let output = env.program(env.path("ctx")).args(["replay", "--help"]).output().unwrap();
    let usage = String::from_utf8(output.stdout).unwrap();
    let usage = usage.lines().find(|line| line.starts_with("Usage:")).unwrap().to_owned();
    assert_eq!(usage, "Usage: sortie ctx replay [OPTIONS] --execution-id <EXECUTION>");
}

#[test]
fn csv_is_for_programs() {
    let env = TestEnv::deployed("e-1");
    env.ok(&format!("{PREPARE} --files lib"));
    env.ok("track init-deployment --session-id s-1 --execution-id e-2 --agent-type a --scope s \
            --context-token-count 40k");
    env.ok("ctx record-allocation --execution-id e-1 --bundle bundle.json");
    let list = env.ok("track query --format csv").out();
    assert!(list.contains(",40000,") && !list.contains('≈'), "{list}");
    let detail = env.ok("track show e-1 --format csv").out();
    assert!(detail.contains("Implement HNSW"), "{detail}");
}

#[test]
fn errors_of_files_are_plain() {
    let env = TestEnv::deployed("e-1");
    for line in [
        "track record-completion --execution-id e-1 --final-message-file none.txt",
        "ctx prepare-bundle --agent-type a --scope s --files-from none.txt",
    ] {
        let outcome = env.run(line);
        assert_eq!(outcome.status, Some(3));
        assert!(!outcome.err().contains("os error"), "{outcome}");
    }
}

//! Nothing that was recorded, named, configured or typed reaches a terminal as anything but text.

use crate::env::TestEnv;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Output};

/// A title set, a screen cleared, a line reordered, a word hidden, a line written over.
const EVIL: &str = "A\u{1b}]0;owned\u{7}B\u{1b}[2JC\u{9b}2KD\u{202e}E\u{2066}F\u{200b}G\rH\u{8}I\u{7f}J\u{1b}PK\u{85}L\u{e0041}M\nN";

/// The kind of agent that becomes an evil one.
const STAND_IN: &str = "stand-in";

/// What a terminal would do something about, or a reader would not see.
fn is_active(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

#[track_caller]
fn assert_inert(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(at) = text.find(is_active) {
        let from = text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
        let around: String = text[from..].chars().take(120).collect();
        panic!("{what}: {around:?}");
    }
}

/// A project in which whatever has a name or holds words has hostile ones.
fn hostile() -> TestEnv {
    let env = TestEnv::empty();
    env.write(format!("src/{EVIL}.md"), format!("# {EVIL}\n\ntext\n\n## Two {EVIL}\n\n{EVIL}\n"));
    env.write("src/plain.md", format!("# Plain\n\n{EVIL}\n"));
    env.write(format!("src/{EVIL}.bin"), b"\0\x01\x02");
    env.write(OsString::from_vec(b"src/\xff\x1b[2J.txt".to_vec()), "x");
    env.write(format!(".sortie/templates/{EVIL}.hbs"), format!("{{{{!-- {EVIL} --}}}}{EVIL}"));
    env.write(".sortie/templates/broken.hbs", format!("{{{{#if {EVIL}}}}}"));
    env.write("broken.toml", format!("scope = \"{}\"\nbad key = 1\n", "x".repeat(3)));
    env.write("message.txt", format!("{EVIL}\n```\n{EVIL}"));
    let done = |args: &[&str]| {
        let output = run(&env, args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert_inert(&format!("{args:?}"), &output.stdout);
        assert_inert(&format!("{args:?}"), &output.stderr);
    };
    let metadata = serde_json::json!({ EVIL: EVIL }).to_string();
    done(&["track", "init-session", "--session-id", "s-0", "--scope", EVIL]);
    done(&["track", "fail-session", "--session-id", "s-0", "--reason", EVIL]);
    done(&[
        "track",
        "init-session",
        "--session-id",
        "s-1",
        "--scope",
        EVIL,
        "--metadata",
        &metadata,
    ]);
    done(&[
        "ctx",
        "prepare-bundle",
        "--agent-type",
        STAND_IN,
        "--scope",
        EVIL,
        "--role",
        EVIL,
        "--constraint",
        EVIL,
        "--files",
        "src",
        "--output",
        "bundle.json",
    ]);
    done(&[
        "ctx",
        "prepare-bundle",
        "--agent-type",
        "plain",
        "--scope",
        EVIL,
        "--files",
        "src/plain.md",
        "--output",
        "other.json",
    ]);
    for id in ["e-1", "e-2"] {
        done(&[
            "track",
            "init-deployment",
            "--session-id",
            "s-1",
            "--execution-id",
            id,
            "--agent-type",
            STAND_IN,
            "--scope",
            EVIL,
            "--context-bundle",
            "bundle.json",
            "--model",
            EVIL,
        ]);
        done(&[
            "outputs",
            "collect",
            "--execution-id",
            id,
            "--deliverables",
            &format!("src/{EVIL}.md"),
            "--deliverables",
            &format!("gone/{EVIL}"),
            "--insights",
            EVIL,
            "--errors",
            EVIL,
            "--validation-results",
            &format!("{EVIL}:fail"),
            "--related-files",
            EVIL,
        ]);
    }
    done(&[
        "track",
        "record-completion",
        "--execution-id",
        "e-1",
        "--status",
        "failed",
        "--final-message-file",
        "message.txt",
        "--error-message",
        EVIL,
        "--deliverables",
        EVIL,
    ]);
    done(&["track", "record-completion", "--execution-id", "e-2", "--final-message", EVIL]);
    done(&[
        "track",
        "record-completion",
        "--execution-id",
        "e-2",
        "--final-message",
        "else",
        "--amend",
    ]);
    with_evil_types(&env);
    env
}

/// No agent can be called so any more, but what was recorded before, or elsewhere, stays readable.
fn with_evil_types(env: &TestEnv) {
    let history = env.ok("track export").stdout;
    let evil = serde_json::to_string(EVIL).unwrap();
    let history = String::from_utf8(history).unwrap().replace(&format!("\"{STAND_IN}\""), &evil);
    env.write("history.jsonl", &history);
    for file in ["history.db", "history.db-wal", "history.db-shm", "history.db-mark"] {
        std::fs::remove_file(env.path(".sortie").join(file)).ok();
    }
    env.ok("track import history.jsonl");
    assert!(env.ok("track export").out().contains(&evil));
}

fn run<S: AsRef<OsStr>>(env: &TestEnv, args: &[S]) -> Output {
    env.sortie().args(args).output().unwrap()
}

/// Every question there is, and what cannot be answered.
fn questions() -> Vec<Vec<String>> {
    let lines = [
        "track sessions",
        "track query",
        "track query --agent-type EVIL",
        "track query --session-id EVIL",
        "track show e-1",
        "track show EVIL",
        "track context e-1",
        "track diff e-1 e-2",
        "track search owned",
        "track search EVIL",
        "track timeline s-1",
        "track recall s-1",
        "track recall EVIL",
        "track stats",
        "track stats --by agent-type",
        "track stats --by EVIL",
        "track prune --older-than 0d --dry-run",
        "track export --output out/EVIL",
        "track import message.txt",
        "track import EVIL",
        "track set-phase --session-id s-1 --phase EVIL",
        "track init-session --scope EVIL --session-id EVIL",
        "track init-session --scope EVIL --session-id s-1",
        "track init-session --scope x --metadata EVIL",
        "track init-deployment --session-id s-1 --execution-id e-1 --agent-type x --scope EVIL",
        "track record-completion --execution-id e-1 --status EVIL",
        "track record-completion --execution-id e-1 --error-message other",
        "outputs query",
        "outputs query --agent-type EVIL --since EVIL",
        "outputs verify --session-id s-1",
        "outputs history src/EVIL.md",
        "outputs history EVIL",
        "outputs diff s-0 s-1",
        "outputs synthesize --session-id s-1",
        "outputs reports",
        "outputs show latest",
        "outputs collect --execution-id e-1 --validation-results EVIL",
        "ctx validate --scope EVIL --files src",
        "ctx validate --scope EVIL --files EVIL",
        "ctx validate --scope EVIL --files src/plain.md#EVIL",
        "ctx check-bounds --files src",
        "ctx check-bounds --files src --budget EVIL",
        "ctx check-bounds --files src --model EVIL",
        "ctx track-budget --session-id s-1",
        "ctx track-budget --session-id EVIL",
        "ctx deduplicate --bundles bundle.json,other.json",
        "ctx list",
        "ctx show latest",
        "ctx show bundle.json",
        "ctx show bundle.json --item EVIL",
        "ctx verify bundle.json",
        "ctx verify EVIL",
        "ctx diff bundle.json other.json",
        "ctx templates",
        "ctx models EVIL",
        "ctx plan broken.toml",
        "ctx plan EVIL",
        "ctx generate-briefing --bundle bundle.json --template EVIL --format json",
        "ctx generate-briefing --bundle bundle.json --template broken",
        "ctx generate-briefing --bundle EVIL",
        "ctx prepare-bundle --agent-type EVIL --scope EVIL --files src --budget 1",
        "ctx prepare-bundle --agent-type a --scope b --files src/plain.md --output none/EVIL/x",
        "ctx expand bundle.json --item EVIL",
        "EVIL",
        "--EVIL",
        "ctx --EVIL",
        "ctx EVIL",
        "--db EVIL track sessions",
        "--project-root EVIL track sessions",
        "--format EVIL track sessions",
        "links none/EVIL",
        "man none/EVIL",
        "completions EVIL",
    ];
    let words = |line: &str| line.split(' ').map(|word| word.replace("EVIL", EVIL)).collect();
    lines.iter().map(|line| words(line)).collect()
}

#[test]
fn data_does_nothing_in_a_pipe() {
    let env = hostile();
    for question in questions() {
        for format in ["table", "json", "jsonl", "markdown", "html"] {
            let mut args = question.clone();
            if !args.iter().any(|arg| arg == "--format") {
                args.extend(["--format".to_owned(), format.to_owned()]);
            }
            let output = run(&env, &args);
            assert!(output.status.code().is_some_and(|code| code < 100), "{args:?}: {output:?}");
            assert_inert(&format!("{args:?} stdout"), &output.stdout);
            assert_inert(&format!("{args:?} stderr"), &output.stderr);
        }
    }
}

/// Files that are not as they should be, whose complaints quote them.
#[test]
fn complaints_quote_nothing_alive() {
    let env = hostile();
    let quoted = toml_text(EVIL);
    for config in [
        format!("{quoted} = 1\n"),
        format!("model = {quoted}\nmodel = 2\n"),
        format!("budget = {quoted}\n"),
        format!("dedup = {quoted}\n"),
        format!("[models.{quoted}]\nwindow = {quoted}\n"),
        format!("[models.{quoted}]\ntokenizer = {quoted}\n"),
        format!("model = {quoted}\n"),
        format!("[estimates.{quoted}]\nrust = 99\n"),
        format!("[estimates.x]\n{quoted} = 1\n"),
        format!("ignore = [{quoted}, '{{']\n"),
        EVIL.to_owned(),
    ] {
        env.write("sortie.toml", &config);
        let output = run(&env, &["ctx", "check-bounds", "--files", "src"]);
        assert_inert(&config, &output.stderr);
        assert_inert(&config, &output.stdout);
    }
    std::fs::remove_file(env.path("sortie.toml")).unwrap();
    for plan in [
        format!("{quoted} = 1\n"),
        format!("scope = 's'\n[[agents]]\nagent_type = {quoted}\nname = {quoted}\n"),
        format!("scope = 's'\nagents = [{{ agent_type = 'a', files = [{quoted}] }}]\n"),
        format!("scope = 's'\nmodel = {quoted}\n[[agents]]\nagent_type = 'a'\n"),
    ] {
        env.write("plan.toml", &plan);
        let output = run(&env, &["ctx", "plan", "plan.toml"]);
        assert!(!output.status.success());
        assert_inert(&plan, &output.stderr);
    }
    let json = serde_json::to_string(EVIL).unwrap();
    for bundle in [
        format!("{{{json}: 1}}"),
        format!("{{\"version\": {json}}}"),
        format!("{{\"version\": 2, \"bundle_id\": {json}}}"),
        EVIL.to_owned(),
    ] {
        env.write("bad.json", &bundle);
        let output = run(&env, &["ctx", "show", "bad.json"]);
        assert!(!output.status.success());
        assert_inert(&bundle, &output.stderr);
    }
    for line in [
        format!("{{\"record\": {json}}}"),
        format!(
            "{{\"record\": \"head\", \"format\": 1, \"sortie\": {json}, \"schema\": 4, \"exported_at\": {json}}}"
        ),
        format!(
            "{{\"record\": \"head\", \"format\": 1, \"sortie\": \"1\", \"schema\": 4, \"exported_at\": \"2025-01-17T09:30:00Z\"}}\n{{\"record\": \"session\", {json}: {json}}}"
        ),
    ] {
        env.write("bad.jsonl", &line);
        let output = run(&env, &["track", "import", "bad.jsonl"]);
        assert!(!output.status.success());
        assert_inert(&line, &output.stderr);
    }
}

fn toml_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", c as u32),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// On a terminal the texts themselves, too, which a pipe gets byte for byte.
#[test]
fn data_does_nothing_on_a_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return;
    }
    let env = hostile();
    let texts = [
        "track show e-1 --message",
        "ctx replay --execution-id e-1",
        "ctx generate-briefing --bundle bundle.json",
        "ctx show bundle.json --item src/plain.md",
        "ctx expand bundle.json --item src/plain.md",
        "outputs synthesize --session-id s-1",
        "outputs synthesize --session-id s-1 --template EVIL",
        "ctx generate-briefing --bundle bundle.json --template EVIL",
        "track export",
        "track sessions --format csv",
        "outputs query --format csv",
        "track query --format json",
        "track sessions",
        "track show e-1",
        "track timeline s-1",
        "track search owned",
        "outputs history EVIL",
        "ctx templates",
        "--EVIL",
        "ctx EVIL",
    ];
    // Our own colours, and nothing else.
    let colour = regex::bytes::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    for text in texts {
        let quote = |word: &str| format!("'{}'", word.replace("EVIL", EVIL).replace('\'', "'\\''"));
        let line: Vec<String> = text.split(' ').map(quote).collect();
        let script = format!(
            "stty cols 100 -onlcr; exec {} {}\n",
            env!("CARGO_BIN_EXE_sortie"),
            line.join(" ")
        );
        env.write("line.sh", script);
        let mut command = env.program("script");
        let command = command.args(["-qec", "sh line.sh", "/dev/null"]).env("SHELL", "/bin/sh");
        let output = command.output().unwrap();
        assert!(!output.stdout.is_empty(), "{text}: {output:?}");
        assert_inert(text, &colour.replace_all(&output.stdout, &b""[..]));
    }
}

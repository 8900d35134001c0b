//! Hooks in a harness's settings: put there, taken out, and everything else left as it is.

use crate::env::{Outcome, TestEnv, transcript, words};
use serde_json::{Value, json};
use sortie::capture::install::{Harness, Installed, SKILL, Surroundings, hooks_object, installed};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SETTINGS: &str = ".claude/settings.json";

/// A second sortie, so that its path is the test's own.
fn sortie_at(path: &Path) {
    let this = env!("CARGO_BIN_EXE_sortie");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if std::fs::hard_link(this, path).is_err() {
        std::fs::copy(this, path).unwrap();
    }
}

/// An empty project, where PATH leads to sortie and to nothing else.
fn env() -> TestEnv {
    let env = TestEnv::empty();
    sortie_at(&env.beside("bin/sortie"));
    env
}

/// The sortie that PATH leads to.
fn command(env: &TestEnv) -> Command {
    let mut command = env.program(env.beside("bin/sortie"));
    command.env("PATH", env.beside("bin"));
    command
}

fn run(env: &TestEnv, line: &str) -> Outcome {
    let output = command(env).args(words(line)).output().unwrap();
    env.outcome(format!("sortie {line}"), output)
}

#[track_caller]
fn ok(env: &TestEnv, line: &str) -> Outcome {
    let outcome = run(env, line);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    outcome
}

/// All files of the project, sorted.
fn files(env: &TestEnv) -> Vec<String> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() && !path.is_symlink() {
                true => below(&path, found),
                false => found.push(path),
            }
        }
    }
    let mut found = Vec::new();
    below(&env.project(), &mut found);
    let name = |it: PathBuf| it.strip_prefix(env.project()).unwrap().display().to_string();
    let mut names: Vec<String> = found.into_iter().map(name).collect();
    names.sort();
    names
}

fn parsed(text: &[u8]) -> Value {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Settings with hooks of others, in many manners of writing.
fn styles() -> Vec<(&'static str, Vec<u8>)> {
    let value = json!({
        "$schema": "https://json.schemastore.org/claude-code-settings.json",
        "zebra": [1, 2.50, { "a": null }],
        "hooks": {
            "Stop": [{ "hooks": [{ "type": "command", "command": "./stop.sh" }] }],
            "PreToolUse": [
                { "matcher": "Bash", "hooks": [{ "type": "command", "command": "./check.sh", "timeout": 60 }] },
            ],
        },
        "permissions": { "allow": ["Bash(ls:*)", "Read(é}])"], "deny": [] },
    });
    let pretty = |indent: &str| {
        let mut out = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        serde::Serialize::serialize(&value, &mut serializer).unwrap();
        String::from_utf8(out).unwrap()
    };
    let all = [
        ("two blanks", pretty("  ") + "\n"),
        ("four blanks", pretty("    ") + "\n"),
        ("tabs", pretty("\t") + "\n"),
        ("no newline at the end", pretty("  ")),
        ("newlines at the end", pretty("  ") + "\n\n\n"),
        ("CRLF", pretty("  ").replace('\n', "\r\n") + "\r\n"),
        ("BOM", format!("\u{feff}{}\n", pretty("  "))),
        ("minified", value.to_string()),
        ("one line", r#"{"env": {"A": "b, c: d"}, "hooks": {"Stop": [{"hooks": []}]}}"#.to_owned()),
        ("embraced", "{\"hooks\": {\"PreToolUse\": [{\n  \"matcher\": \"Bash\",\n  \"hooks\": [{\n    \"type\": \"command\", \"command\": \"x\"\n  }]\n}]}}\n".to_owned()),
        ("wild", "{ \"a\" :1 ,\n\n\n   \"hooks\"  : { \"PostToolUse\" :[ ] } ,\"b\":\n2}".to_owned()),
        ("nothing but braces", "{}".to_owned()),
        ("blanks in braces", "{ \n\n }\n".to_owned()),
        ("no hooks yet", "{\n  \"hooks\": {}\n}\n".to_owned()),
        ("empty", String::new()),
        ("blank", "\n  \n".to_owned()),
        ("other things only", "{\n    \"model\": \"opus\"\n}\n".to_owned()),
        ("twice the same name", "{\"hooks\": {\"Stop\": []}, \"hooks\": {}, \"a\": 1, \"a\": 2}".to_owned()),
        ("half a character", r#"{"a": "\ud83d", "n": 1e999}"#.to_owned()),
    ];
    all.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Without ours, and without what is empty then.
fn without_ours(mut settings: Value) -> Value {
    let Some(hooks) = settings["hooks"].as_object_mut() else { return settings };
    for groups in hooks.values_mut() {
        let groups = groups.as_array_mut().unwrap();
        groups.retain(|group| group["hooks"][0]["command"] != "sortie");
    }
    settings
}

#[test]
fn in_whatever_manner_it_is_written_all_else_stays() {
    for (name, bytes) in styles() {
        let env = env();
        env.write(SETTINGS, &bytes);
        ok(&env, "install claude-code");
        let after = env.read(SETTINGS);
        let exotic = matches!(name, "half a character");
        if !exotic {
            let before = if bytes.trim_ascii().is_empty() { json!({}) } else { parsed(&bytes) };
            let after = parsed(&after);
            for (event, groups) in hooks_object(Harness::ClaudeCode, "sortie").as_object().unwrap()
            {
                let there = after["hooks"][event].as_array().unwrap();
                assert_eq!(there.last(), groups.as_array().unwrap().last(), "{name}: {event}");
            }
            let left = without_ours(after);
            for (key, value) in before.as_object().unwrap().iter().filter(|it| it.0 != "hooks") {
                assert_eq!(left[key], *value, "{name}");
            }
            for (event, groups) in before["hooks"].as_object().into_iter().flatten() {
                assert_eq!(left["hooks"][event], *groups, "{name}");
            }
        }
        // No line of others is another one, but for a comma.
        let text = String::from_utf8(after.clone()).unwrap();
        let bare = |line: &str| line.trim_end_matches(['\r', ',']).to_owned();
        let lines: Vec<String> = text.lines().map(bare).collect();
        let many = bytes.iter().filter(|it| **it == b'\n').count() > 5;
        for line in String::from_utf8(bytes.clone()).unwrap().lines().filter(|_| many) {
            assert!(
                matches!(name, "wild" | "embraced") || lines.contains(&bare(line)),
                "{name}: {line}"
            );
        }
        assert_eq!(text.starts_with('\u{feff}'), name == "BOM");
        assert_eq!(text.contains('\r'), name == "CRLF");
        assert!(name != "CRLF" || !text.replace("\r\n", "").contains('\n'), "all of them");
        assert_eq!(files(&env).len(), 2, "{name}: and its backup");
        // A second time there is nothing to do, and nothing is kept.
        let again = ok(&env, "install claude-code --format json").json();
        assert_eq!(again["files"][0]["action"], "unchanged", "{name}");
        assert!(env.read(SETTINGS) == after && files(&env).len() == 2, "{name}");
        // Back to the byte, and no backup is left.
        ok(&env, "uninstall claude-code");
        assert_eq!(
            String::from_utf8(env.read(SETTINGS)).unwrap(),
            String::from_utf8(bytes.clone()).unwrap(),
            "{name}"
        );
        assert_eq!(files(&env), [SETTINGS], "{name}");
        // Without the backup too, but for containers that were empty.
        ok(&env, "install claude-code");
        for file in files(&env).iter().filter(|it| *it != SETTINGS) {
            std::fs::remove_file(env.path(file)).unwrap();
        }
        ok(&env, "uninstall claude-code");
        let empty = ["one line", "wild", "blanks in braces", "no hooks yet", "twice the same name"];
        match () {
            // Installing into nothing gives the same: which it was, only the backup knew.
            () if ["empty", "blank", "nothing but braces", "blanks in braces", "no hooks yet"]
                .contains(&name) =>
            {
                assert!(
                    !env.exists(SETTINGS) || parsed(&env.read(SETTINGS)) == json!({}),
                    "{name}"
                );
            }
            () if empty.contains(&name) => drop(parsed(&env.read(SETTINGS))),
            () => assert!(env.read(SETTINGS) == bytes, "{name}: {}", env.text(SETTINGS)),
        }
    }
}

#[test]
fn nothing_there() {
    let env = env();
    snapshot!("install_dry_run", run(&env, "install claude-code --dry-run"));
    assert!(files(&env).is_empty());
    let first = ok(&env, "install claude-code");
    assert_eq!(files(&env), [SETTINGS]);
    let again = ok(&env, "install claude-code");
    let markdown = ok(&env, "install claude-code --format markdown");
    let json = ok(&env, "install claude-code --format json");
    assert!(first.out().contains("created"));
    snapshot!("install_again", transcript(&[again, markdown, json]));
    snapshot!("uninstall_dry_run", run(&env, "uninstall claude-code --dry-run --format json"));
    assert_eq!(files(&env), [SETTINGS]);
    ok(&env, "uninstall claude-code");
    assert!(files(&env).is_empty() && !env.exists(".claude"), "made by us alone");
    snapshot!("uninstall_again", run(&env, "uninstall claude-code"));
}

/// Whatever an earlier sortie or a hand wrote is replaced, not doubled; what is of others stays.
#[test]
fn what_was_ours_is_replaced() {
    let env = env();
    let mine = |command: &str| json!({ "type": "command", "command": command });
    let other = mine("./theirs.sh");
    let settings = json!({
        "hooks": {
            "PreToolUse": [
                { "matcher": "Task", "hooks": [mine("sortie hook claude-code")] },
                { "matcher": "Bash", "hooks": [other, mine("/old/sortie hook claude-code"), other] },
            ],
            "PostToolUse": [{ "matcher": "Task|Agent", "hooks": [
                { "type": "command", "command": "/old/bin/sortie", "args": ["hook", "claude-code"], "timeout": 9 },
            ] }],
            "SubagentStop": [
                { "hooks": [{ "type": "command", "command": "sortie", "args": ["hook", "claude-code"], "timeout": 30 }] },
                { "hooks": [mine("sortie hook claude-code")] },
            ],
            "WorktreeCreate": [{ "hooks": [mine("sortie hook claude-code")] }],
            "Stop": [{ "hooks": [mine("sortie hook claude-code && ./more.sh")] }],
        },
    });
    env.write(SETTINGS, serde_json::to_string_pretty(&settings).unwrap() + "\n");
    snapshot!("ours_replaced", run(&env, "install claude-code"));
    ok(&env, "uninstall claude-code");
    snapshot!("ours_gone", env.text(SETTINGS));
}

#[test]
fn what_is_not_understood_is_not_touched() {
    let cases: &[(&str, &[u8])] = &[
        ("comment", b"{\n  // mine\n  \"model\": \"opus\"\n}\n"),
        ("comment at the end", b"{\n  \"model\": \"opus\" /* mine */\n}\n"),
        ("trailing comma", b"{\n  \"model\": \"opus\",\n}\n"),
        ("cut off", b"{ \"model\": \"opu"),
        ("two values", b"{} {}"),
        ("an array", b"[]"),
        ("text", b"\"settings\""),
        ("hooks are an array", b"{\"hooks\": []}"),
        ("an event is an object", b"{\"hooks\": {\"PreToolUse\": {\"matcher\": \"Bash\"}}}"),
        ("not UTF-8", b"{\n\n  \"a\": \"caf\xe9\"}"),
        ("UTF-16", b"\xff\xfe{\0}\0"),
    ];
    let mut outcomes = Vec::new();
    for (name, bytes) in cases {
        let env = env();
        env.write(SETTINGS, bytes);
        let outcome = run(&env, "install claude-code");
        assert_eq!(outcome.status, Some(2), "{name}: {outcome}");
        assert!(env.read(SETTINGS) == *bytes && files(&env).len() == 1, "{name}");
        let mut outcome = outcome;
        outcome.rename(format!("sortie install claude-code # {name}"));
        outcomes.push(outcome);
    }
    let env = env();
    env.write(".claude/settings.local.json", "{]");
    outcomes.push(run(&env, "install claude-code --local"));
    outcomes.push(run(&env, "uninstall claude-code --local"));
    snapshot!("not_touched", transcript(&outcomes));
}

#[cfg(unix)]
#[test]
fn links_and_modes() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let env = env();
    let mode = |name: &str| env.path(name).metadata().unwrap().permissions().mode() & 0o777;
    // A link stays one, its target is changed, with the mode it had.
    env.write("dotfiles/claude.json", "{}\n");
    let target = env.path("dotfiles/claude.json");
    std::fs::set_permissions(&target, PermissionsExt::from_mode(0o640)).unwrap();
    std::fs::create_dir(env.path(".claude")).unwrap();
    symlink("../dotfiles/claude.json", env.path(SETTINGS)).unwrap();
    ok(&env, "install claude-code");
    assert!(env.path(SETTINGS).is_symlink());
    assert_eq!(mode("dotfiles/claude.json"), 0o640);
    assert!(env.text("dotfiles/claude.json").contains("SubagentStop"));
    ok(&env, "uninstall claude-code");
    assert!(env.path(SETTINGS).is_symlink());
    assert_eq!((env.text(SETTINGS).as_str(), mode("dotfiles/claude.json")), ("{}\n", 0o640));
    // Out of the project is out of the question, but not in the user's own settings.
    let refused = |what: &str, make: &dyn Fn()| {
        std::fs::remove_file(env.path(SETTINGS)).unwrap();
        make();
        let mut outcome = run(&env, "install claude-code");
        assert_ne!(outcome.status, Some(0), "{outcome}");
        outcome.rename(format!("sortie install claude-code # {what}"));
        outcome
    };
    let outside = env.beside("elsewhere.json");
    std::fs::write(&outside, "{}").unwrap();
    let mut outcomes = vec![
        refused("a link out of the project", &|| symlink(&outside, env.path(SETTINGS)).unwrap()),
        refused("a link to nothing", &|| symlink("nothing", env.path(SETTINGS)).unwrap()),
        refused("read-only", &|| {
            env.write(SETTINGS, "{}");
            std::fs::set_permissions(env.path(SETTINGS), PermissionsExt::from_mode(0o444)).unwrap();
        }),
    ];
    std::fs::remove_file(env.path(SETTINGS)).unwrap();
    std::fs::create_dir(env.path(SETTINGS)).unwrap();
    outcomes.push(run(&env, "install claude-code"));
    std::fs::remove_dir_all(env.path(".claude")).unwrap();
    symlink(env.beside(""), env.path(".claude")).unwrap();
    outcomes.push(run(&env, "install claude-code"));
    std::fs::remove_file(env.path(".claude")).unwrap();
    env.write(".claude", "a file");
    outcomes.push(run(&env, "install claude-code"));
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "{}");
    snapshot!("links_and_modes_refused", transcript(&outcomes));
    std::fs::create_dir(env.home().join(".claude")).unwrap();
    symlink(&outside, env.home().join(".claude/settings.json")).unwrap();
    ok(&env, "install claude-code --user");
    assert!(std::fs::read_to_string(&outside).unwrap().contains("SubagentStop"));
    // New files are as others of their kind are.
    std::fs::remove_file(env.path(".claude")).unwrap();
    ok(&env, "install claude-code");
    assert_eq!(mode(SETTINGS) & 0o600, 0o600);
    assert_ne!(mode(SETTINGS) & 0o044, 0, "the umask of tests lets others read");
}

#[test]
fn each_scope_has_a_file() {
    let env = env();
    let line = "install claude-code --quiet --format jsonl";
    let path = |outcome: Outcome| outcome.json()["path"].as_str().unwrap().to_owned();
    assert_eq!(path(ok(&env, line)), SETTINGS);
    assert_eq!(path(ok(&env, &format!("{line} --project"))), SETTINGS);
    assert_eq!(path(ok(&env, &format!("{line} --local"))), ".claude/settings.local.json");
    let user = env.home().join(".claude/settings.json");
    assert_eq!(path(ok(&env, &format!("{line} --user"))), user.display().to_string());
    let moved = env.beside("moved");
    let output = command(&env)
        .args(words(&format!("{line} --user")))
        .env("CLAUDE_CONFIG_DIR", &moved)
        .output()
        .unwrap();
    let moved = moved.join("settings.json").display().to_string();
    assert_eq!(path(env.outcome("moved", output)), moved);
    let output = command(&env).args(words(&format!("{line} --user"))).env_remove("HOME").output();
    let homeless = env.outcome("sortie install claude-code --user # without HOME", output.unwrap());
    // From below it is the project's all the same.
    let mut env = env;
    env.ok("init");
    std::fs::create_dir(env.path("below")).unwrap();
    env.enter("below");
    assert_eq!(path(ok(&env, line)), SETTINGS);
    snapshot!(
        "scopes",
        transcript(&[
            homeless,
            run(&env, "install claude-code --user --local"),
            run(&env, "uninstall claude-code --quiet --local --format csv"),
            run(&env, "install claude-code"),
            run(&env, "uninstall claude-code --format jsonl"),
        ])
    );
}

#[test]
fn with_server_and_skill() {
    let env = env();
    env.write(".mcp.json", "{\n  \"mcpServers\": {\n    \"db\": { \"command\": \"db\" }\n  }\n}\n");
    let before = env.read(".mcp.json");
    snapshot!("server_and_skill", run(&env, "install claude-code --mcp --skill --format jsonl"));
    let mcp = parsed(&env.read(".mcp.json"));
    assert_eq!(mcp["mcpServers"]["sortie"], json!({ "command": "sortie", "args": ["mcp"] }));
    assert_eq!(env.text(".claude/skills/sortie/SKILL.md"), SKILL);
    let again = ok(&env, "install claude-code --mcp --skill");
    assert!(again.out().contains("all is in place"), "{again}");
    env.write(".claude/skills/sortie/SKILL.md", "mine");
    let kept = run(&env, "uninstall claude-code --format csv");
    assert!(env.read(".mcp.json") == before);
    ok(&env, "install claude-code --skill");
    assert_eq!(env.text(".claude/skills/sortie/SKILL.md"), SKILL, "what it was is kept beside");
    let list = files(&env).into_iter().filter(|it| it.contains("skills"));
    assert_eq!(list.count(), 2);
    ok(&env, "uninstall claude-code");
    assert!(!env.exists(".claude/skills/sortie/SKILL.md"));
    env.write(".mcp.json", r#"{"mcpServers": {"sortie": {"command": "npx", "args": ["other"]}}}"#);
    let taken = run(&env, "install claude-code --mcp");
    assert!(!env.exists(SETTINGS), "all or nothing");
    let by_hand = ["install claude-code --mcp --user", "install codex --mcp"];
    let [user, codex] = by_hand.map(|line| run(&env, line));
    snapshot!("server_and_skill_not", transcript(&[kept, taken, user, codex]));
}

#[test]
fn other_harnesses() {
    let env = env();
    snapshot!("codex", run(&env, "install codex"));
    snapshot!("gemini", run(&env, "install gemini --mcp"));
    assert_eq!(files(&env), [".codex/hooks.json", ".gemini/settings.json"]);
    for line in ["codex", "gemini", "gemini --mcp"] {
        let again = ok(&env, &format!("install {line} --format jsonl")).json();
        assert_eq!(again["action"], "unchanged", "{again}");
    }
    ok(&env, "install codex --user");
    assert!(env.home().join(".codex/hooks.json").exists());
    ok(&env, "uninstall codex --user");
    ok(&env, "uninstall codex");
    ok(&env, "uninstall gemini");
    assert!(files(&env).is_empty(), "{:?}", files(&env));
    // Beside what Gemini CLI itself keeps there.
    let settings = "{\n  \"hooks\": {\n    \"enabled\": true,\n    \"disabled\": [\"x\"]\n  }\n}\n";
    env.write(".gemini/settings.json", settings);
    ok(&env, "install gemini --mcp --skill");
    ok(&env, "uninstall gemini");
    assert_eq!(env.text(".gemini/settings.json"), settings);
    let refused =
        ["install cursor", "install claude", "install 'x\u{1b}[31m'", "install codex --local"];
    snapshot!("other_harnesses", transcript(&refused.map(|line| run(&env, line))));
}

#[test]
fn what_is_worth_knowing() {
    let env = env();
    let elsewhere = env.beside("tools of mine/sortie");
    sortie_at(&elsewhere);
    let with = |path: PathBuf, line: &str| {
        let mut command = env.program(&elsewhere);
        let output = command.env("PATH", path).args(words(line)).output().unwrap();
        env.outcome(format!("sortie {line}"), output)
    };
    let dry = "install claude-code --dry-run --format jsonl";
    let notes = |mut outcome: Outcome, what: &str| {
        outcome.stdout.clear();
        outcome.rename(format!("sortie install claude-code # {what}"));
        outcome
    };
    let mut outcomes = vec![
        notes(with(env.beside("nothing"), dry), "not on PATH"),
        notes(with(env.beside("nothing"), &format!("{dry} --local")), "not on PATH, local"),
    ];
    // Another program of that name.
    std::fs::create_dir(env.beside("old")).unwrap();
    std::fs::copy("/bin/echo", env.beside("old/sortie")).unwrap();
    outcomes.push(notes(with(env.beside("old"), dry), "another one on PATH"));
    let shell = with(env.beside("nothing"), "install codex --dry-run");
    assert!(shell.out().contains("'[TEMP]/tools of mine/sortie' hook codex"), "{shell}");
    let plugins = json!({
        "enabledPlugins": { "sortie@sortie": true, "other@x": true },
        "disableAllHooks": true,
    });
    std::fs::create_dir(env.home().join(".claude")).unwrap();
    std::fs::write(env.home().join(".claude/settings.json"), plugins.to_string()).unwrap();
    outcomes.push(notes(run(&env, dry), "with the plugin"));
    ok(&env, "install claude-code --local");
    outcomes.push(notes(run(&env, dry), "in other settings, too"));
    snapshot!("worth_knowing", transcript(&outcomes));
}

#[test]
fn large_settings() {
    let env = env();
    let line =
        format!("    \"{}\": [\"}}\", {{ \"x\": \"{}\" }}],\n", "k".repeat(50), "v".repeat(100));
    let text =
        format!("{{\n  \"a\": {{\n{}    \"z\": 1\n  }}\n}}\n", line.repeat(10 << 10).repeat(6));
    assert!(text.len() > 10 << 20);
    env.write(SETTINGS, &text);
    let outcome = ok(&env, "install claude-code");
    assert!(outcome.stdout.len() < 10_000, "of what did not change, three lines");
    ok(&env, "uninstall claude-code");
    assert!(env.text(SETTINGS) == text);
}

/// Several at once: one writes, the others find it done or say that they were overtaken.
#[test]
fn at_the_same_time() {
    let env = env();
    let theirs =
        json!({ "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "x" }] }] } });
    env.write(SETTINGS, theirs.to_string());
    let before = env.read(SETTINGS);
    let start = |_| {
        let mut command = command(&env);
        command.args(["install", "claude-code"]).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 6)), "{:?}: {text}", output.status);
    }
    let mut wanted = theirs["hooks"].clone();
    let ours = hooks_object(Harness::ClaudeCode, "sortie");
    wanted.as_object_mut().unwrap().extend(ours.as_object().unwrap().clone());
    assert_eq!(parsed(&env.read(SETTINGS))["hooks"], wanted);
    ok(&env, "uninstall claude-code");
    assert!(env.read(SETTINGS) == before);
}

/// Settings are text, and so is what they call.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::empty();
    let path = env.beside("").join(std::ffi::OsStr::from_bytes(b"caf\xe9/sortie"));
    sortie_at(&path);
    let output = env.program(&path).env("PATH", "").args(["install", "claude-code"]).output();
    snapshot!("path_no_text", env.outcome("sortie install claude-code", output.unwrap()));
    assert!(files(&env).is_empty());
    // On PATH it is all the same; told it is with a sign in the place of the byte.
    let dir = path.parent().unwrap();
    let mut program = env.program(&path);
    program.env("PATH", dir).args(["install", "claude-code", "--format=json"]);
    let outcome = env.outcome("on PATH", program.output().unwrap());
    assert_eq!(
        outcome.json()["program"].as_str().unwrap().chars().filter(|c| *c == '\u{fffd}').count(),
        1
    );
}

/// What `sortie status` is told.
#[test]
fn what_is_installed() {
    let env = env();
    let surroundings = Surroundings {
        home: Some(env.home()),
        path: Some(env.beside("bin").into()),
        program: env.beside("bin/sortie"),
        ..Surroundings::default()
    };
    let look = || installed(Harness::ClaudeCode, &env.project(), &surroundings);
    assert!(look().is_empty());
    ok(&env, "install claude-code --user");
    ok(&env, "install claude-code");
    let mut settings = parsed(&env.read(SETTINGS));
    settings["hooks"].as_object_mut().unwrap().remove("SubagentStop");
    settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"] = "/gone/sortie".into();
    settings["enabledPlugins"] = json!({ "sortie@sortie": true });
    env.write(SETTINGS, settings.to_string());
    env.write(".claude/settings.local.json", "{]");
    let found: Vec<Installed> = look();
    let text = serde_json::to_string_pretty(&found).unwrap();
    snapshot!("installed", env.clean(&text).replace(env!("CARGO_PKG_VERSION"), "[VERSION]"));
    assert!(installed(Harness::Codex, &env.project(), &surroundings).is_empty());
}

fn asset(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The plugin does what `install` does, and both marketplaces lead to it.
#[test]
fn the_plugin_is_what_install_writes() {
    let read = |name: &str| parsed(asset(name).as_bytes());
    let hooks = read("assets/plugin/hooks/hooks.json");
    assert_eq!(hooks["hooks"], hooks_object(Harness::ClaudeCode, "sortie"));
    assert_eq!(asset("assets/plugin/skills/sortie/SKILL.md"), SKILL);
    let env = env();
    ok(&env, "install claude-code --mcp");
    assert_eq!(env.text(".mcp.json"), asset("assets/plugin/.mcp.json"));
    let plugin = read("assets/plugin/.claude-plugin/plugin.json");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((&plugin["name"], &plugin["version"]), (&json!("sortie"), &json!(version)));
    let places = [
        ("assets/plugin/.claude-plugin/marketplace.json", "assets/plugin"),
        (".claude-plugin/marketplace.json", ""),
    ];
    for (name, root) in places {
        let market = read(name);
        assert!(market["name"] == "sortie" && market["owner"]["name"].is_string(), "{name}");
        let listed = &market["plugins"][0];
        for key in ["name", "version", "description", "license"] {
            assert_eq!(listed[key], plugin[key], "{name}: {key}");
        }
        let source = listed["source"].as_str().unwrap().strip_prefix("./").unwrap();
        let plugin = Path::new(root).join(source).join(".claude-plugin/plugin.json");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(plugin).is_file(), "{name}");
    }
}

/// What the skill says is typed here as it stands there.
#[test]
fn every_command_of_the_skill_runs() {
    let (front, body) = SKILL.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let keys: Vec<&str> = front
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    let portable = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
    assert_eq!(keys, portable);
    let description = front.lines().find(|line| line.starts_with("description: ")).unwrap();
    assert!(description.len() < 1024 && SKILL.lines().count() < 200);
    assert!(front.contains(&format!("version: \"{}\"", env!("CARGO_PKG_VERSION"))));
    let env = TestEnv::with_git();
    let mut run = 0;
    for block in body.split("```bash\n").skip(1) {
        for line in block.split("```").next().unwrap().lines().filter(|line| !line.is_empty()) {
            env.ok(line.strip_prefix("sortie ").unwrap());
            run += 1;
        }
    }
    assert!(run > 20, "{run}");
}

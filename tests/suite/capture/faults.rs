//! Whatever goes wrong, the hook says nothing, ends with 0 and is quick; and the loss is known.

use super::world::{BACK, OUTER, call, event};
use crate::env::TestEnv;
use crate::store::faults::Small;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Five events that tell something, by name.
fn events(env: &TestEnv) -> Vec<(&'static str, Value)> {
    let answered = json!({ "tool_response": {
        "status": "completed", "agentId": OUTER.1, "content": [{ "type": "text", "text": "Done." }],
    }});
    let notice = format!(
        "<task-notification>\n<task-id>{}</task-id>\n<status>completed</status>\n\
         <result>Done.</result>\n</task-notification>",
        BACK.1
    );
    let agent = json!({ "agent_id": OUTER.1, "agent_type": "general-purpose",
                        "last_assistant_message": "Done." });
    vec![
        ("PreToolUse", call(env, "PreToolUse", OUTER.0, "Do it.", json!({}))),
        ("PostToolUse", call(env, "PostToolUse", OUTER.0, "Do it.", answered)),
        ("SubagentStart", event(env, "SubagentStart", agent.clone())),
        ("SubagentStop", event(env, "SubagentStop", agent)),
        ("UserPromptSubmit", event(env, "UserPromptSubmit", json!({ "prompt": notice }))),
    ]
}

/// What goes wrong, and what is to be known of the event afterwards.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Known {
    /// It is on record, at once or with the next command.
    Recorded,
    /// It is lost, and `sortie status` says so.
    Lost,
    /// It tells nothing.
    Nothing,
}

/// A fault: made before the hook runs, held while it does, and mended after.
struct Fault {
    name: &'static str,
    known: Known,
}

const FAULTS: [Fault; 15] = [
    Fault { name: "locked", known: Known::Recorded },
    Fault { name: "corrupt", known: Known::Recorded },
    Fault { name: "newer schema", known: Known::Recorded },
    Fault { name: "read-only", known: Known::Recorded },
    Fault { name: "broken configuration", known: Known::Recorded },
    Fault { name: "file-size limit", known: Known::Lost },
    Fault { name: "full disk", known: Known::Recorded },
    Fault { name: "full disk everywhere", known: Known::Lost },
    Fault { name: "few descriptors", known: Known::Recorded },
    Fault { name: "no home", known: Known::Recorded },
    Fault { name: "stdin stays open", known: Known::Recorded },
    Fault { name: "newer payload", known: Known::Recorded },
    Fault { name: "unknown event", known: Known::Nothing },
    Fault { name: "half an event", known: Known::Lost },
    Fault { name: "50 MB", known: Known::Lost },
];

#[test]
fn fifteen_faults_and_five_events() {
    let mut slow = Vec::new();
    for fault in &FAULTS {
        for at in 0..5 {
            // Other tests run beside this: once is enough to see what the program takes.
            let mut tries = (0..8).map(|_| run(fault, at));
            if !tries.any(|took| took <= Duration::from_millis(300)) {
                slow.push((fault.name, at));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

fn run(fault: &Fault, at: usize) -> Duration {
    let env = TestEnv::empty();
    env.ok("init");
    let (name, mut event) = events(&env).remove(at);
    let Some(held) = begin(fault.name, &env, &mut event) else { return Duration::ZERO };
    let mut command = env.sortie();
    command.args(["hook", "claude-code"]);
    let mut bytes = event.to_string().into_bytes();
    match fault.name {
        "no home" => drop(command.env_remove("HOME").env_remove("XDG_STATE_HOME")),
        "half an event" => bytes.truncate(bytes.len() / 2),
        "50 MB" => {
            event["prompt"] = Value::String("x".repeat(50_000_000));
            bytes = event.to_string().into_bytes();
        }
        "file-size limit" => command = limited(&env, "ulimit -f 0"),
        "few descriptors" => command = limited(&env, "ulimit -n 4"),
        "full disk everywhere" => drop(command.env("XDG_STATE_HOME", env.path(".sortie"))),
        _ => {}
    }
    let (output, took) = hooked(command, &bytes, fault.name == "stdin stays open");
    let shown = format!("{} {name}: {output:?}", fault.name);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(output.stdout.is_empty(), "{shown}");
    let _mounted = held.let_go();
    end(fault.name, &env);
    let mut status = env.sortie();
    if fault.name == "full disk everywhere" {
        status.env("XDG_STATE_HOME", env.path(".sortie"));
    }
    let status = status.args(["status", "--format", "json"]).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let (lost, waiting) = (&status["losses"]["events"], &status["losses"]["waiting"]);
    match fault.known {
        Known::Lost => assert_eq!(lost, 1, "{shown} {status}"),
        Known::Nothing => assert_eq!((lost, waiting), (&json!(0), &json!(0)), "{shown} {status}"),
        Known::Recorded => {
            assert_eq!((lost, waiting), (&json!(0), &json!(0)), "{shown} {status}");
            assert_ne!(env.rows("SELECT count(*) FROM captures").trim(), "0", "{shown}");
        }
    }
    took
}

/// The hook under a limit of the shell's.
fn limited(env: &TestEnv, limit: &str) -> Command {
    let line = format!("{limit}; exec {} hook claude-code", env!("CARGO_BIN_EXE_sortie"));
    let mut command = env.program("sh");
    command.args(["-c", &line]);
    command
}

/// What holds a fault while the hook runs.
enum Held {
    Lock(Connection),
    Disk(Small),
    Nothing,
}

impl Held {
    /// Ends the fault. A disk stays, with room on it.
    fn let_go(self) -> Option<Small> {
        match self {
            Held::Lock(connection) => drop(connection),
            Held::Nothing => {}
            Held::Disk(disk) => {
                disk.make_room();
                return Some(disk);
            }
        }
        None
    }
}

fn hooked(mut command: Command, bytes: &[u8], stays_open: bool) -> (Output, Duration) {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    let _ = stdin.write_all(bytes);
    let kept = stays_open.then_some(stdin);
    let output = child.wait_with_output().unwrap();
    let took = begun.elapsed();
    drop(kept);
    (output, took)
}

/// Makes the fault; nothing, where that cannot be done here.
fn begin(fault: &str, env: &TestEnv, event: &mut Value) -> Option<Held> {
    match fault {
        "locked" => {
            let other = Connection::open(env.database()).unwrap();
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
            return Some(Held::Lock(other));
        }
        "full disk" | "full disk everywhere" => {
            let disk = Small::mounted(env.path(".sortie"), 1024)?;
            env.ok("track init-session --scope s");
            disk.fill(0);
            return Some(Held::Disk(disk));
        }
        "corrupt" => {
            std::fs::copy(env.database(), env.beside("sound.db")).unwrap();
            env.write(".sortie/history.db", "no database at all, but a text of some length");
        }
        "newer schema" => drop(env.rows("PRAGMA user_version = 999")),
        "read-only" => mode(env, 0o500),
        "broken configuration" => env.write("sortie.toml", "budget = \n"),
        "newer payload" => {
            event["hook_event_name_v2"] = json!({ "more": [1, 2, 3] });
            event["effort"] = json!("high");
            event["background_tasks"] = json!("none");
            event["tool_input"]["prompt_parts"] = json!([{ "text": "x" }]);
        }
        "unknown event" => event["hook_event_name"] = json!("AgentTeleported"),
        _ => {}
    }
    Some(Held::Nothing)
}

fn end(fault: &str, env: &TestEnv) {
    match fault {
        "corrupt" => drop(std::fs::copy(env.beside("sound.db"), env.database()).unwrap()),
        "newer schema" => {
            let schema = sortie::store::SCHEMA;
            env.rows(&format!("PRAGMA user_version = {schema}"));
        }
        "read-only" => mode(env, 0o700),
        "broken configuration" => std::fs::remove_file(env.path("sortie.toml")).unwrap(),
        _ => {}
    }
}

fn mode(env: &TestEnv, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(env.path(".sortie"), permissions.clone()).unwrap();
    let file = std::fs::Permissions::from_mode(if mode == 0o500 { 0o400 } else { 0o600 });
    std::fs::set_permissions(env.database(), file).unwrap();
}

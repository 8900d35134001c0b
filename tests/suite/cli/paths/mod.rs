//! What is laid in a project by who means no good: links, pipes, names; and how files are written.

mod fence;
mod names;
mod trees;
mod written;

use crate::env::{Outcome, TestEnv};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PREPARE: [&str; 7] =
    ["ctx", "prepare-bundle", "--agent-type", "a", "--scope", "s", "--files"];

/// Runs it with these arguments, byte for byte; one that waits for ever is a failure.
fn run<S: AsRef<OsStr>>(env: &TestEnv, arguments: impl IntoIterator<Item = S>) -> Outcome {
    let mut command = env.sortie();
    command.args(arguments);
    outcome(env, command)
}

fn outcome(env: &TestEnv, mut command: Command) -> Outcome {
    let line = command.get_args().map(|it| it.to_string_lossy().into_owned());
    let line = format!("sortie {}", line.collect::<Vec<_>>().join(" "));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let (done, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        if waiting.recv_timeout(Duration::from_secs(60)).is_err() {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = done.send(());
    assert!(output.status.code().is_some(), "it hung or was killed: {line}");
    env.outcome(line, output)
}

/// The bundle of `items`, printed.
fn prepare<S: AsRef<OsStr>>(env: &TestEnv, items: S) -> Outcome {
    let mut arguments: Vec<&OsStr> = PREPARE.iter().map(OsStr::new).collect();
    let mut files = OsStr::new("--files=").to_owned();
    files.push(items.as_ref());
    arguments.pop();
    arguments.extend([&*files, OsStr::new("--output"), OsStr::new("-")]);
    run(env, arguments)
}

fn pipe(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

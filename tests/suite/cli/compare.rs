//! What a deployment got and whether it still stands; bundles, deployments and versions of a file
//! beside each other.

use crate::env::{TestEnv, transcript};

/// Two implementors and a reviewer, whose files changed between them.
fn compared() -> TestEnv {
    let mut env = TestEnv::with_git();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    deploy(&mut env, "09:30", "e-1", "implementor", "lib,spec/requirements.md#Distance");
    env.write("lib/index.ts", "export class Index {}\n");
    complete(&env, "09:52", "e-1", "## Index\n\nInsert works.\nRecall 0.91.\nNo deletes yet.\n");
    collect(&env, "e-1", "tests:pass,lint:pass,recall:fail", "ef of 100 is too low");
    deploy(&mut env, "09:55", "e-2", "reviewer", "lib/index.ts,README.md:1-2");
    complete(&env, "09:58", "e-2", "No leaks.");
    let types = env.text("lib/types.ts").replace("distance: number", "score: number");
    env.write("lib/types.ts", types);
    deploy(&mut env, "10:00", "e-3", "implementor", "lib,spec/requirements.md#Performance");
    env.write("lib/index.ts", "export class Index {\n  ef = 200;\n}\n");
    env.write("lib/hnsw.ts", "export {};\n");
    complete(&env, "10:06", "e-3", "## Index\n\nInsert works.\nRecall 0.97.\nNo deletes yet.\n");
    collect(&env, "e-3", "tests:pass,recall:pass", "ef of 200 is enough");
    env.at("2025-01-17T10:10:00Z");
    env
}

fn deploy(env: &mut TestEnv, at: &str, id: &str, agent: &str, files: &str) {
    env.at(&format!("2025-01-17T{at}:00Z"));
    env.ok(&format!(
        "ctx prepare-bundle --agent-type {agent} --scope 'Build the index' --files {files} \
         --output {id}.json"
    ));
    env.ok(&format!(
        "track init-deployment --session-id s-1 --execution-id {id} --agent-type {agent} \
         --scope 'Build the index' --context-bundle {id}.json"
    ));
}

fn complete(env: &TestEnv, at: &str, id: &str, message: &str) {
    env.ok(&format!(
        "track record-completion --execution-id {id} --now 2025-01-17T{at}:00Z \
         --final-message '{message}'"
    ));
}

fn collect(env: &TestEnv, id: &str, gates: &str, insight: &str) {
    env.ok(&format!(
        "outputs collect --execution-id {id} --deliverables lib/index.ts,lib/hnsw.ts \
         --validation-results {gates} --insights '{insight}'"
    ));
}

#[test]
fn what_the_last_one_got() {
    let env = compared();
    let latest = "track context latest --agent-type implementor";
    snapshot!("context", env.run(latest));
    snapshot!("context_json", env.run(&format!("{latest} --format json")));
    snapshot!("context_markdown", env.run(&format!("{latest} --format markdown")));
    snapshot!("context_csv", env.run("track context e-2 --format csv"));
    let briefing = env.ok("track context e-1 --briefing").stdout;
    assert_eq!(briefing, env.ok("ctx replay --execution-id e-1").stdout);
    env.ok("track init-deployment --session-id s-1 --execution-id e-4 --agent-type bare --scope s");
    snapshot!(
        "context_refused",
        transcript(&[
            env.run("track context e-4"),
            env.run("track context e-4 --briefing"),
            env.run("track context latest --agent-type implementer"),
            env.run("track context latest --agent-type reviewer --session-id s-9"),
            env.run("track context e-1 --agent-type reviewer"),
            env.run("track context e-9"),
        ])
    );
    let latest = env.ok("track context latest --session-id s-1 --format json").json();
    assert_eq!(latest["execution"]["execution_id"], "e-4");
    assert!(latest["context"].is_null());
}

#[test]
fn a_bundle_is_held_against_the_disk() {
    let env = TestEnv::new();
    env.write("a.rs", "one\ntwo\nthree\n");
    env.write("b.rs", "fn b() {}\n");
    env.write("c/d.rs", "fn d() {}\n");
    env.ok(
        "ctx prepare-bundle --agent-type a --scope s --output b.json --files \
         spec/requirements.md#Distance#Performance,a.rs:2-3,a.rs,b.rs,c/d.rs,lib/types.ts,README.md",
    );
    snapshot!("verify_unchanged", env.run("ctx verify b.json"));
    let spec = env.text("spec/requirements.md");
    // The chapters that were taken stand elsewhere now, and are the same.
    env.write("spec/requirements.md", format!("# Preface\n\nNew.\n\n{spec}"));
    env.write("a.rs", "ONE\ntwo\nthree\nfour\n");
    std::fs::remove_file(env.path("b.rs")).unwrap();
    std::fs::remove_dir_all(env.path("c")).unwrap();
    env.write("c", "a file where a directory was");
    snapshot!("verify_changed", env.run("ctx verify b.json"));
    snapshot!("verify_json", env.run("ctx verify b.json --format json"));
    snapshot!("verify_markdown", env.run("ctx verify latest --format markdown"));
    env.write("spec/requirements.md", spec.replace("### Distance", "### Metric"));
    env.write("a.rs", "one\n");
    snapshot!("verify_parts", env.run("ctx verify b.json"));
    snapshot!("verify_absent", env.run("ctx verify none.json"));
}

#[cfg(unix)]
#[test]
fn what_is_verified_is_read_beneath_the_root_alone() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::empty();
    std::fs::write(env.beside("secret.txt"), "the same\n").unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    env.write("a.txt", "the same\n");
    env.write("b.txt", "b\n");
    env.write("c.txt", "c\n");
    env.write(odd, "odd\n");
    env.ok("ctx prepare-bundle --agent-type a --scope s --output .b.json --files .");
    for name in ["a.txt", "b.txt", "c.txt"] {
        std::fs::remove_file(env.path(name)).unwrap();
    }
    std::os::unix::fs::symlink(env.beside("secret.txt"), env.path("a.txt")).unwrap();
    std::os::unix::fs::symlink("nowhere", env.path("b.txt")).unwrap();
    assert!(env.program("mkfifo").arg(env.path("c.txt")).status().unwrap().success());
    snapshot!("verify_outside", env.run("ctx verify .b.json"));
}

#[test]
fn two_bundles() {
    let env = compared();
    env.ok(
        "ctx prepare-bundle --agent-type reviewer --scope 'Read it' --files lib --role 'A critic' \
         --constraint 'Be brief' --constraint 'Change nothing' --model gpt-5 --budget 5k --output 4.json",
    );
    env.ok("ctx prepare-bundle --agent-type reviewer --scope 'Read it' --files lib \
         --constraint 'Be brief' --constraint 'Cite lines' --model gpt-5 --output 5.json");
    snapshot!("bundles", env.run("ctx diff e-1.json e-3.json"));
    snapshot!("bundles_json", env.run("ctx diff e-1.json e-2.json --format json"));
    snapshot!("bundles_markdown", env.run("ctx diff e-1.json latest --format markdown"));
    snapshot!("bundles_by_their_rules", env.run("ctx diff 4.json 5.json"));
    snapshot!("bundle_with_itself", env.run("ctx diff e-1.json e-1.json"));
    snapshot!("bundles_jsonl", env.run("ctx diff e-1.json e-3.json --format jsonl"));
}

#[test]
fn two_deployments() {
    let env = compared();
    snapshot!("deployments", env.run("track diff e-1 e-3"));
    snapshot!("deployments_json", env.run("track diff e-1 e-2 --format json"));
    snapshot!("deployments_markdown", env.run("track diff e-1 latest --format markdown"));
    snapshot!("deployment_unknown", env.run("track diff e-1 e-9"));
    env.ok("track init-deployment --session-id s-1 --execution-id e-4 --agent-type bare --scope s");
    env.ok("track record-completion --execution-id e-4 --status failed --error-message 'no quota'");
    snapshot!("deployments_with_little", env.run("track diff e-4 e-1"));
    snapshot!("outputs", env.run("outputs diff e-1 e-3"));
    snapshot!("outputs_json", env.run("outputs diff e-1 e-3 --format json"));
    snapshot!("outputs_markdown", env.run("outputs diff e-2 e-3 --format markdown"));
}

#[test]
fn messages_are_cut_in_tables_and_stay_text() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    for (id, word) in [("e-1", "one"), ("e-2", "two")] {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {id} --agent-type a --scope s"
        ));
        let line =
            |n: usize| format!("{n} {word} \x1b[31m ``` <img src=x> | {}\n", "x".repeat(n * 20));
        let message: String = (0..30).map(line).collect();
        env.run_with(
            &format!("track record-completion --execution-id {id} --final-message -"),
            message.as_bytes(),
        );
    }
    snapshot!("messages_cut", env.run("track diff e-1 e-2"));
    let shown = env.ok("track diff e-1 e-2 --format markdown").out();
    assert!(shown.contains("\n````diff\n") && shown.contains("\n````\n"), "{shown}");
    let json = env.ok("track diff e-1 e-2 --format json").json();
    assert_eq!(json["message"]["lines"].as_array().unwrap().len(), 60);
}

#[test]
fn lines_that_both_have_are_passed_over() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    for id in ["e-1", "e-2"] {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {id} --agent-type a --scope s"
        ));
        let line = |n: usize| match n % 10 {
            5 => format!("line {n} of {id}\n"),
            _ => format!("line {n}\n"),
        };
        let message: String = (0..200).map(line).collect();
        env.run_with(
            &format!("track record-completion --execution-id {id} --final-message -"),
            message.as_bytes(),
        );
    }
    snapshot!("messages_alike", env.run("track diff e-1 e-2"));
}

#[test]
fn the_versions_of_a_deliverable() {
    let mut env = compared();
    let history = "outputs history lib/index.ts";
    snapshot!("history", env.run(history));
    snapshot!("history_json", env.run(&format!("{history} --limit 1 --format json")));
    snapshot!("history_markdown", env.run("outputs history lib/hnsw.ts --format markdown"));
    snapshot!("history_csv", env.run(&format!("{history} --format csv")));
    // The same text from another execution is another version, but no change.
    deploy(&mut env, "10:20", "e-5", "tidier", "lib/index.ts");
    collect(&env, "e-5", "tests:pass", "nothing to do");
    std::fs::remove_file(env.path("lib/hnsw.ts")).unwrap();
    snapshot!(
        "history_later",
        transcript(&[
            env.run(history),
            env.run("outputs history lib/hnsw.ts"),
            env.run("outputs history lib/index.ts --limit 1"),
        ])
    );
    env.write("lib/index.ts", "mine\n");
    snapshot!("history_of_what_changed_since", env.run(history));
}

#[test]
fn a_deliverable_is_named_as_a_user_would() {
    let mut env = compared();
    let absolute = env.path("lib/index.ts");
    let all = |env: &TestEnv, names: &[&str]| {
        for name in names {
            let found = env.ok(&format!("outputs history {name} --format json")).json();
            assert_eq!(found["file_path"], "lib/index.ts", "{name}");
        }
    };
    all(
        &env,
        &["lib/index.ts", "./lib/index.ts", "lib/../lib/index.ts", absolute.to_str().unwrap()],
    );
    env.enter("lib");
    all(&env, &["index.ts", "./index.ts", "../lib/index.ts", "lib/index.ts"]);
    snapshot!(
        "history_unknown",
        transcript(&[
            env.run("outputs history indx.ts"),
            env.run("outputs history ../src/index.ts"),
            env.run("outputs history /etc/passwd"),
        ])
    );
}

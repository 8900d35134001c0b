//! What once did not hold: each test says what must.

use crate::env::{Outcome, TestEnv, summary};

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --output bundle.json";

fn hint(outcome: &Outcome) -> String {
    outcome.err().split_once("hint: ").map(|(_, hint)| hint.to_owned()).unwrap_or_default()
}

#[test]
fn messages_are_compared_by_their_bytes() {
    let env = TestEnv::deployed("e-1");
    let complete = |message: &[u8], options: &str| {
        let line = "track record-completion --execution-id e-1 --final-message -";
        env.run_with(&format!("{line} {options}"), message)
    };
    assert_eq!(complete(b"caf\xe9", "").status, Some(0));
    assert_eq!(complete(b"caf\xe8", "").status, Some(5));
    assert_eq!(complete(b"caf\xe8", "--amend").status, Some(0));
    assert_eq!(env.ok("track show e-1 --message").stdout, b"caf\xe8");
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_all_taken_or_told() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::empty();
    for (name, text) in [(b"a\xe8.txt", "one\n"), (b"a\xe9.txt", "two\n")] {
        env.write(std::ffi::OsStr::from_bytes(name), text);
    }
    let bundle = env.ok(&format!("{PREPARE} --files . --format json")).json();
    assert_eq!(summary(&bundle).lines().count(), 2, "{}", summary(&bundle));
}

#[test]
fn narrowing_as_told_makes_it_fit() {
    let env = TestEnv::new();
    let prepare = |item: &str| {
        env.run(&format!("{PREPARE} --files '{item}' --model gpt-5 --budget 222 --format json"))
    };
    let over = prepare("spec/requirements.md");
    assert_eq!(over.status, Some(4));
    for step in over.json()["steps"].as_array().unwrap() {
        let fits = prepare(step["item"].as_str().unwrap()).status == Some(0);
        assert_eq!(step["fits"], fits, "{step}");
    }
}

#[test]
fn only_what_a_template_writes_is_counted() {
    let env = TestEnv::new();
    env.write("bare.hbs", "Do {{scope}}.\n");
    let line = format!("{PREPARE} --files lib --model gpt-5 --template ./bare.hbs --format json");
    let bundle = env.ok(&line).json();
    assert_eq!(env.ok("ctx generate-briefing --bundle bundle.json -q").out(), "Do s.\n");
    assert!(bundle["total_tokens"].as_u64().unwrap() < 10, "{}", bundle["total_tokens"]);
}

#[test]
fn an_empty_name_names_nothing() {
    let env = TestEnv::deployed("e-1");
    assert_eq!(env.run("track show ''").status, Some(2));
    let deploy = "track init-deployment --agent-type a --scope s --session-id ''";
    assert_ne!(env.run(deploy).status, Some(0));
}

#[test]
fn whatever_differs_from_the_record_is_refused() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id s-1 --scope s --metadata '{\"a\": 1}'");
    let again = env.run("track init-session --session-id s-1 --scope s --metadata '{\"a\": 2}'");
    assert_eq!(again.status, Some(5), "{again}");
    env.write("one.md", "one");
    env.write("two.md", "two");
    env.ok(&format!("{PREPARE} --files lib"));
    let deploy = "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a \
                  --scope s --context-bundle bundle.json";
    env.ok(&format!("{deploy} --briefing one.md --phase 2"));
    let briefing = env.run(&format!("{deploy} --briefing two.md --phase 2"));
    assert_eq!(briefing.status, Some(5), "{briefing}");
    let phase = env.run(&format!("{deploy} --briefing one.md --phase 3"));
    assert_eq!(phase.status, Some(5), "{phase}");
}

#[cfg(unix)]
#[test]
fn a_bundle_does_not_say_where_its_project_lies() {
    let bundled = || {
        let env = TestEnv::new();
        std::fs::write(env.beside("secret.txt"), "secret").unwrap();
        std::os::unix::fs::symlink("../../secret.txt", env.path("lib/link.txt")).unwrap();
        env.ok(&format!("{PREPARE} --files lib"));
        env.text("bundle.json")
    };
    assert_eq!(bundled(), bundled());
}

#[test]
fn lines_that_do_not_exist_are_told_with_those_that_do() {
    let env = TestEnv::new();
    env.write("empty.txt", "");
    let hint = |item: &str| hint(&env.run(&format!("{PREPARE} --files {item}")));
    assert_eq!(hint("lib/types.ts:0-3"), "it has lines 1-22: lib/types.ts:1-22\n");
    assert_eq!(hint("empty.txt:1-2"), "it is empty\n");
}

#[test]
fn a_heading_that_stands_twice_is_told_with_its_lines() {
    let env = TestEnv::new();
    env.write("twice.md", "# A\n\n## Use\n\n# B\n\n## Use\n");
    let hint = hint(&env.run(&format!("{PREPARE} --files twice.md#Use")));
    assert!(!hint.ends_with("twice.md:3-\n"), "{hint}");
}

#[test]
fn the_command_that_is_proposed_converts_the_file() {
    let env = TestEnv::new();
    env.write("latin1.txt", b"caf\xe9\n");
    let hint = hint(&env.run(&format!("{PREPARE} --files latin1.txt")));
    let command = hint.trim_end().split_once("iconv ").map(|(_, rest)| rest).unwrap();
    let converted = env.program("iconv").args(crate::env::words(command)).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&converted.stdout), "café\n", "{hint}");
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
fn a_report_reads_well() {
    let env = TestEnv::deployed("e-1");
    env.ok("outputs collect --execution-id e-1 --deliverables README.md");
    let report = env.ok("outputs synthesize --session-id s-1").out();
    assert!(!report.contains("\\`"), "{report}");
    assert!(!report.contains("1 files"), "{report}");
}

#[test]
fn a_directory_is_not_missing() {
    let env = TestEnv::deployed("e-1");
    let outcome = env.run("outputs collect --execution-id e-1 --deliverables lib");
    assert!(!outcome.out().contains("missing"), "{outcome}");
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

#[cfg(unix)]
#[test]
fn version_control_gets_in_by_no_spelling() {
    let env = TestEnv::with_git();
    for item in [".git", ".git/HEAD", "./.git/config", "lib/../.git/HEAD", ".git/**"] {
        let outcome = env.run(&format!("{PREPARE} --files '{item}'"));
        assert_eq!(outcome.status, Some(3), "{outcome}");
    }
    std::os::unix::fs::symlink("../.git/config", env.path("lib/config.txt")).unwrap();
    let bundle = env.ok(&format!("{PREPARE} --files lib --format json")).json();
    assert!(
        summary(&bundle).contains("skipped \"lib/config.txt\": ignored"),
        "{}",
        summary(&bundle)
    );
}

#[test]
fn an_allocation_is_counted_for_the_model_it_went_to() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id s-1 --scope s");
    let deploy =
        "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s";
    env.ok(&format!("{deploy} --model sonnet"));
    env.ok(&format!("{PREPARE} --files lib --model gpt-5"));
    env.ok("ctx record-allocation --execution-id e-1 --bundle bundle.json");
    let record = env.ok("track show e-1 --format json").json()["execution"].clone();
    assert_eq!(record["context_tokens_exact"], false);
    assert!(record["context_tokens_upper"].as_u64() > record["context_token_count"].as_u64());
    assert_eq!(record["context_budget"], 160_000);
}

#[test]
fn a_file_is_checked_as_it_was_last_delivered() {
    let env = TestEnv::deployed("e-1");
    let deploy =
        "track init-deployment --session-id s-1 --execution-id e-2 --agent-type a --scope s";
    env.ok(deploy);
    for (id, text) in [("e-1", "one"), ("e-2", "two")] {
        env.write("out.txt", text);
        env.ok(&format!("outputs collect --execution-id {id} --deliverables out.txt"));
    }
    let verified = env.run("outputs verify --session-id s-1");
    assert_eq!(verified.status, Some(0), "{verified}");
    env.write("out.txt", "three");
    assert_eq!(env.run("outputs verify --session-id s-1").status, Some(8));
}

#[test]
fn of_a_gate_and_a_file_the_last_state_counts() {
    let env = TestEnv::deployed("e-1");
    for (result, text, status) in [("fail", "a", 8), ("pass", "b", 0), ("fail", "a", 8)] {
        env.write("out.txt", text);
        let line = "outputs collect --execution-id e-1 --deliverables out.txt";
        env.ok(&format!("{line} --validation-results tests:{result}"));
        let verified = env.run("outputs verify --session-id s-1");
        assert_eq!(verified.status, Some(status), "{verified}");
    }
}

#[test]
fn a_glob_that_matches_directories_takes_what_is_in_them() {
    let env = TestEnv::new();
    for file in ["crates/a/src/lib.rs", "crates/b/src/deep/lib.rs", "crates/b/README.md"] {
        env.write(file, file);
    }
    let bundle = env.ok(&format!("{PREPARE} --files 'crates/*/src' --format json")).json();
    let taken = summary(&bundle);
    assert_eq!(taken.lines().count(), 2, "{taken}");
    assert!(!taken.contains("README"), "{taken}");
}

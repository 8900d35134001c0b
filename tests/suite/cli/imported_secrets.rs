//! What `track import` brings in is stored without secrets, as if it had been recorded here.

use crate::env::{Outcome, TestEnv, transcript};
use std::path::PathBuf;

/// Put together here, so that no host takes this file for a leak.
fn key(end: &str) -> String {
    ["AKIA", "Q2W3E4R5T6Y7U2I", end].concat()
}

/// A history that was kept with its secrets, in every text that recording looks through.
fn kept() -> TestEnv {
    let env = TestEnv::empty();
    env.write("sortie.toml", "[secrets]\nkeep_in_messages = true\n");
    let keys: Vec<String> = ["2", "3", "4", "5", "6", "7"].map(key).into();
    env.ok(&format!("track init-session --session-id s-1 --scope 'Port with {}'", keys[0]));
    env.ok(&format!(
        "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope 'Use {}'",
        keys[1]
    ));
    let complete = "track record-completion --execution-id e-1 --final-message-file out.txt";
    env.write("out.txt", format!("It is {}.\n", keys[2]));
    env.ok(complete);
    env.write("out.txt", [b"\xff key=", keys[3].as_bytes(), b"\n"].concat());
    env.ok(&format!("{complete} --amend --status failed --error-message 'No {}'", keys[4]));
    env.ok(&format!("outputs collect --execution-id e-1 --insights 'Rotate {}'", keys[5]));
    env
}

fn export(env: &TestEnv) -> PathBuf {
    let file = env.beside("history.jsonl");
    env.ok(&format!("track export --quiet --output {}", file.display()));
    file
}

fn import(env: &TestEnv, file: &std::path::Path, more: &str) -> Outcome {
    env.run(&format!("track import {} {more}", file.display()))
}

fn count(text: &str) -> usize {
    text.matches("AKIA").count()
}

#[test]
fn texts_are_brought_in_without_their_secrets() {
    let (from, to) = (kept(), TestEnv::empty());
    let file = export(&from);
    assert_eq!(count(&std::fs::read_to_string(&file).unwrap()), 5, "the sixth is in base64");
    let mut once = import(&to, &file, "");
    once.rename("sortie track import history.jsonl");
    let twice = import(&to, &file, "--quiet");
    assert_eq!((twice.status, twice.err()), (Some(0), String::new()), "{twice}");
    snapshot!("import_redacted", transcript(&[once]));
    snapshot!("import_redacted_shown", to.run("track show e-1"));
    snapshot!("import_redacted_session", to.run("track show s-1 --format json"));
    snapshot!("import_redacted_insight", to.run("outputs query --format json"));
    let history = [to.read(".sortie/history.db"), log(&to)].concat();
    assert!(!history.windows(4).any(|it| it == b"AKIA"), "the history has a secret");
    // Seals are of what is stored.
    assert_eq!(to.run("doctor").status, Some(0));
}

fn log(env: &TestEnv) -> Vec<u8> {
    std::fs::read(env.path(".sortie/history.db-wal")).unwrap_or_default()
}

#[test]
fn what_was_redacted_is_carried_on_as_it_is() {
    let (from, to, further) = (kept(), TestEnv::empty(), TestEnv::empty());
    import(&to, &export(&from), "");
    let file = export(&to);
    let outcome = import(&further, &file, "");
    assert_eq!((outcome.status, outcome.err()), (Some(0), String::new()), "{outcome}");
    assert!(from.ok("track export").out() != to.ok("track export").out());
    assert!(to.ok("track export").out() == further.ok("track export").out());
}

#[test]
fn kept_secrets_come_back_where_they_are_kept() {
    let from = kept();
    let file = export(&from);
    let before = from.ok("track export").out();
    // What is on record just so is no contradiction, whatever would be stored of it now.
    from.write("sortie.toml", "");
    let again = import(&from, &file, "--format json");
    assert_eq!(again.json()["conflicts"].as_array().map(Vec::len), Some(0), "{again}");
    assert!(again.err().contains("nothing was changed"), "{again}");
    assert!(from.ok("track export").out() == before);

    let to = TestEnv::empty();
    let outcome = import(&to, &file, "--keep-secrets");
    assert_eq!((outcome.status, outcome.err()), (Some(0), String::new()), "{outcome}");
    assert!(to.ok("track export").out() == before);
    // And the other way round: without them it is the same history.
    let again = import(&to, &file, "");
    assert!(again.err().contains("nothing was changed"), "{again}");
}

#[test]
fn what_went_on_is_carried_forward_without_its_secrets() {
    let (from, to) = (kept(), TestEnv::empty());
    import(&to, &export(&from), "");
    from.write("out.txt", format!("Again: {}\n", key("W")));
    from.ok("track record-completion --execution-id e-1 --final-message-file out.txt --amend");
    from.ok(&format!("track fail-session --session-id s-1 --reason 'No {}'", key("X")));
    let mut outcome = import(&to, &export(&from), "--format json");
    assert!(outcome.err().starts_with("note: 2 secrets were taken out"), "{outcome}");
    outcome.rename("sortie track import history.jsonl");
    assert_eq!(outcome.json()["updated"]["executions"], 1);
    assert_eq!(outcome.json()["updated"]["sessions"], 1);
    assert_eq!(count(&to.ok("track export").out()), 0);
    assert!(
        to.ok("track show e-1 --message").out().contains("Again: [redacted: aws-access-key-id")
    );
}

#[test]
fn an_allowed_secret_comes_as_it_is() {
    let (from, to) = (kept(), TestEnv::empty());
    let file = export(&from);
    let found = import(&to, &file, "--format json").json();
    let prints = found["redacted"].as_array().unwrap().iter().map(|it| it["fingerprint"].clone());
    let allow = |print: serde_json::Value| {
        format!("[[secrets.allow]]\nfingerprint = {print}\nreason = 'of the sandbox'\n")
    };
    let other = TestEnv::empty();
    other.write("sortie.toml", prints.map(allow).collect::<String>());
    let outcome = import(&other, &file, "");
    assert_eq!((outcome.status, outcome.err()), (Some(0), String::new()), "{outcome}");
    assert!(other.ok("track export").out() == from.ok("track export").out());
}

#[test]
fn a_bundle_that_holds_secrets_is_told() {
    let from = TestEnv::empty();
    from.write("conf/key.env", format!("key = {}\n", key("2")));
    let allowed = "[[secrets.allow]]\npath = 'conf/**'\nreason = 'made up'\n";
    from.write("sortie.toml", allowed);
    from.ok("ctx prepare-bundle --agent-type a --scope s --files conf");
    let file = export(&from);
    let to = TestEnv::empty();
    let mut told = import(&to, &file, "");
    told.rename("sortie track import history.jsonl");
    snapshot!("import_of_a_bundle_with_secrets", told);
    assert_eq!(to.run("ctx generate-briefing --bundle latest").status, Some(9));

    let other = TestEnv::empty();
    other.write("sortie.toml", allowed);
    let outcome = import(&other, &file, "");
    assert_eq!((outcome.status, outcome.err()), (Some(0), String::new()), "{outcome}");
}

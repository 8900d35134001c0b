//! Secrets do not go out, and are not stored.

use crate::env::{Outcome, TestEnv};

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s";

/// Put together here, so that no host takes this file for a leak.
fn key_id() -> String {
    ["AKIA", "Q2W3E4R5T6Y7U2I3"].concat()
}

fn password() -> String {
    ["v9Kx-", "2Lq7_", "Zt4Bw"].concat()
}

/// A project with a secret in line 3 of a file, and one that is doubtful in another.
fn project() -> TestEnv {
    let env = TestEnv::empty();
    let settings = format!("# settings\nregion = eu\nkey = {}\nretries = 3\n", key_id());
    env.write("conf/settings.env", settings);
    env.write("conf/local.yml", format!("db:\n  password: \"{}\"\n", password()));
    env.write("src/main.rs", "fn main() {}\n");
    env
}

/// What a command did, if it shows no secret.
fn quiet(env: &TestEnv, line: &str) -> Outcome {
    let outcome = env.run(line);
    for secret in [key_id(), password()] {
        let said = [&outcome.stdout[..], &outcome.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(&secret), "{line} says a secret");
    }
    outcome
}

/// The fingerprint that a refusal shows.
fn fingerprint(env: &TestEnv) -> String {
    let refused = env.run(&format!("{PREPARE} --files conf"));
    let said = String::from_utf8(refused.stderr).unwrap();
    said.split("fingerprint ").nth(1).unwrap()[..16].to_owned()
}

#[test]
fn a_bundle_with_a_secret_is_refused() {
    let env = project();
    snapshot!(
        "secret_refused",
        quiet(&env, &format!("{PREPARE} --files conf,src --output b.json"))
    );
    assert!(!env.exists("b.json") && !env.exists(".sortie/history.db"), "something was written");
    snapshot!(
        "secret_refused_of_lines",
        quiet(&env, &format!("{PREPARE} --files conf/settings.env:2-3"))
    );
    let beside = format!("{PREPARE} --files conf/settings.env:1-2");
    assert_eq!(env.run(&beside).status, Some(0), "the secret is not in these lines");
    let scope = format!("ctx prepare-bundle --agent-type a --scope key={} --files src", key_id());
    let refused = env.run(&scope);
    assert_eq!(refused.status, Some(9));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--scope:1:5: aws-access-key-id"));
}

#[test]
fn several_secrets_are_named_and_a_plan_is_refused_too() {
    let env = project();
    let letters = "CDEFGHJKLMNP".chars();
    let many = letters.map(|letter| format!("key = {}{letter}\n", &key_id()[..19]));
    env.write("conf/many.env", many.collect::<String>());
    snapshot!("secrets_refused", quiet(&env, &format!("{PREPARE} --files conf/many.env")));
    env.write(
        "plan.toml",
        "scope = 's'\n[[agents]]\nagent_type = 'one'\nfiles = ['conf/settings.env']\n",
    );
    snapshot!("secret_refused_in_a_plan", quiet(&env, "ctx plan plan.toml"));
    snapshot!("secret_redacted_in_a_plan", quiet(&env, "ctx plan plan.toml --redact"));
}

#[test]
fn a_secret_is_taken_out() {
    let env = project();
    let redact = format!("{PREPARE} --files conf,src --redact --output b.json");
    snapshot!("secret_redacted", quiet(&env, &redact));
    let bundle = env.text("b.json");
    assert!(!bundle.contains(&key_id()) && bundle.contains("\"redacted\": 1"), "{bundle}");
    snapshot!("secret_redacted_briefing", quiet(&env, "ctx generate-briefing --bundle latest"));
    snapshot!("secret_redacted_again", quiet(&env, &redact));
    snapshot!("secret_redacted_verified", quiet(&env, "ctx verify latest"));
    snapshot!(
        "secret_redacted_expanded",
        quiet(&env, "ctx show latest --expand --item conf/settings.env")
    );
}

#[test]
fn what_is_allowed_goes_out_as_it_is() {
    let env = project();
    let print = fingerprint(&env);
    let allow = |what: &str| env.write("sortie.toml", format!("[[secrets.allow]]\n{what}\n"));
    allow(&format!("fingerprint = '{print}'\nreason = 'the key of the public sandbox'"));
    snapshot!("secret_allowed", env.run(&format!("{PREPARE} --files conf")));
    assert!(
        String::from_utf8(env.run("ctx generate-briefing --bundle latest").stdout)
            .unwrap()
            .contains(&key_id())
    );

    // What was let through by an allowance is not rendered without it.
    env.write("sortie.toml", "");
    snapshot!("secret_no_longer_allowed", quiet(&env, "ctx generate-briefing --bundle latest"));
    assert_eq!(env.run(&format!("{PREPARE} --files conf")).status, Some(9));

    allow("path = 'conf/**'\nreason = 'made-up settings'");
    assert_eq!(env.run(&format!("{PREPARE} --files conf")).status, Some(0));
    allow("path = 'other/**'\nreason = 'made-up settings'");
    assert_eq!(env.run(&format!("{PREPARE} --files conf")).status, Some(9));
}

#[test]
fn an_allowance_says_why() {
    let env = project();
    let wrong = |name: &str, what: &str| {
        env.write("sortie.toml", format!("model = 'opus'\n\n[[secrets.allow]]\n{what}\n"));
        (name.to_owned(), env.run(&format!("{PREPARE} --files src")))
    };
    let (_, outcome) = wrong("reason", "fingerprint = '0123456789abcdef'");
    snapshot!("allow_without_reason", outcome);
    let (_, outcome) = wrong("empty", "path = 'x'\nreason = ' '");
    snapshot!("allow_with_empty_reason", outcome);
    let (_, outcome) = wrong("both", "path = 'x'\nfingerprint = '0123456789abcdef'\nreason = 'r'");
    snapshot!("allow_with_both", outcome);
    let (_, outcome) = wrong("print", "fingerprint = '0123'\nreason = 'r'");
    snapshot!("allow_with_short_fingerprint", outcome);
    let (_, outcome) = wrong("unknown", "fingerprnt = '0123456789abcdef'\nreason = 'r'");
    snapshot!("allow_with_unknown_key", outcome);
    let (_, outcome) = wrong("glob", "path = 'conf/{a'\nreason = 'r'");
    snapshot!("allow_with_no_glob", outcome);
}

#[test]
fn what_is_doubtful_is_told_also_when_nothing_is_read() {
    let env = project();
    let prepare = format!("{PREPARE} --files conf/local.yml");
    let first = quiet(&env, &prepare);
    snapshot!("secret_doubtful", &first);
    let again = quiet(&env, &prepare);
    assert_eq!(first.stderr, again.stderr);
}

/// A message with two secrets, one of them twice.
fn message() -> String {
    let (key, password) = (key_id(), password());
    format!("Done.\nThe key is {key}, and db.password = \"{password}\".\nAgain: {key}\n")
}

#[test]
fn a_message_is_stored_without_its_secrets() {
    let env = TestEnv::empty();
    env.run("track init-session --scope s --session-id s1");
    env.run("track init-deployment --session-id s1 --execution-id e1 --agent-type a --scope s");
    env.write("out.txt", message());
    let record = "track record-completion --execution-id e1 --final-message-file out.txt";
    snapshot!("message_redacted", quiet(&env, record));
    snapshot!("message_redacted_again", quiet(&env, record));
    snapshot!("message_redacted_shown", quiet(&env, "track show e1"));
    snapshot!("message_redacted_shown_json", quiet(&env, "track show e1 --format json"));
    let database = env.read(".sortie/history.db");
    let log = std::fs::read(env.path(".sortie/history.db-wal")).unwrap_or_default();
    for secret in [key_id(), password()] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
        assert!(!holds(&database) && !holds(&log), "the history has a secret");
    }
    // As it came it is another message.
    assert_eq!(env.run(&format!("{record} --keep-secrets")).status, Some(5));
    snapshot!("message_kept", env.run(&format!("{record} --keep-secrets --amend")));
}

#[test]
fn scopes_and_reasons_are_stored_without_secrets() {
    let env = TestEnv::empty();
    let ok = |line: &str| {
        let shown = env.ok(line).to_string();
        assert!(shown.contains("redacted: aws-access-key-id"), "{shown}");
    };
    let (session, key) = ("track init-session --session-id s1 --scope", key_id());
    ok(&format!("{session} 'Port with {key}' --format json"));
    ok(&format!("{session} 'Port with {key}' --format json"));
    ok(&format!(
        "track init-deployment --session-id s1 --execution-id e1 --agent-type a --scope 'Use {key}' --format json"
    ));
    ok(&format!("track fail-session --session-id s1 --reason 'No {key}' --format json"));
    assert!(!env.ok("track export --session-id s1").out().contains(&key));
}

#[test]
fn insights_and_briefings_are_stored_without_secrets() {
    let env = TestEnv::empty();
    env.run("track init-session --scope s --session-id s1");
    env.write("briefing.md", format!("Use {}\n", key_id()));
    let deploy = "track init-deployment --session-id s1 --execution-id e1 --agent-type a --scope s \
                  --briefing briefing.md";
    snapshot!("briefing_redacted", quiet(&env, deploy));
    let insight = format!("outputs collect --execution-id e1 --insights key={}", key_id());
    let collected = env.run(&insight);
    assert!(!String::from_utf8_lossy(&collected.stdout).contains(&key_id()));
    let said = String::from_utf8_lossy(&collected.stderr);
    assert!(
        said.starts_with("note: 1 secret was taken out before it was stored (aws-access-key-id)"),
        "{said}"
    );
    snapshot!("insight_redacted", quiet(&env, "outputs query --output-type insight"));
    env.write("sortie.toml", "[secrets]\nkeep_in_messages = true\n");
    let kept = env.run(&format!("{insight} --insights more"));
    assert!(String::from_utf8_lossy(&kept.stdout).contains(&key_id()) && kept.stderr.is_empty());
}

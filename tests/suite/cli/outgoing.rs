//! Secrets that would go out: told before a bundle is made, and found in templates.

use crate::env::TestEnv;

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --files src";

/// Put together here, so that no host takes this file for a leak.
fn key(end: &str) -> String {
    ["AKIA", "Q2W3E4R5T6Y7U2I", end].concat()
}

fn project() -> TestEnv {
    let env = TestEnv::empty();
    env.write("src/main.rs", "fn main() {}\n");
    env.write("conf/settings.env", format!("region = eu\nkey = {}\n", key("2")));
    env
}

/// What a command says, if it says no secret.
fn quiet(env: &TestEnv, line: &str) -> crate::env::Outcome {
    let outcome = env.run(line);
    assert!(!format!("{}{}", outcome.out(), outcome.err()).contains("AKIA"), "{outcome}");
    outcome
}

#[test]
fn bounds_tell_what_would_be_refused() {
    let env = project();
    for format in ["table", "json", "markdown"] {
        let line = format!("ctx check-bounds --files src,conf --format {format}");
        snapshot!(format!("bounds_secret_{format}"), quiet(&env, &line));
    }
    let clean = env.ok("ctx check-bounds --files src --format json").json();
    assert_eq!(clean["secrets"], serde_json::json!([]));
    env.write("sortie.toml", "[[secrets.allow]]\npath = 'conf/**'\nreason = 'made up'\n");
    let allowed = env.ok("ctx check-bounds --files src,conf --format json").json();
    assert_eq!(allowed["secrets"], serde_json::json!([]));
}

/// A template with a secret in its own words, and another in a partial.
fn with_templates(env: &TestEnv) {
    let template = format!("# {{{{scope}}}}\n\nThe key is {}.\n{{{{> team}}}}\n", key("2"));
    env.write(".sortie/templates/own.md.hbs", template);
    env.write(".sortie/templates/_team.hbs", format!("Ask for {}\n", key("3")));
}

#[test]
fn a_template_with_a_secret_is_refused() {
    let env = project();
    with_templates(&env);
    snapshot!("template_refused", quiet(&env, &format!("{PREPARE} --template own")));
}

#[test]
fn a_template_is_rendered_without_its_secrets() {
    let env = project();
    with_templates(&env);
    let prepare = format!("{PREPARE} --template own --redact");
    env.ok(&prepare);
    snapshot!("template_redacted", quiet(&env, "ctx generate-briefing --bundle latest"));
    let again = env.ok(&format!("{prepare} --format json")).json();
    assert_eq!(env.ok("ctx list --format json").json()["bundles"].as_array().unwrap().len(), 1);
    assert_eq!(again["template"], "own");
    // By its name it is the template as it is now.
    snapshot!(
        "template_refused_in_a_briefing",
        quiet(&env, "ctx generate-briefing --bundle latest --template own")
    );
}

#[test]
fn what_a_template_may_say_is_allowed_by_its_path() {
    let env = project();
    with_templates(&env);
    std::fs::remove_file(env.path(".sortie/templates/_team.hbs")).unwrap();
    env.write(".sortie/templates/own.md.hbs", format!("# {{{{scope}}}}\n\n{}\n", key("2")));
    let allow = "[[secrets.allow]]\npath = '.sortie/templates/own.md.hbs'\nreason = 'made up'\n";
    env.write("sortie.toml", allow);
    env.ok(&format!("{PREPARE} --template own"));
    env.write("sortie.toml", "");
    assert_eq!(quiet(&env, &format!("{PREPARE} --template own")).status, Some(9));
    // What was kept with an allowance is not rendered without it.
    assert_eq!(quiet(&env, "ctx generate-briefing --bundle latest").status, Some(9));
}

#[test]
fn a_place_for_a_password_is_none() {
    let env = project();
    let template = "# {{scope}}\n\npassword: \"{{role}}\"\ntoken = {{agent_type}}\n";
    env.write(".sortie/templates/own.md.hbs", template);
    env.ok(&format!("{PREPARE} --template own"));
    let prepare = format!("{PREPARE} --template own --redact");
    env.ok(&prepare);
    assert!(!env.ok("ctx generate-briefing --bundle latest").out().contains("redacted"));
}

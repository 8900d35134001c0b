//! Bad input to a selection or a bundle: message, hint and exit code of each.

use crate::env::{Outcome, TestEnv};

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s";

fn prepare(env: &TestEnv, arguments: &str) -> Outcome {
    let outcome = env.run(&format!("{PREPARE} {arguments} --output bundle.json"));
    assert!(!env.exists("bundle.json") && !env.exists(".sortie"), "something was written");
    outcome
}

#[test]
fn configuration() {
    let env = TestEnv::new();
    env.write("sortie.toml", "model = \"opus\"\nbugdet = \"40k\"\n");
    snapshot!("config_unknown_key", prepare(&env, "--files lib"));
    env.write("sortie.toml", "[models.mine]\nwindw = 1\n");
    snapshot!("config_unknown_key_of_a_model", prepare(&env, "--files lib"));
    env.write("sortie.toml", "budget = \"40q\"\n");
    snapshot!("config_bad_budget", prepare(&env, "--files lib"));
    env.write("sortie.toml", "warn = 75\n");
    snapshot!("config_bad_share", prepare(&env, "--files lib"));
    env.write("sortie.toml", "budget = = 3\n");
    snapshot!("config_no_toml", prepare(&env, "--files lib"));
    env.write("sortie.toml", "model = \"gpt-99\"\n");
    snapshot!("config_unknown_model", prepare(&env, "--files lib"));
}

#[test]
fn parts() {
    let env = TestEnv::new();
    snapshot!("heading_absent", prepare(&env, "--files spec/requirements.md#Speed"));
    snapshot!(
        "heading_absent_of_two",
        prepare(&env, "--files spec/requirements.md#Distance#Speed")
    );
    snapshot!("heading_in_code", prepare(&env, "--files lib/types.ts#Vector"));
    snapshot!("heading_of_a_directory", prepare(&env, "--files lib#Use"));
    snapshot!("lines_past_the_end", prepare(&env, "--files lib/types.ts:10-80"));
    snapshot!("lines_backwards", prepare(&env, "--files lib/types.ts:9-3"));
    snapshot!("lines_open_past_the_end", prepare(&env, "--files lib/types.ts:99-"));
}

#[test]
fn files() {
    let env = TestEnv::new();
    snapshot!("file_absent", prepare(&env, "--files lib/typs.ts"));
    snapshot!("file_absent_in_an_absent_directory", prepare(&env, "--files libs/types.ts"));
    env.write("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    snapshot!("file_binary", prepare(&env, "--files logo.png"));
    env.write("large.txt", "word ".repeat(600_000));
    snapshot!("file_over_size", prepare(&env, "--files large.txt"));
    snapshot!("file_over_a_given_size", prepare(&env, "--files lib/types.ts --max-file-size 100"));
    snapshot!("nothing_named", prepare(&env, ""));
    snapshot!("override_of_nothing", prepare(&env, "--files lib --required lib/typs.ts"));
}

#[test]
fn directories_and_globs() {
    let env = TestEnv::new();
    env.write("assets/logo.png", b"\0\0");
    env.write("assets/.hidden", "x");
    env.write("assets/.gitignore", "*.log\n");
    env.write("assets/a.log", "x");
    snapshot!("directory_with_nothing_to_take", prepare(&env, "--files assets"));
    std::fs::create_dir(env.path("bare")).unwrap();
    snapshot!("directory_empty", prepare(&env, "--files bare"));
    snapshot!("glob_matching_nothing", prepare(&env, "--files 'lib/*.rs'"));
    snapshot!("glob_broken", prepare(&env, "--files 'lib/[a-'"));
    snapshot!("ignore_broken", prepare(&env, "--files lib --ignore '[a-'"));
}

#[cfg(unix)]
#[test]
fn outside_the_root() {
    let env = TestEnv::new();
    std::fs::write(env.beside("secret.txt"), "secret\n").unwrap();
    std::os::unix::fs::symlink(env.beside("secret.txt"), env.path("link.txt")).unwrap();
    std::os::unix::fs::symlink(env.beside("nowhere"), env.path("dangling.txt")).unwrap();
    std::os::unix::fs::symlink(env.home(), env.path("away")).unwrap();
    let absolute = env.beside("secret.txt");
    snapshot!("outside_by_dots", prepare(&env, "--files ../secret.txt"));
    snapshot!("outside_by_name", prepare(&env, &format!("--files {}", absolute.display())));
    snapshot!("outside_by_link", prepare(&env, "--files link.txt"));
    snapshot!("outside_by_linked_directory", prepare(&env, "--files away"));
    snapshot!("outside_by_glob", prepare(&env, "--files '../*.txt'"));
    snapshot!("link_to_nothing", prepare(&env, "--files dangling.txt"));
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_never_opened() {
    let env = TestEnv::new();
    let made = env.program("mkfifo").arg(env.path("pipe")).status().unwrap();
    assert!(made.success());
    std::os::unix::net::UnixListener::bind(env.path("socket")).unwrap();
    snapshot!("file_pipe", prepare(&env, "--files pipe"));
    snapshot!("file_socket", prepare(&env, "--files socket"));
    snapshot!("file_device", prepare(&env, "--files /dev/zero"));
    snapshot!("pipe_in_a_directory", env.bundled("--files ."));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.write("locked.txt", "x");
    let nobody = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(env.path("locked.txt"), nobody).unwrap();
    if std::fs::read(env.path("locked.txt")).is_ok() {
        // Root reads everything.
        return;
    }
    snapshot!("file_unreadable", prepare(&env, "--files locked.txt"));
}

#[test]
fn models_and_amounts() {
    let env = TestEnv::new();
    snapshot!("model_unknown", prepare(&env, "--files lib --model sonet"));
    snapshot!("budget_bad", prepare(&env, "--files lib --budget 40q"));
    snapshot!("reserve_bad", prepare(&env, "--files lib --reserve 120%"));
    snapshot!("threshold_bad", prepare(&env, "--files lib --warn-threshold 75"));
    snapshot!("size_bad", prepare(&env, "--files lib --max-file-size many"));
}

#[test]
fn plans() {
    let env = TestEnv::new();
    let cycle = "ctx validate --scope 'Implement vector search' --context-files lib/types.ts";
    snapshot!("validate_cycle", env.run(&format!("{cycle} --dependencies 'A->B,B->C,C->A,X->A'")));
    snapshot!("validate_no_dependency", env.run(&format!("{cycle} --dependencies A-B")));
    snapshot!(
        "validate_file_absent",
        env.run(
            "ctx validate --scope 'Search' --context-files lib/typs.ts,lib/types.ts,lib/types.ts"
        )
    );
    snapshot!("validate_empty_scope", env.run("ctx validate --scope ' '"));
}

#[test]
fn bundles() {
    let env = TestEnv::new();
    env.ok(&format!("{PREPARE} --files lib --output bundle.json"));
    let good = env.text("bundle.json");
    env.write("malformed.json", &good[..good.len() / 2]);
    snapshot!("bundle_malformed", env.run("ctx show malformed.json"));
    env.write("other.json", "{\"name\": \"package\"}\n");
    snapshot!("bundle_other_json", env.run("ctx show other.json"));
    env.write("edited.json", good.replace("\"total_tokens\": ", "\"total_tokens\": 1"));
    snapshot!("bundle_edited", env.run("ctx show edited.json"));
    env.write("newer.json", good.replace("\"version\": 1", "\"version\": 9"));
    snapshot!("bundle_newer", env.run("ctx show newer.json"));
    snapshot!("bundle_file_absent", env.run("ctx show none.json"));
    snapshot!("bundle_unknown", env.run("ctx show bundle-0"));
    snapshot!("bundle_directory", env.run("ctx show lib"));
    std::fs::remove_dir_all(env.path(".sortie")).unwrap();
    snapshot!("bundle_not_kept_here", env.run("ctx generate-briefing --bundle bundle.json"));
    snapshot!("bundle_latest_of_none", env.run("ctx show latest"));
}

#[test]
fn bundles_for_different_models_are_not_added_up() {
    let env = TestEnv::new();
    env.ok(&format!("{PREPARE} --files lib --output a.json"));
    env.ok(&format!("{PREPARE} --files lib --model gpt-5 --output b.json"));
    snapshot!("deduplicate_two_models", env.run("ctx deduplicate --bundles a.json,b.json"));
}

fn hint(outcome: &Outcome) -> String {
    outcome.err().split_once("hint: ").map(|(_, hint)| hint.to_owned()).unwrap_or_default()
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

//! What is published about the program is written from the program, and held equal to it.
//!
//! `SORTIE_WRITE_ASSETS=1 cargo test reference` writes the files anew.

use crate::env::TestEnv;
use serde_json::Value;
use std::path::Path;

/// Holds the file `name` of the repository equal to `text`, or writes it.
fn publish(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("SORTIE_WRITE_ASSETS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "{name} is not what the program says: SORTIE_WRITE_ASSETS=1 cargo test reference"
    );
}

/// The help of a verb, and of all below it.
fn help(env: &TestEnv, path: &[&str], out: &mut String) {
    let output = env.sortie().args(path).arg("--help").env("COLUMNS", "120").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{path:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let title = [&["sortie"], path].concat().join(" ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    *out += &format!(
        "{} {title}\n\n```text\n{}\n```\n\n",
        "#".repeat(path.len().min(2) + 1),
        lines.join("\n").trim_end()
    );
    for verb in verbs(&text) {
        help(env, &[path, &[verb]].concat(), out);
    }
}

/// The names under “Commands:”.
fn verbs(help: &str) -> Vec<&str> {
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names =
        below.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn the_command_line_is_documented() {
    let env = TestEnv::empty();
    let mut text = "<!-- Written by a test from the program's own help. -->\n".to_owned();
    help(&env, &[], &mut text);
    publish("references/cli.md", &format!("{}\n", text.trim_end()));
}

#[test]
fn every_verb_has_an_example() {
    fn all(env: &TestEnv, path: &[&str], lacking: &mut Vec<String>) {
        let output = env.sortie().args(path).arg("--help").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let below = verbs(&text);
        if below.is_empty() && !text.contains("\nExample:\n") {
            lacking.push(path.join(" "));
        }
        for verb in below {
            all(env, &[path, &[verb]].concat(), lacking);
        }
    }
    let mut lacking = Vec::new();
    all(&TestEnv::empty(), &[], &mut lacking);
    assert_eq!(lacking, Vec::<String>::new());
}

#[test]
fn the_schema_of_a_bundle_is_published() {
    let schema = schemars::schema_for!(sortie::Bundle);
    publish("assets/bundle.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}

#[test]
fn bundles_are_as_their_schema_says() {
    let schema = serde_json::to_value(schemars::schema_for!(sortie::Bundle)).unwrap();
    let env = TestEnv::new();
    env.write("copy.ts", env.read("lib/types.ts"));
    env.write("logo.png", b"\0");
    let prepare = "ctx prepare-bundle --agent-type a --scope s --output";
    env.ok(&format!("{prepare} whole.json --files . --model gpt-5"));
    env.ok(&format!(
        "{prepare} parts.json --files lib/types.ts:3-6,spec/requirements.md#Distance#Performance \
         --references references --optional README.md --role r --constraint c --expect e \
         --model gpt-5 --budget 520 --on-over-budget trim"
    ));
    env.ok("ctx deduplicate --bundles whole.json,parts.json --output shared.json");
    for name in ["whole.json", "parts.json", "shared.json"] {
        let bundle: Value = serde_json::from_slice(&env.read(name)).unwrap();
        assert_eq!(faults(&schema, &schema, &bundle, name), Vec::<String>::new());
    }
    // The check itself finds what is wrong.
    let mut wrong: Value = serde_json::from_slice(&env.read("whole.json")).unwrap();
    wrong["context_items"][0]["type"] = "directory".into();
    wrong["total_tokens"] = "many".into();
    wrong.as_object_mut().unwrap().remove("scope");
    assert_eq!(faults(&schema, &schema, &wrong, "wrong").len(), 3);
}

/// Where `value` is not as `schema` says; the part of JSON Schema that is used here.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(rules) = schema.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for (rule, given) in rules {
        let wrong = |what: &str| vec![format!("{at}: {what} {given}, not {value}")];
        found.extend(match rule.as_str() {
            "$ref" => {
                let pointer = given.as_str().unwrap().trim_start_matches('#');
                faults(root, root.pointer(pointer).unwrap(), value, at)
            }
            "type" => {
                let names = given.as_array().cloned().unwrap_or_else(|| vec![given.clone()]);
                let fits = names.iter().any(|name| is_of_type(value, name.as_str().unwrap()));
                if fits { Vec::new() } else { wrong("is of type") }
            }
            "enum" if !given.as_array().unwrap().contains(value) => wrong("is one of"),
            "const" if given != value => wrong("is"),
            "minimum" if value.is_number() && value.as_f64() < given.as_f64() => {
                wrong("is at least")
            }
            "anyOf" | "oneOf" => {
                let each = given.as_array().unwrap().iter();
                let fitting = each.filter(|it| faults(root, it, value, at).is_empty()).count();
                let fits = if rule == "anyOf" { fitting > 0 } else { fitting == 1 };
                if fits { Vec::new() } else { wrong("fits one of") }
            }
            "required" => {
                let names = given.as_array().unwrap().iter().filter_map(Value::as_str);
                names
                    .filter(|name| value.is_object() && value.get(name).is_none())
                    .map(|name| format!("{at}: lacks {name}"))
                    .collect()
            }
            "properties" => {
                let each = given.as_object().unwrap().iter();
                each.filter_map(|(name, rule)| Some((name, rule, value.get(name)?)))
                    .flat_map(|(name, rule, part)| {
                        faults(root, rule, part, &format!("{at}.{name}"))
                    })
                    .collect()
            }
            "items" => {
                let parts = value.as_array().into_iter().flatten().enumerate();
                parts
                    .flat_map(|(n, part)| faults(root, given, part, &format!("{at}[{n}]")))
                    .collect()
            }
            "additionalProperties" if *given == false => {
                let known = rules.get("properties").and_then(Value::as_object);
                let names = value.as_object().into_iter().flat_map(|it| it.keys());
                names
                    .filter(|name| known.is_none_or(|known| !known.contains_key(*name)))
                    .map(|name| format!("{at}: {name} is unknown"))
                    .collect()
            }
            _ => Vec::new(),
        });
    }
    found
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("no type {other}"),
    }
}

//! What stands twice is sent once, comes back byte for byte, and what several agents share is first.

use crate::env::{Outcome, TestEnv};
use serde_json::{Value, json};

const LICENCE: &str = "\
// Copyright the authors of this project, whoever they are.
//
// Licensed under the Apache License, Version 2.0 (the \"License\"); you may not use this
// file except in compliance with the License. You may obtain a copy of the License at
// http://www.apache.org/licenses/LICENSE-2.0, where it says what you may do and what not.
";

/// Three sources under one licence, of which two have a function in common; and a copy.
fn sources() -> TestEnv {
    let env = TestEnv::empty();
    let distance = "export function cosine(a: number[], b: number[]): number {\n  \
        let dot = 0, left = 0, right = 0;\n\n  for (let i = 0; i < a.length; i++) {\n    \
        dot += a[i] * b[i];\n    left += a[i] * a[i];\n    right += b[i] * b[i];\n  }\n\n  \
        return dot / Math.sqrt(left * right);\n}\n";
    env.write("src/index.ts", format!("{LICENCE}\nimport x from \"x\";\n\n{distance}"));
    env.write("src/search.ts", format!("{LICENCE}\nimport y from \"y\";\n"));
    env.write("src/vendor/index.ts", format!("import z from \"z\";\n\n{distance}\nz();\n"));
    env.write("src/vendor/search.ts", format!("{LICENCE}\nimport y from \"y\";\n"));
    env.write("docs/cosine.md", format!("# Cosine\n\n```ts\n{distance}```\n"));
    let utf16: Vec<u8> = std::iter::once(0xfeffu16)
        .chain(format!("{LICENCE}\nüber\n").encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    env.write("src/wide.ts", utf16);
    env
}

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --model gpt-5 --files src,docs";

#[test]
fn blocks_files_or_nothing() {
    let env = sources();
    let tokens = |mode: &str| {
        let bundle = env.ok(&format!("{PREPARE} --dedup {mode} --output -")).json();
        assert_eq!(bundle["dedup"]["mode"], mode);
        let before = bundle["dedup"]["tokens_before"].as_u64().unwrap();
        assert_eq!(bundle["dedup"]["tokens_after"], bundle["total_tokens"]);
        (before, bundle["total_tokens"].as_u64().unwrap())
    };
    let (off, files, blocks) = (tokens("off"), tokens("files"), tokens("blocks"));
    assert_eq!(off.0, off.1);
    assert!(files.1 < off.1 && blocks.1 < files.1, "{off:?} {files:?} {blocks:?}");
    snapshot!("blocks", env.run(PREPARE));
    snapshot!("blocks_briefing", env.run("ctx generate-briefing --bundle latest --quiet"));
    let xml = "ctx generate-briefing --bundle latest --template briefing.xml --quiet";
    snapshot!("blocks_briefing_xml", env.run(xml));
    let bundle = env.ok("ctx show latest --format json").json();
    snapshot!(
        "blocks_references",
        serde_json::to_string_pretty(&bundle["context_items"][2]).unwrap()
    );
    env.write("sortie.toml", "dedup = 'files'\n");
    let configured = env.ok(&format!("{PREPARE} --output -")).json();
    assert_eq!(configured["dedup"]["blocks"], 0);
    snapshot!("mode_bad", env.run(&format!("{PREPARE} --dedup lines")));
}

#[test]
fn every_file_comes_back_byte_for_byte() {
    let env = sources();
    env.ok(&format!("{PREPARE} --output bundle.json"));
    let names = [
        "src/index.ts",
        "src/vendor/index.ts",
        "src/vendor/search.ts",
        "src/wide.ts",
        "docs/cosine.md",
    ];
    let files = names.map(|name| (name, env.read(name)));
    for dir in ["src", "docs"] {
        std::fs::remove_dir_all(env.path(dir)).unwrap();
    }
    snapshot!("expand", env.run("ctx show bundle.json --expand --output back"));
    for (name, bytes) in &files {
        assert_eq!(&env.read(format!("back/{name}")), bytes, "{name}");
        let one = env.ok(&format!("ctx show latest --expand --item {name}"));
        assert_eq!(&one.stdout, bytes, "{name}");
    }
    env.ok("ctx show bundle.json --expand --output back");
    env.write("back/src/index.ts", "mine\n");
    std::fs::remove_file(env.path("back/src/search.ts")).unwrap();
    snapshot!("expand_in_the_way", env.run("ctx show bundle.json --expand --output back"));
    assert!(!env.exists("back/src/search.ts"), "nothing is written");
    snapshot!("expand_no_item", env.run("ctx show bundle.json --expand --item src/none.ts"));
    snapshot!("expand_to_nowhere", env.run("ctx show bundle.json --expand"));
    snapshot!("item_without_expand", env.run("ctx show bundle.json --item src/index.ts"));
}

/// Two agents of the same sources, each with something of its own.
fn two(env: &TestEnv) {
    let prepare = |name: &str, own: &str| {
        env.ok(&format!(
            "ctx prepare-bundle --agent-type {name} --scope 'Do {name}' --model gpt-5 \
             --files src/index.ts,src/search.ts,{own} --output {name}.json"
        ));
    };
    prepare("reviewer", "src/vendor/index.ts");
    prepare("writer", "docs");
}

fn briefing(env: &TestEnv, bundle: &str) -> String {
    env.ok(&format!("ctx generate-briefing --bundle {bundle} --quiet")).out()
}

fn alike(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

#[test]
fn what_agents_share_comes_first_and_is_alike() {
    let env = sources();
    two(&env);
    let before = env.text("reviewer.json");
    let share = "ctx deduplicate --bundles reviewer.json,writer.json --output shared.json";
    snapshot!("share_only_shown", env.run(share));
    assert_eq!(env.text("reviewer.json"), before);
    let share = format!("{share} --write");
    let json = env.ok(&format!("{share} --format json")).json();
    let (reviewer, writer) = (briefing(&env, "reviewer.json"), briefing(&env, "writer.json"));
    let shared: Value = serde_json::from_str(&env.text("shared.json")).unwrap();
    for item in shared["context_items"].as_array().unwrap() {
        let block = format!("### `{}` (shared_context", item["source"].as_str().unwrap());
        let place = reviewer.find(&block);
        assert!(
            item["type"] == "briefing" || place.is_some_and(|at| at < alike(&reviewer, &writer))
        );
    }
    let prefix = &reviewer[..alike(&reviewer, &writer)];
    assert!(
        prefix.starts_with("# Shared context\n") && prefix.contains("\n# Briefing\n\nYou are `"),
        "{prefix}"
    );
    let count = |text: &str| tiktoken(text);
    let whole_lines = &prefix[..=prefix.rfind('\n').unwrap()];
    assert_eq!(json["prefix_tokens"], count(whole_lines));
    let of = |row: usize, key: &str| json["agents"][row][key].as_u64().unwrap();
    assert_eq!((of(0, "tokens_after"), of(1, "tokens_after")), (count(&reviewer), count(&writer)));
    let sum: u64 = (0..2).map(|row| of(row, "tokens_before")).sum();
    assert_eq!(json["tokens_before"], sum);
    snapshot!("share_json", without_shared(json));
    // Once more: what is shared already stays so.
    let ids = |env: &TestEnv| {
        ["reviewer", "writer", "shared"].map(|name| {
            let bundle: Value = serde_json::from_str(&env.text(format!("{name}.json"))).unwrap();
            bundle["bundle_id"].clone()
        })
    };
    let before = ids(&env);
    snapshot!("share_again", env.run(&share));
    assert_eq!(ids(&env), before);
    assert_eq!(briefing(&env, "writer.json"), writer);
    snapshot!("share_shown", env.run("ctx show writer.json"));
    env.ok("ctx show writer.json --expand --output back");
    assert_eq!(env.read("back/docs/cosine.md"), env.read("docs/cosine.md"));
    snapshot!("share_markdown", env.run(&format!("{share} --format markdown")));
}

/// Tokens by the tokenizer itself.
fn tiktoken(text: &str) -> u64 {
    tiktoken_rs::o200k_base_singleton().count_ordinary(text) as u64
}

fn without_shared(mut json: Value) -> String {
    json["shared"] = "…".into();
    serde_json::to_string_pretty(&json).unwrap()
}

#[test]
fn a_prefix_that_is_long_enough_is_billed_by_the_cache() {
    let env = sources();
    let words: String = (0..3_000).map(|n| format!("word{n} ")).collect();
    env.write("spec.md", words);
    env.write("own.md", "mine\n");
    for (name, files) in [("a", "spec.md"), ("b", "spec.md,own.md"), ("c", "own.md,spec.md")] {
        env.ok(&format!(
            "ctx prepare-bundle --agent-type {name} --scope s --model gpt-5 --files {files} --output {name}.json"
        ));
    }
    let json = env.ok("ctx deduplicate --bundles a.json,b.json,c.json --format json").json();
    let row = |at: usize, key: &str| json["agents"][at][key].as_u64().unwrap();
    assert_eq!((row(0, "cache_read"), row(1, "cache_write")), (0, 0));
    assert!(row(0, "cache_write") > 5_000 && row(1, "cache_read") == row(0, "cache_write"));
    for at in 0..3 {
        let (read, write) = (row(at, "cache_read") as f64, row(at, "cache_write") as f64);
        let plain = row(at, "tokens_after") as f64 - read - write;
        let billed = (plain + 0.1 * read + 1.25 * write).round() as u64;
        assert_eq!(row(at, "tokens_billed"), billed);
    }
    assert_eq!(json["tokens_billed"], (0..3).map(|at| row(at, "tokens_billed")).sum::<u64>());
}

const PLAN: &str = "\
scope = 'Cosine everywhere'
model = 'gpt-5'
budget = '4k'
files = ['../src/index.ts', '../src/search.ts']

[[agents]]
agent_type = 'reviewer'
scope = 'Review it'
files = ['../src/vendor']

[[agents]]
agent_type = 'reviewer'
role = 'You write well.'
constraints = ['No jargon']
expect = 'A list.'
references = ['../docs']
";

#[test]
fn a_plan_prepares_several_agents_at_once() {
    let env = sources();
    env.write("plans/cosine.toml", PLAN);
    snapshot!("plan", env.run("ctx plan plans/cosine.toml --output bundles"));
    snapshot!("plan_markdown", env.run("ctx plan plans/cosine.toml --format markdown"));
    let json = env.ok("ctx plan plans/cosine.toml --format json").json();
    assert_eq!(json["agents"][0]["tokens"], tiktoken(&briefing(&env, "bundles/reviewer.json")));
    assert_eq!(json["agents"][1]["tokens"], tiktoken(&briefing(&env, "bundles/reviewer-2.json")));
    snapshot!("plan_json", without_sharing(json));
    snapshot!("plan_csv", env.run("ctx plan plans/cosine.toml --format csv"));
    let second = briefing(&env, "bundles/reviewer-2.json");
    snapshot!("plan_briefing", second);
    assert!(alike(&briefing(&env, "bundles/reviewer.json"), &second) > 700);
    assert!(env.exists("bundles/shared-context.json"));
    env.ok("track init-session --scope s --session-id s-1");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type reviewer \
            --scope s --context-bundle bundles/reviewer.json");
    assert_eq!(
        env.ok("ctx replay --execution-id e-1").out(),
        briefing(&env, "bundles/reviewer.json")
    );
    snapshot!(
        "plan_partly_deployed",
        env.run("ctx track-budget --session-id s-1 --bundles bundles/reviewer.json,bundles/reviewer-2.json")
    );
}

fn without_sharing(mut json: Value) -> String {
    json["sharing"]["shared"] = "…".into();
    serde_json::to_string_pretty(&json).unwrap()
}

#[test]
fn a_plan_that_cannot_be_followed() {
    let env = sources();
    let plan = |text: &str| -> Outcome {
        env.write("plan.toml", text);
        env.run("ctx plan plan.toml --output bundles")
    };
    snapshot!("plan_unknown_key", plan("scope = 's'\nfile = ['src']\nagents = []\n"));
    snapshot!("plan_no_agents", plan("scope = 's'\nagents = []\n"));
    snapshot!("plan_name", plan("scope = 's'\n[[agents]]\nagent_type = '../x'\nfiles = ['src']\n"));
    snapshot!("plan_no_file", plan("scope = 's'\n[[agents]]\nagent_type = 'x'\nfiles = ['scr']\n"));
    snapshot!("plan_no_toml", plan("scope = \n"));
    snapshot!("plan_absent", env.run("ctx plan none.toml"));
    let agents = "[[agents]]\nagent_type = 'a'\nfiles = ['src']\n[[agents]]\nagent_type = 'b'\n\
                  files = ['docs']\n";
    snapshot!(
        "plan_over_session",
        plan(&format!("scope = 's'\nmodel = 'gpt-5'\nbudget = 500\n{agents}"))
    );
    let each = format!("scope = 's'\nmodel = 'gpt-5'\nagent_budget = 400\n{agents}");
    snapshot!("plan_over_agent", plan(&each));
    assert!(!env.exists("bundles") && !env.database().exists(), "nothing is written");
    let spare = "scope = 's'\nmodel = 'gpt-5'\nagent_budget = 500\n[[agents]]\nagent_type = 'a'\nfiles = \
                 ['docs']\noptional = ['src']\n[[agents]]\nagent_type = 'b'\nfiles = ['docs']\n";
    env.write("plan.toml", spare);
    snapshot!("plan_trimmed", env.run("ctx plan plan.toml --on-over-budget trim"));
    // It fits but for the heading of what is shared.
    env.write("plan.toml", spare.replace("500", "300").replace("['src']", "[]"));
    snapshot!("plan_over_by_its_heading", env.run("ctx plan plan.toml"));
    snapshot!("plan_of_one", plan("scope = 's'\n[[agents]]\nagent_type = 'x'\nfiles = ['docs']\n"));
}

/// A bundle's file with something changed in it, its hash made anew.
fn forged(env: &TestEnv, change: impl Fn(&mut Value)) -> Outcome {
    let mut bundle: Value = serde_json::from_str(&env.text("bundle.json")).unwrap();
    change(&mut bundle);
    let mut named = bundle.clone();
    for key in ["bundle_id", "bundle_hash", "created_at"] {
        named.as_object_mut().unwrap().remove(key);
    }
    named.sort_all_objects();
    bundle["bundle_hash"] = blake3::hash(named.to_string().as_bytes()).to_string().into();
    env.write("forged.json", bundle.to_string());
    env.run("ctx generate-briefing --bundle forged.json --quiet")
}

#[test]
fn a_bundle_whose_references_lie_is_refused() {
    let env = sources();
    env.ok(&format!("{PREPARE} --output bundle.json"));
    assert_eq!(forged(&env, |_| ()).status, Some(0), "the forging itself is right");
    let reference = |bundle: &mut Value, key: &str, to: Value| {
        bundle["context_items"][2]["references"][0][key] = to;
    };
    snapshot!("forged", forged(&env, |it| reference(it, "end", 1_000_000.into())));
    let numbers = [0u64, 1, 3, 17, u64::MAX / 2, u64::MAX];
    for key in ["start", "end", "offset", "item"] {
        for number in numbers {
            let outcome = forged(&env, |it| reference(it, key, number.into()));
            let was = |bundle: Value| bundle["context_items"][2]["references"][0][key] == number;
            let same = was(serde_json::from_str(&env.text("bundle.json")).unwrap());
            assert_eq!(outcome.status, Some(if same { 0 } else { 2 }), "{key} {number}: {outcome}");
        }
    }
    for (change, status) in [
        ((|it| it["context_items"][2]["bytes"] = 1.into()) as fn(&mut Value), 0),
        (|it| it["context_items"][2]["bytes"] = u64::MAX.into(), 2),
        (|it| it["total_tokens"] = (1u64 << 60).into(), 2),
        (|it| it["context_items"][0]["duplicate_of"] = "src/search.ts".into(), 2),
        (|it| it["context_items"][3]["duplicate_of"] = "src/index.ts".into(), 2),
        (|it| it["shared"] = json!({"bundle_id": "x", "items": 99, "prefix_tokens": 7}), 2),
        (|it| it["shared"] = json!({"bundle_id": "x", "items": 6, "prefix_tokens": 7}), 0),
    ] {
        let outcome = forged(&env, change);
        assert_eq!(outcome.status, Some(status), "{outcome}");
    }
}

#[test]
fn items_that_cannot_be_files_of_their_names_are_told() {
    let env = TestEnv::empty();
    env.write("notes.md", "# In/Out\n\nWords.\n\n# ../up\n\nMore.\n");
    env.ok("ctx prepare-bundle --agent-type a --scope s \
            --files 'notes.md#In/Out,notes.md#../up' --output parts.json");
    env.ok("ctx show parts.json --expand --output back");
    assert_eq!(env.text("back/notes.md#In%2FOut"), "# In/Out\n\nWords.\n\n");
    assert_eq!(env.text("back/notes.md#..%2Fup"), "# ../up\n\nMore.\n");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"bad\xff.txt");
        env.write(format!("d/{}", "bad\\xff.txt"), "literal\n");
        std::fs::write(env.path("d").join(name), "bytes\n").unwrap();
        env.ok("ctx prepare-bundle --agent-type a --scope s --files d --output names.json");
        env.ok("ctx show names.json --expand --output names");
        assert_eq!(env.text("names/d/bad\\xff.txt"), "literal\n");
        assert_eq!(env.text(std::path::Path::new("names/d").join(name)), "bytes\n");
    }
    // A file that is called what a part of another is.
    env.write("notes.md#Out", "literal\n");
    env.write("notes.md", "# Out\n");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files notes.md#Out,notes.md#out \
            --output twice.json");
    snapshot!("expand_twice", env.run("ctx show twice.json --expand --output out"));
    assert!(!env.exists("out"));
}

/// A long path makes a run less worth, not the search for it longer.
#[test]
fn repetitive_files_with_long_paths_are_searched_once() {
    let env = TestEnv::empty();
    let text: String = (0..400).map(|n| "a\n\n".repeat(60) + &format!("line {n}\n\n")).collect();
    let dir = ["d".repeat(120), "e".repeat(120), "f".repeat(120)].join("/");
    env.write(format!("{dir}/g.txt"), text);
    let started = std::time::Instant::now();
    env.ok("ctx prepare-bundle --agent-type a --scope s --files . --output bundle.json");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

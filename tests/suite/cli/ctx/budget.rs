//! Budgets: what is over one is told before it is sent, and nothing is written.

use crate::env::TestEnv;

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --output bundle.json";

fn is_untouched(env: &TestEnv) -> bool {
    !env.exists("bundle.json") && !env.exists(".sortie")
}

#[test]
fn over_budget_nothing_is_written() {
    let env = TestEnv::new();
    let over = env.run(&format!(
        "{PREPARE} --files README.md --references references,spec --optional lib --model gpt-5 \
         --budget 400"
    ));
    snapshot!("over_budget", over);
    assert_eq!(over.status, Some(4));
    assert!(is_untouched(&env));
    let json = env.run(&format!(
        "{PREPARE} --files README.md --optional lib --model sonnet --budget 400 --format json"
    ));
    snapshot!("over_budget_json", json);
    assert!(is_untouched(&env));
    // With a history there already, no row is added.
    env.ok("track init-session --scope s --session-id s-1");
    assert_eq!(env.run(&format!("{PREPARE} --files lib --budget 10")).status, Some(4));
    assert_eq!(env.rows("SELECT count(*) FROM bundles"), "0\n");
    assert_eq!(env.rows("SELECT count(*) FROM contents"), "0\n");
    assert!(!env.exists("bundle.json"));
}

/// Whoever drops what the table says to drop is within the budget, and not a step before.
#[test]
fn dropping_as_told_makes_it_fit() {
    let env = TestEnv::new();
    let items = ["README.md", "lib/types.ts", "lib/distance.ts", "spec/interfaces.md"];
    let of = |kept: &[&str]| {
        let optional = kept.iter().map(|item| format!(" --optional {item}")).collect::<String>();
        env.run(&format!(
            "{PREPARE} --files spec/requirements.md{optional} --model gpt-5 --budget 500 \
             --format json"
        ))
    };
    let over = of(&items);
    assert_eq!(over.status, Some(4));
    let mut kept = items.to_vec();
    for step in over.json()["steps"].as_array().unwrap() {
        assert_eq!(of(&kept).status, Some(4), "{kept:?}");
        assert_eq!(step["action"], "drop");
        kept.retain(|item| step["item"] != *item);
        if step["fits"] == true {
            assert_eq!(of(&kept).status, Some(0), "{kept:?}");
            return;
        }
    }
    panic!("no step makes it fit: {over}");
}

#[test]
fn trimming_drops_what_matters_least() {
    let env = TestEnv::new();
    let prepare = |budget: &str| {
        env.run(&format!(
            "{PREPARE} --files spec/requirements.md --references references,spec/interfaces.md \
             --optional README.md,lib/distance.ts --model gpt-5 --on-over-budget trim \
             --budget {budget}"
        ))
    };
    snapshot!("trim_optional", prepare("700"));
    snapshot!("trim_recommended", prepare("500"));
    let tokens = env.run("ctx show bundle.json --format json").json();
    assert!(tokens["budget_remaining"].as_i64().unwrap() >= 0);
    std::fs::remove_file(env.path("bundle.json")).unwrap();
    let over = prepare("300");
    assert_eq!(over.status, Some(4), "{over}");
    snapshot!("trim_is_not_enough", over.err());
    assert!(!env.exists("bundle.json"));
}

#[test]
fn the_budget_is_given_configured_or_the_window_less_a_reserve() {
    let env = TestEnv::new();
    let limit = |options: &str| {
        let line = format!("{PREPARE} --files lib --format json {options}");
        env.ok(&line).json()["budget"].as_u64().unwrap()
    };
    assert_eq!(limit(""), 160_000);
    assert_eq!(limit("--reserve 50%"), 100_000);
    assert_eq!(limit("--reserve 10k"), 190_000);
    assert_eq!(limit("--budget 40k"), 40_000);
    assert_eq!(limit("--model gpt-5"), 320_000);
    env.write("sortie.toml", "budget = '30k'\n");
    assert_eq!(limit(""), 30_000);
    assert_eq!(limit("--budget 40k"), 40_000);
    env.write("sortie.toml", "reserve = '50%'\nmodel = 'gpt-5'\n");
    assert_eq!(limit(""), 200_000);
}

#[test]
fn bounds() {
    let env = TestEnv::new();
    let check = |budget: &str| {
        env.run(&format!(
            "ctx check-bounds --phase 3 --files README.md --references spec,lib --model gpt-5 --budget {budget} \
             --shared-with agent-1,agent-2"
        ))
    };
    snapshot!("bounds_ok", check("40k"));
    snapshot!("bounds_warning", check("900"));
    snapshot!("bounds_critical", check("760"));
    snapshot!("bounds_over", check("500"));
    snapshot!(
        "bounds_json",
        env.run("ctx check-bounds --phase 3 --files spec,lib --budget 40k --format json")
    );
    snapshot!("bounds_bad_phase", env.run("ctx check-bounds --phase 6 --files lib"));
    assert!(is_untouched(&env));
}

#[test]
fn the_usage_of_a_session() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    env.ok(&format!("{PREPARE} --files lib --model gpt-5"));
    for (id, phase) in [("e-1", 2), ("e-2", 3), ("e-3", 3)] {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {id} --agent-type a --scope s \
             --context-bundle bundle.json --phase {phase}"
        ));
    }
    let track = |budget: &str| env.run(&format!("ctx track-budget --session-id s-1 {budget}"));
    snapshot!("usage_by_phase", track("--budget 200k"));
    snapshot!("usage_of_one_phase", track("--budget 200k --phase 2"));
    snapshot!("usage_warning", track("--budget 1700"));
    snapshot!("usage_over", track("--budget 1k"));
    snapshot!(
        "usage_of_bundles_over",
        env.run("ctx track-budget --bundles bundle.json,latest --budget 600")
    );
}

/// What fits the model it was prepared for may be too much for another.
#[test]
fn a_bundle_over_its_budget_is_only_deployed_by_force() {
    let env = TestEnv::new();
    env.write("large.md", "word ".repeat(8_000));
    env.ok("ctx prepare-bundle --agent-type a --scope s --model gpt-5 --files large.md \
            --output large.json");
    env.ok("track init-session --scope s --session-id s-1");
    let deploy = "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a \
                  --scope s --context-bundle large.json --model gpt-4";
    snapshot!("deploy_over_budget", env.run(deploy));
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "0\n");
    snapshot!("deploy_over_budget_forced", env.run(&format!("{deploy} --force")));
    assert_eq!(env.rows("SELECT count(*) FROM agent_executions"), "1\n");
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
fn a_briefing_counts_the_same_however_it_is_handed_over() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib,spec --output bundle.json");
    env.ok("ctx generate-briefing --bundle bundle.json --output briefing.md");
    env.ok(
        "ctx generate-briefing --bundle bundle.json --template briefing.xml --output briefing.xml",
    );
    let deploy = |id: &str, options: &str| {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {id} --agent-type a --scope s \
             --context-bundle bundle.json {options}"
        ));
        let json = env.ok(&format!("track show {id} --format json")).json();
        let given = json["allocations"].as_array().unwrap().iter();
        let sum: u64 = given.map(|it| it["token_count"].as_u64().unwrap()).sum();
        (json["execution"]["context_token_count"].as_u64().unwrap(), sum)
    };
    let bundle = env.ok("ctx show latest --format json").json();
    let tokens = bundle["total_tokens"].as_u64().unwrap();
    assert_eq!(deploy("own", "--briefing briefing.md"), (tokens, tokens));
    // Another model of the same family, and one with another tokenizer: items are counted for it.
    assert_eq!(deploy("same", "--briefing briefing.md --model haiku"), (tokens, tokens));
    let (count, sum) = deploy("other", "--briefing briefing.md --model gpt-4o");
    assert_eq!(count, sum);
    let raw = env.ok("ctx replay --execution-id other").out();
    assert_eq!(count, tiktoken_rs::o200k_base_singleton().count_ordinary(&raw) as u64);
    assert_ne!(deploy("xml", "--briefing briefing.xml").0, tokens);
    // A briefing edited by hand is counted for the model it goes to, whichever it went to first.
    env.write("edited.md", format!("{raw}\nOne more line, in any words.\n"));
    let first = deploy("edited-1", "--briefing edited.md --model gpt-4o").0;
    let second = deploy("edited-2", "--briefing edited.md").0;
    assert_ne!(first, second);
    assert_eq!(deploy("edited-3", "--model sonnet").0, second);
    // Handed over as they were rendered, they keep their template.
    let stats = env.ok("track stats --by template --format jsonl").out();
    assert!(stats.contains("\"briefing\"") && stats.contains("\"briefing.xml\""), "{stats}");
    assert_eq!(stats.matches("(given)").count(), 1, "{stats}");
}

//! Events in every order, twice, or never.

use super::world::{BACK, INNER, OUTER, call, event, record, story, tell};
use crate::env::TestEnv;
use proptest::prelude::*;
use serde_json::{Value, json};
use sortie::capture::Heard;
use std::io::Write;
use std::process::Stdio;

fn told(order: &[usize]) -> (TestEnv, String) {
    let env = TestEnv::empty();
    let story = story(&env);
    for at in order {
        assert!(matches!(tell(&env, *at, &story[*at]), Heard::Recorded | Heard::Nothing), "{at}");
    }
    let record = if env.database().exists() { env.clean(&record(&env)) } else { String::new() };
    (env, record)
}

#[test]
fn a_session_as_it_happens() {
    let all: Vec<usize> = (0..21).collect();
    let (env, _) = told(&all);
    snapshot!("query", env.run("track query"));
    snapshot!("outer", env.run(&format!("track show {}", OUTER.0)));
    snapshot!("background", env.run(&format!("track show {} --format json", BACK.0)));
    snapshot!("inner", env.run(&format!("track show {}", INNER.0)));
    snapshot!("sessions", env.run("track sessions"));
    snapshot!("status", env.run("status"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is on record in the end depends on what was told, not on when or how often.
    #[test]
    fn no_order_makes_another_record(
        (kept, shuffled) in proptest::sample::subsequence((0..20).collect::<Vec<usize>>(), 4..=20)
            .prop_flat_map(|kept| {
                let twice = proptest::sample::subsequence(kept.clone(), 0..=kept.len());
                let kept = Just(kept);
                (kept, twice)
            })
            .prop_flat_map(|(kept, twice)| {
                let mut all = kept.clone();
                all.extend(twice);
                (Just(kept), Just(all).prop_shuffle())
            })
    ) {
        let (_, in_order) = told(&kept);
        let (_, otherwise) = told(&shuffled);
        prop_assert_eq!(in_order, otherwise);
    }
}

/// The hook as a harness runs it.
fn hook(env: &TestEnv, event: &Value) -> crate::env::Outcome {
    let mut child = env
        .sortie()
        .args(["hook", "claude-code"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(event.to_string().as_bytes()).unwrap();
    env.outcome("sortie hook claude-code", child.wait_with_output().unwrap())
}

#[test]
fn a_marked_prompt_is_joined_to_its_bundle_and_to_what_was_deployed_by_hand() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id work --scope Work");
    env.ok("ctx prepare-bundle --agent-type reviewer --scope 'Review it' --files lib --quiet");
    let bundle = env.rows("SELECT bundle_id FROM bundles");
    let bundle = bundle.trim().trim_matches('"').to_owned();
    let prompt = format!("Review it.\nsortie:bundle={bundle}");
    assert_eq!(
        hook(&env, &call(&env, "PreToolUse", "toolu_a", &prompt, json!({}))).status,
        Some(0)
    );
    snapshot!("joined", env.run("track show toolu_a"));
    let line = format!(
        "track init-deployment --session-id work --execution-id by-hand \
                        --agent-type reviewer --scope 'Review it' --context-bundle {bundle}"
    );
    env.ok(&line);
    let marked = "Go.\nsortie:execution=by-hand";
    hook(&env, &call(&env, "PreToolUse", "toolu_b", marked, json!({})));
    let answered = json!({ "tool_response": {
        "status": "completed", "agentId": "ab", "content": [{ "type": "text", "text": "Reviewed." }],
    }});
    hook(&env, &call(&env, "PostToolUse", "toolu_b", marked, answered));
    snapshot!("by_hand", env.run("track query --session-id work"));
}

#[test]
fn a_briefing_stands_in_the_place_of_the_prompt_where_that_is_wanted() {
    let env = TestEnv::new();
    env.write("sortie.toml", "[capture]\ninject = true\n");
    env.ok(
        "ctx prepare-bundle --agent-type reviewer --scope 'Review it' --files lib/types.ts --quiet",
    );
    let bundle = env.rows("SELECT bundle_id FROM bundles");
    let prompt = format!("sortie:bundle={}", bundle.trim().trim_matches('"'));
    let outcome = hook(&env, &call(&env, "PreToolUse", "toolu_a", &prompt, json!({})));
    let reply: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let input = &reply["hookSpecificOutput"]["updatedInput"];
    assert_eq!(input["subagent_type"], "general-purpose", "every field goes back");
    assert!(input["prompt"].as_str().unwrap().contains("Review it"));
    let shown: Value =
        serde_json::from_slice(&env.ok("track show toolu_a --format json").stdout).unwrap();
    assert_eq!(shown["capture"]["injected"], "unknown");
    // Who was told too late has gone with its own prompt: nothing was put in its place.
    let late = call(&env, "PreToolUse", "toolu_c", &prompt, json!({}));
    let head = json!({ "harness": "claude-code", "at": crate::env::NOW.replace('Z', ".000Z") });
    env.write(".sortie/spool/000000000000001-1-0.event", format!("{head}\n{late}"));
    let shown: Value =
        serde_json::from_slice(&env.ok("track show toolu_c --format json").stdout).unwrap();
    assert!(shown["capture"]["injected"].is_null(), "{shown}");
    let plain = hook(&env, &call(&env, "PreToolUse", "toolu_b", "Nothing marked.", json!({})));
    assert!(plain.stdout.is_empty());
}

#[test]
fn after_a_compaction_the_record_is_told() {
    let env = TestEnv::empty();
    for (at, it) in story(&env).iter().enumerate() {
        tell(&env, at, it);
    }
    let compacted = event(&env, "SessionStart", json!({ "source": "compact" }));
    let outcome = hook(&env, &compacted);
    let reply: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let text = reply["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(text.chars().count() <= 10_000);
    snapshot!("after_compaction", env.clean(text));
    let other = json!({ "source": "compact", "session_id": "another" });
    assert!(hook(&env, &event(&env, "SessionStart", other)).stdout.is_empty());
}

#[test]
fn what_was_recorded_by_hand_is_not_written_over() {
    let env = TestEnv::new();
    env.ok("track init-session --session-id work --scope Work");
    env.ok("track init-deployment --session-id work --execution-id toolu_a --agent-type mine --scope Mine");
    hook(&env, &call(&env, "PreToolUse", "toolu_a", "Another thing.", json!({})));
    let row = env.rows("SELECT agent_type, scope, briefing_hash FROM agent_executions");
    assert_eq!(row, "mine | Mine | -\n");
}

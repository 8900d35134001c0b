//! `sortie track stats`: the figures are right, and a small number says that it is one.

use crate::env::TestEnv;
use serde_json::Value;

/// Thirteen deployments by two agents on two days; `types.ts` went well, `distance.ts` did not.
fn counted() -> TestEnv {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("track init-session --scope 'Billing' --session-id s-2");
    let prepare = "ctx prepare-bundle --agent-type a --scope s --model gpt-5";
    env.ok(&format!("{prepare} --files lib/types.ts --output types.json"));
    env.ok(&format!("{prepare} --files lib/distance.ts,spec --output distance.json"));
    env.ok(
        "ctx generate-briefing --bundle types.json --template briefing.xml --output briefing.xml",
    );
    for at in 0..13 {
        let (agent, model) = if at < 11 { ("implementor", "gpt-5") } else { ("reviewer", "opus") };
        let context = match at {
            0..6 => "--context-bundle types.json",
            6..11 => "--context-bundle distance.json",
            _ => "--context-token-count 1k",
        };
        let day = if at < 11 { 17 } else { 18 };
        env.at(&format!("2025-01-{day}T10:00:00Z")).ok(&format!(
            "track init-deployment --session-id s-{} --execution-id e-{at} --scope s --model {model} \
             --agent-type {agent} {context}",
            if at < 11 { 1 } else { 2 }
        ));
        let ending = match at {
            0..6 | 11 => "--final-message done",
            6..=9 => "--status failed --error-message timeout",
            _ => continue,
        };
        env.at(&format!("2025-01-{day}T10:{:02}:00Z", at + 1))
            .ok(&format!("track record-completion --execution-id e-{at} {ending}"));
    }
    env
}

fn group(stats: &Value, at: usize, fields: &[&str]) -> Vec<Value> {
    fields.iter().map(|field| stats["groups"][at][*field].clone()).collect()
}

#[test]
fn the_figures_are_right() {
    let env = counted();
    let stats = env.ok("track stats --by agent-type --format json").json();
    let fields = ["name", "runs", "completed", "failed", "open", "success_rate", "few_runs"];
    let expected = serde_json::json!(["implementor", 11, 6, 4, 1, 0.6, false]);
    assert_eq!(Value::from(group(&stats, 0, &fields)), expected);
    // 1 to 10 minutes: the fifth of ten is the median, the tenth the 95th percentile.
    let durations = group(&stats, 0, &["duration_p50_ms", "duration_p95_ms"]);
    assert_eq!(Value::from(durations), serde_json::json!([300_000, 600_000]));
    let expected = serde_json::json!(["reviewer", 2, 1, 0, 1, 1.0, true]);
    assert_eq!(Value::from(group(&stats, 1, &fields)), expected);
    let tokens = group(&stats, 1, &["tokens_mean", "tokens_total", "tokens_exact"]);
    assert_eq!(Value::from(tokens), serde_json::json!([1000, 2000, true]));
    assert_eq!(stats["total"]["runs"], 13);
    let groups = |by: &str| {
        let stats = env.ok(&format!("track stats --format json --by {by}")).json();
        let groups = stats["groups"].as_array().unwrap().iter();
        groups.map(|it| format!("{} {}", it["name"], it["runs"])).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(groups("model"), "\"gpt-5\" 11, \"opus\" 2");
    assert_eq!(groups("session"), "\"s-1\" 11, \"s-2\" 2");
    assert_eq!(groups("day"), "\"2025-01-18\" 2, \"2025-01-17\" 11");
    assert_eq!(groups("template"), "\"briefing.xml\" 6, \"briefing\" 5, null 2");
    assert_eq!(groups("model --session-id s-2"), "\"opus\" 2");
    assert_eq!(groups("day --since 2025-01-18"), "\"2025-01-18\" 2");
    assert_eq!(groups("day --until 2025-01-18 --agent-type reviewer"), "");
    assert_eq!(groups("session --model opus"), "\"s-2\" 2");
}

#[test]
fn stats_by_each_property() {
    let env = counted();
    for by in ["agent-type", "model", "session", "template", "day", "source"] {
        let name = by.replace('-', "_");
        snapshot!(format!("stats_{name}"), env.run(&format!("track stats --by {by}")));
    }
    snapshot!("stats_limited", env.run("track stats --by model --limit 1"));
    snapshot!("stats_json", env.run("track stats --by agent-type --limit 1 --format json"));
    snapshot!("stats_csv", env.run("track stats --by day --format csv"));
    snapshot!("stats_markdown", env.run("track stats --by template --format markdown"));
    snapshot!("stats_source_json", env.run("track stats --by source --limit 1 --format json"));
    snapshot!("stats_source_csv", env.run("track stats --by source --format csv"));
    snapshot!("stats_source_markdown", env.run("track stats --by source --format markdown"));
}

#[test]
fn stats_of_little() {
    let env = TestEnv::empty();
    snapshot!("stats_of_nothing", env.run("track stats --by agent-type"));
    snapshot!("stats_of_nothing_json", env.run("track stats --by agent-type --format json"));
    snapshot!("stats_of_no_source", env.run("track stats --by source"));
    assert!(!env.exists(".sortie"));
    let env = TestEnv::deployed("e-1");
    snapshot!("stats_of_one_open", env.run("track stats --by agent-type"));
    snapshot!("stats_by_what", env.run("track stats"));
    snapshot!("stats_by_bad", env.run("track stats --by colour"));
    snapshot!("stats_of_no_session", env.run("track stats --by model --session-id x"));
}

#[test]
fn a_source_counts_where_it_stood_in_the_context() {
    let env = counted();
    // Trimmed, so not in the context; and twice in one context is once.
    env.ok("track init-session --scope more --session-id s-3");
    env.ok("track init-deployment --session-id s-3 --execution-id e-x --agent-type a --scope s \
            --context-bundle types.json");
    env.ok("track record-completion --execution-id e-x --final-message done");
    let with = |source: &str| {
        let stats = env.ok("track stats --by source --format json --session-id s-3").json();
        let sources = stats["sources"].as_array().unwrap().iter();
        let found = sources.filter(|it| it["source"] == source);
        found.map(|it| it["with_finished"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(with("lib/types.ts"), [1]);
    let change = |sql: &str| {
        rusqlite::Connection::open(env.database()).unwrap().execute(sql, []).unwrap();
    };
    change(
        "INSERT INTO context_allocations (allocation_id, execution_id, position, context_type,
            context_source, token_count, included_in_deployment, priority, content_hash)
         SELECT 'again', execution_id, 9, 'reference', context_source, 1, 1, priority, NULL
         FROM context_allocations WHERE execution_id = 'e-x' AND context_type = 'file'",
    );
    assert_eq!(with("lib/types.ts"), [1]);
    change("UPDATE context_allocations SET included_in_deployment = 0 WHERE execution_id = 'e-x'");
    assert_eq!(with("lib/types.ts"), [0; 0]);
}

//! The whole loop of the README on the fixture project: prepare, brief, deploy, record, synthesize.

use crate::env::{Outcome, TestEnv, transcript};

/// The agent's part, which sortie does not see.
fn the_agent_works(env: &TestEnv) {
    let code = "import type { Vector } from \"./types\";\n\nexport class VectorIndex {\n  \
                insert(id: string, vector: Vector): void {}\n}\n";
    env.write("lib/vector-search.ts", code);
    env.write("tests/vector-search.test.ts", "test(\"finds the nearest\", () => {});\n");
    let message = "1. Done: the HNSW index, with cosine distance.\n2. Files: \
                   lib/vector-search.ts, tests/vector-search.test.ts\n3. Verified: npm test\n\
                   4. Open: none\n";
    env.write("out.txt", message);
}

/// The transcript of the issue, with the second bundle it needs.
fn whole_loop(env: &mut TestEnv) -> Vec<Outcome> {
    let mut done = Vec::new();
    let mut run = |env: &TestEnv, line: &str| done.push(env.run(line));
    run(
        env,
        "track init-session --scope \"Implement vector search\" --session-id orch-2025-01-17-001",
    );
    run(
        env,
        "ctx validate --scope \"Implement vector search\" \
         --context-files spec/requirements.md,lib/types.ts --dependencies \"A->B,B->C\"",
    );
    run(
        env,
        "ctx prepare-bundle --agent-type task-implementor --scope \"Implement HNSW\" \
         --files spec/requirements.md,lib/types.ts --references references/hnsw-algorithm.md \
         --output bundle-001.json",
    );
    run(
        env,
        "ctx prepare-bundle --agent-type test-writer --scope \"Test HNSW\" \
         --files spec/requirements.md,lib/distance.ts --references references/hnsw-algorithm.md \
         --output bundle-002.json",
    );
    run(
        env,
        "ctx track-budget --session-id orch-2025-01-17-001 --phase 3 \
         --bundles bundle-001.json,bundle-002.json --budget 200000 --warn-threshold 0.75",
    );
    run(
        env,
        "ctx deduplicate --bundles bundle-001.json,bundle-002.json --output shared-context.json",
    );
    run(
        env,
        "ctx generate-briefing --bundle bundle-001.json --template briefing \
         --output agent-briefing.md",
    );
    run(
        env,
        "track init-deployment --session-id orch-2025-01-17-001 --execution-id exec-001 \
         --agent-type task-implementor --scope \"Implement HNSW\" \
         --context-bundle bundle-001.json --model sonnet",
    );
    run(env, "ctx record-allocation --execution-id exec-001 --bundle bundle-001.json");
    the_agent_works(env);
    env.at("2025-01-17T09:42:10.500Z");
    run(
        env,
        "track record-completion --execution-id exec-001 --status completed \
         --final-message-file out.txt \
         --deliverables lib/vector-search.ts,tests/vector-search.test.ts",
    );
    run(
        env,
        "outputs collect --execution-id exec-001 --deliverables lib/vector-search.ts \
         --validation-results format:pass,lint:pass,types:pass,tests:pass,coverage:85 \
         --insights \"HNSW gives O(log n) search\"",
    );
    run(env, "outputs query --agent-type systematic-debugger --limit 10 --format json");
    env.at("2025-01-17T09:45:00Z");
    run(
        env,
        "outputs synthesize --session-id orch-2025-01-17-001 --template synthesis-report \
         --output report.md",
    );
    run(env, "track complete-session --session-id orch-2025-01-17-001");
    run(env, "track query --session-id orch-2025-01-17-001 --format json");
    done
}

/// What the database holds at the end, table by table.
fn facts(env: &TestEnv) -> String {
    [
        "SELECT session_id, created_at, scope, phase, status, metadata FROM sessions",
        "SELECT execution_id, session_id, agent_type, deployed_at, completed_at, status, scope,
                context_token_count, model, final_message, success, error_message
         FROM agent_executions",
        "SELECT output_type, content, created_at, metadata FROM outputs ORDER BY rowid",
        "SELECT context_type, context_source, token_count, included_in_deployment
         FROM context_allocations ORDER BY rowid",
        "SELECT bundle_id, agent_type, total_tokens FROM bundles ORDER BY rowid",
        "PRAGMA integrity_check",
        "PRAGMA foreign_key_check",
    ]
    .map(|sql| env.rows(sql))
    .join("\n")
}

#[test]
fn the_transcript_of_the_issue() {
    let mut env = TestEnv::with_git();
    let done = whole_loop(&mut env);
    assert_eq!(done.len(), 15);
    assert!(done.iter().all(|it| it.status == Some(0)));
    snapshot!("transcript", transcript(&done));
    snapshot!("bundle", env.text("bundle-001.json"));
    snapshot!("shared_context", env.text("shared-context.json"));
    snapshot!("briefing", env.text("agent-briefing.md"));
    snapshot!("report", env.text("report.md"));
    snapshot!("database", facts(&env));
}

#[test]
fn a_briefing_comes_back_byte_for_byte_whatever_became_of_the_files() {
    let mut env = TestEnv::with_git();
    whole_loop(&mut env);
    let briefing = env.read("agent-briefing.md");
    let same_again = |env: &TestEnv, bundle: &str| {
        assert_eq!(env.ok("ctx replay --execution-id exec-001").stdout, briefing);
        let line = format!("ctx generate-briefing --bundle {bundle} --template briefing");
        assert_eq!(env.ok(&line).stdout, briefing);
        env.ok(&format!("{line} --output again.md"));
        assert_eq!(env.read("again.md"), briefing);
    };
    same_again(&env, "bundle-001.json");
    for file in ["spec/requirements.md", "lib/types.ts", "references/hnsw-algorithm.md"] {
        env.write(file, "another text\n");
    }
    same_again(&env, "bundle-001.json");
    for dir in ["spec", "lib", "references"] {
        std::fs::remove_dir_all(env.path(dir)).unwrap();
    }
    let bundle: serde_json::Value = serde_json::from_slice(&env.read("bundle-001.json")).unwrap();
    same_again(&env, "bundle-001.json");
    std::fs::remove_file(env.path("bundle-001.json")).unwrap();
    same_again(&env, bundle["bundle_id"].as_str().unwrap());
    env.ok("ctx replay --execution-id exec-001 --output replayed.md");
    assert_eq!(env.read("replayed.md"), briefing);
}

#[test]
fn a_briefing_that_was_edited_by_hand_is_replayed_as_it_was_handed_over() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib --output bundle.json");
    env.write("edited.md", b"Do it, \xff carefully.\r\n");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s \
            --context-bundle bundle.json --briefing edited.md");
    env.write("edited.md", "something else");
    assert_eq!(env.ok("ctx replay --execution-id e-1").stdout, b"Do it, \xff carefully.\r\n");
}

#[test]
fn the_parts_of_a_bundle_make_the_whole() {
    let env = TestEnv::new();
    for model in ["sonnet", "opus", "gpt-5", "gpt-4"] {
        for template in ["briefing", "briefing.xml"] {
            let bundle = env
                .ok(&format!(
                    "ctx prepare-bundle --agent-type a --scope s --files lib,spec --references \
                     references --model {model} --template {template} --output -"
                ))
                .json();
            let items = bundle["context_items"].as_array().unwrap();
            let sum: u64 = items.iter().map(|item| item["token_count"].as_u64().unwrap()).sum();
            assert_eq!(bundle["total_tokens"], sum, "{model} {template}");
            let left =
                bundle["budget"].as_i64().unwrap() - bundle["total_tokens_upper"].as_i64().unwrap();
            assert_eq!(bundle["budget_remaining"], left, "{model} {template}");
            assert_eq!(bundle["exact"], model.starts_with("gpt"), "{model}");
        }
    }
}

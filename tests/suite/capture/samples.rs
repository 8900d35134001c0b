//! Real payloads and transcripts, where they lie beside the repository.

use crate::env::TestEnv;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let named = std::env::var_os("SORTIE_SAMPLES").map(PathBuf::from);
    let dir = named.unwrap_or(beside);
    if !dir.is_dir() {
        eprintln!("skipped: there are no samples in {}", dir.display());
        return None;
    }
    Some(dir)
}

fn texts(value: &Value) -> String {
    let blocks = value.as_array().unwrap().iter().filter_map(|it| it["text"].as_str());
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_true_usage_and_the_whole_message() {
    let Some(dir) = samples() else { return };
    let dir = dir.join("transcripts");
    let env = TestEnv::empty();
    let total = || {
        env.rows(
            "SELECT input_tokens + output_tokens + cache_read_tokens + cache_write_tokens
                    + cache_write_1h_tokens, reported_tokens FROM usages",
        )
    };
    env.ok(&format!("import {}", dir.join("agent-aac57f5.jsonl").display()));
    assert_eq!(total().trim(), "50503 | -");
    env.ok(&format!("import {}", dir.join("parent-ae4a77f8-Task-lines.jsonl").display()));
    assert_eq!(total().trim(), "51434 | 19831");
    let whole =
        &records(&dir.join("parent-ae4a77f8-Task-lines.jsonl"))[1]["toolUseResult"]["content"];
    let kept = env.ok("track show toolu_01Hf8v1Za7y4af8VUwSR4CXU --message").stdout;
    assert_eq!(kept, texts(whole).as_bytes());
}

#[test]
fn the_oldest_layout() {
    let Some(dir) = samples() else { return };
    let path = dir.join("transcripts/legacy-inline-sidechain-v1.0.108.jsonl");
    let env = TestEnv::empty();
    env.ok(&format!("import {}", path.display()));
    assert_eq!(
        env.rows("SELECT status, count(*) FROM agent_executions GROUP BY 1 ORDER BY 1").trim(),
        "completed | 2\nfailed | 1"
    );
    for record in records(&path) {
        let Some(whole) = record["toolUseResult"].get("totalTokens") else { continue };
        let id = record["message"]["content"][0]["tool_use_id"].as_str().unwrap();
        let kept = env.ok(&format!("track show {id} --message")).stdout;
        assert_eq!(kept, texts(&record["toolUseResult"]["content"]).as_bytes(), "{id} {whole}");
    }
}

#[test]
fn a_compaction_is_no_deployment() {
    let Some(dir) = samples() else { return };
    let env = TestEnv::empty();
    env.ok(&format!("import {}", dir.join("transcripts/agent-acompact-946d2b.jsonl").display()));
    assert!(!env.database().exists());
}

#[test]
fn the_payloads_of_a_real_session() {
    let Some(dir) = samples() else { return };
    let env = TestEnv::empty();
    for (at, event) in
        records(&dir.join("callmeter-hook-payloads/S2-agent-lines.jsonl")).iter().enumerate()
    {
        let mut event = event.clone();
        event["cwd"] = serde_json::json!(env.project());
        super::world::tell(&env, at, &event);
    }
    let rows =
        env.rows("SELECT execution_id, status, final_message FROM agent_executions ORDER BY 1");
    snapshot!("sample_payloads", rows);
}

//! Kinds of agents: what harnesses call them is one, and what nobody can read is none.

use crate::env::{Outcome, TestEnv, transcript};

fn deploy(env: &TestEnv, agent_type: &str) -> Outcome {
    let mut command = env.sortie();
    command.args(["track", "init-deployment", "--session-id", "s-1", "--scope", "s"]);
    let output = command.args(["--format", "json", "--agent-type", agent_type]).output().unwrap();
    let shown = agent_type.escape_debug();
    env.outcome(format!("sortie track init-deployment … --agent-type \"{shown}\""), output)
}

fn begun() -> TestEnv {
    let env = TestEnv::empty();
    env.ok("track init-session --session-id s-1 --scope s");
    env
}

#[test]
fn what_harnesses_call_their_agents_is_recorded() {
    let env = begun();
    for agent_type in ["general-purpose", "plugin:agent", "code reviewer", "Prüferin"] {
        let outcome = deploy(&env, agent_type);
        assert_eq!(outcome.json()["agent_type"], agent_type, "{outcome}");
    }
    snapshot!("types", env.run("track stats --by agent-type"));
}

#[test]
fn what_nobody_can_read_is_refused() {
    let env = begun();
    let long = "x".repeat(65);
    let wrong = ["", " reviewer", "a\nb", "a\u{202e}b", "a\u{200b}b", &long];
    snapshot!("types_refused", transcript(&wrong.map(|it| deploy(&env, it))));
    assert_eq!(env.ok("track query --format jsonl").out(), "");
    env.write("src/main.rs", "fn main() {}\n");
    snapshot!(
        "types_refused_in_a_bundle",
        env.run("ctx prepare-bundle --agent-type ' a' --scope s --files src")
    );
    env.write("plan.toml", "scope = 's'\nfiles = ['src']\n\n[[agents]]\nagent_type = '-rf'\n");
    snapshot!("types_refused_in_a_plan", env.run("ctx plan plan.toml"));
}

#[test]
fn what_was_recorded_before_stays_readable() {
    let env = begun();
    deploy(&env, "reviewer");
    let lines = env.ok("track export").out().replace("\"reviewer\"", "\"re\\nviewer\"");
    let other = TestEnv::empty();
    other.write("history.jsonl", &lines);
    other.ok("track import history.jsonl");
    let shown = other.ok("track show latest --format json").json();
    assert_eq!(shown["execution"]["agent_type"], "re\nviewer");
    assert!(other.ok("track export").out() == lines);
}

#[test]
fn an_allocation_has_an_id_and_is_the_executions_own() {
    let env = begun();
    env.write("src/main.rs", "fn main() {}\n");
    env.ok("ctx prepare-bundle --agent-type a --scope s --files src --output b.json");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s \
            --context-bundle b.json");
    let lines = env.ok("track export").out();
    let wrong = [
        ("\"allocation_id\":\"alloc-", "\"allocation_id\":\"-"),
        ("\"allocation_id\":\"alloc-", "\"allocation_id\":\"a\\n"),
    ];
    for (is, given) in wrong {
        assert!(lines.contains(is));
        env.write("history.jsonl", lines.replace(is, given));
        let outcome = env.run("track import history.jsonl");
        assert_eq!(outcome.status, Some(7), "{outcome}");
    }
}

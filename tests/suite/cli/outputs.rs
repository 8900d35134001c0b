//! `sortie outputs`: what was produced, whether it still is, and the report of it all.

use crate::env::TestEnv;

/// A deployment in a repository, whose agent wrote one file and changed another.
fn worked() -> TestEnv {
    let env = TestEnv::with_git();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type implementor \
            --scope 'Implement HNSW' --model sonnet");
    env.write("lib/vector-search.ts", "export class VectorIndex {\n}\n");
    let types = env.text("lib/types.ts").replace("distance: number", "score: number");
    env.write("lib/types.ts", types.replace("  id: string;\n", ""));
    env.ok("track record-completion --execution-id e-1 --final-message done");
    env
}

const COLLECT: &str = "outputs collect --execution-id e-1";

#[test]
fn collected() {
    let env = worked();
    let all = format!(
        "{COLLECT} --deliverables lib/vector-search.ts,lib/types.ts,lib/none.ts \
         --validation-results tests:pass,lint:fail,types:skip,coverage:85.5 \
         --insights 'one, with a comma' --insights two --errors 'out of memory' \
         --related-files spec/requirements.md"
    );
    snapshot!("collect", env.run(&all));
    snapshot!("collect_again", env.run(&all));
    snapshot!("collect_nothing", env.run(COLLECT));
    snapshot!("gate_bad", env.run(&format!("{COLLECT} --validation-results tests:perhaps")));
    snapshot!("gate_without_result", env.run(&format!("{COLLECT} --validation-results tests")));
    snapshot!("collect_never_deployed", env.run("outputs collect --execution-id e-9 --insights x"));
    snapshot!("outputs_query", env.run("outputs query --session-id s-1"));
    snapshot!(
        "outputs_query_json",
        env.run("outputs query --output-type deliverable --limit 1 --format json")
    );
    snapshot!(
        "outputs_query_errors",
        env.run("outputs query --output-type error --agent-type implementor --format jsonl")
    );
    snapshot!("outputs_type_bad", env.run("outputs query --output-type file"));
    snapshot!("outputs_since_bad", env.run("outputs query --since soon"));
}

#[test]
fn lines_are_counted_from_the_commit_at_deployment() {
    let env = worked();
    // The agent's own commits are part of what it did.
    env.git("add .");
    env.git("commit --quiet --message Second");
    let deliverables = format!("{COLLECT} --deliverables lib/vector-search.ts,lib/types.ts");
    let outputs = env.ok(&format!("{deliverables} --format json")).json();
    let lines = |at: usize| {
        let content = &outputs["outputs"][at]["content"];
        ["lines_added", "lines_modified", "lines_removed"].map(|key| content[key].as_u64())
    };
    assert_eq!(lines(0), [Some(2), Some(0), Some(0)]);
    assert_eq!(lines(1), [Some(0), Some(1), Some(1)]);
}

#[test]
fn deliverables_are_verified() {
    let env = worked();
    env.ok(&format!(
        "{COLLECT} --deliverables lib/vector-search.ts,lib/types.ts --validation-results tests:pass"
    ));
    let verify = || env.run("outputs verify --session-id s-1");
    snapshot!("verify_unchanged", verify());
    env.write("lib/types.ts", "changed\n");
    std::fs::remove_file(env.path("lib/vector-search.ts")).unwrap();
    snapshot!("verify_changed_and_gone", verify());
    env.ok(&format!(
        "{COLLECT} --deliverables lib/types.ts,lib/other.ts --validation-results tests:fail"
    ));
    snapshot!("verify_missing_and_failed", verify());
    env.write("lib/other.ts", "there now\n");
    snapshot!("verify_json", env.run("outputs verify --session-id s-1 --format json"));
    snapshot!("verify_unknown_session", env.run("outputs verify --session-id t-1"));
}

/// A session in which everything went wrong that a report can tell.
fn troubled() -> TestEnv {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("ctx prepare-bundle --agent-type implementor --scope 'Implement HNSW' \
            --files lib --references references --output bundle.json");
    for (id, agent) in [("e-1", "implementor"), ("e-2", "tester"), ("e-3", "reviewer")] {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {id} --agent-type {agent} \
             --scope 'Implement HNSW' --context-bundle bundle.json --phase 3"
        ));
    }
    env.at("2025-01-17T10:00:00Z");
    env.ok("track record-completion --execution-id e-1 --final-message 'Half `done` | <b>.' \
            --deliverables lib/types.ts,lib/none.ts");
    env.ok("track record-completion --execution-id e-2 --status failed --error-message timeout");
    for id in ["e-1", "e-2"] {
        env.ok(&format!(
            "outputs collect --execution-id {id} --errors 'cannot find module x' \
             --validation-results tests:fail,coverage:40"
        ));
    }
    env
}

#[test]
fn reports() {
    let env = troubled();
    snapshot!(
        "report_of_troubles_json",
        env.run("outputs synthesize --session-id s-1 --format json")
    );
    let written = env.ok("outputs synthesize --session-id s-1").stdout;
    assert_eq!(env.ok("outputs show latest").stdout, written);
    snapshot!("report_unknown", env.run("outputs show report-0"));
    snapshot!(
        "report_template_unknown",
        env.run("outputs synthesize --session-id s-1 --template sythesis")
    );
    snapshot!(
        "report_template_of_another_kind",
        env.run("outputs synthesize --session-id s-1 --template briefing")
    );
}

#[test]
fn a_report_of_an_empty_session() {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    snapshot!("report_of_an_empty_session", env.run("outputs synthesize --session-id s-1"));
}

#[test]
fn a_report_without_a_history() {
    let env = TestEnv::new();
    snapshot!(
        "report_without_a_history",
        env.run(
            "outputs synthesize --agents implementor,tester --deliverables lib/types.ts,lib/distance.ts,lib/none.ts"
        )
    );
    assert!(!env.exists(".sortie"));
}

#[test]
fn a_report_reads_well() {
    let env = TestEnv::deployed("e-1");
    env.ok("outputs collect --execution-id e-1 --deliverables README.md");
    let report = env.ok("outputs synthesize --session-id s-1").out();
    assert!(!report.contains("\\`"), "{report}");
    assert!(!report.contains("1 files"), "{report}");
}

#[test]
fn a_directory_is_not_missing() {
    let env = TestEnv::deployed("e-1");
    let outcome = env.run("outputs collect --execution-id e-1 --deliverables lib");
    assert!(!outcome.out().contains("missing"), "{outcome}");
}

#[test]
fn a_file_is_checked_as_it_was_last_delivered() {
    let env = TestEnv::deployed("e-1");
    let deploy =
        "track init-deployment --session-id s-1 --execution-id e-2 --agent-type a --scope s";
    env.ok(deploy);
    for (id, text) in [("e-1", "one"), ("e-2", "two")] {
        env.write("out.txt", text);
        env.ok(&format!("outputs collect --execution-id {id} --deliverables out.txt"));
    }
    let verified = env.run("outputs verify --session-id s-1");
    assert_eq!(verified.status, Some(0), "{verified}");
    env.write("out.txt", "three");
    assert_eq!(env.run("outputs verify --session-id s-1").status, Some(8));
}

#[test]
fn of_a_gate_and_a_file_the_last_state_counts() {
    let env = TestEnv::deployed("e-1");
    for (result, text, status) in [("fail", "a", 8), ("pass", "b", 0), ("fail", "a", 8)] {
        env.write("out.txt", text);
        let line = "outputs collect --execution-id e-1 --deliverables out.txt";
        env.ok(&format!("{line} --validation-results tests:{result}"));
        let verified = env.run("outputs verify --session-id s-1");
        assert_eq!(verified.status, Some(status), "{verified}");
    }
}

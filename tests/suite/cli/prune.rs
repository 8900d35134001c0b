//! `sortie track prune`: what is old goes, into an archive that brings it back.

use crate::env::{Outcome, TestEnv, transcript};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// What takes up how much differs with the schema.
fn shown(outcomes: &[Outcome]) -> String {
    let line = |line: &str| match line.find(" smaller") {
        Some(_) => "freed        [BYTES]\n".to_owned(),
        None => format!("{line}\n"),
    };
    transcript(outcomes).lines().map(line).collect()
}

/// Six sessions a month apart, each with two deployments: the third is open, of the fourth one
/// deployment has not come back.
fn half_a_year() -> TestEnv {
    let mut env = TestEnv::new();
    for month in 1..=6 {
        env.at(&format!("2025-0{month}-01T08:00:00Z"));
        env.ok(&format!("track init-session --session-id s-{month} --scope 'Month {month}'"));
        for agent in ["a", "b"] {
            env.ok(&format!(
                "track init-deployment --session-id s-{month} --execution-id e-{month}-{agent} \
                 --agent-type {agent} --scope s"
            ));
            if (month, agent) != (4, "b") {
                env.ok(&format!(
                    "track record-completion --execution-id e-{month}-{agent} \
                     --final-message 'Done in month {month}' --deliverables lib/types.ts"
                ));
            }
        }
        env.ok(&format!("outputs synthesize --session-id s-{month} --output report.md"));
        if month != 3 {
            env.ok(&format!("track complete-session --session-id s-{month}"));
        }
    }
    env.at("2025-07-01T00:00:00Z");
    env
}

fn archives(env: &TestEnv) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env.path(".sortie/archive")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn exported(env: &TestEnv) -> Vec<u8> {
    env.ok("track export").stdout
}

fn ids(env: &TestEnv) -> String {
    env.rows("SELECT group_concat(session_id, ' ') FROM (SELECT * FROM sessions ORDER BY seq)")
}

#[track_caller]
fn is_whole(env: &TestEnv) {
    assert_eq!(env.rows("PRAGMA foreign_key_check"), "");
    assert_eq!(env.rows("PRAGMA integrity_check"), "ok\n");
    let conn = rusqlite::Connection::open(env.database()).unwrap();
    for index in ["sessions_fts", "executions_fts", "outputs_fts"] {
        let check = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        conn.execute_batch(&check).unwrap();
    }
}

#[test]
fn a_plan_is_shown_and_nothing_written() {
    let env = half_a_year();
    let before = std::fs::read(env.database()).unwrap();
    let plan = "track prune --keep-days 40 --keep-sessions 1 --dry-run";
    for format in ["table", "json", "markdown"] {
        snapshot!(format!("plan_{format}"), env.run(&format!("{plan} --format {format}")));
    }
    snapshot!("plan_of_days", env.run("track prune --keep-days 120 --dry-run"));
    snapshot!("plan_of_sessions", env.run("track prune --keep-sessions 5 --dry-run"));
    snapshot!("plan_of_nothing", env.run("track prune --keep-sessions 6 --dry-run"));
    assert!(std::fs::read(env.database()).unwrap() == before);
    assert!(archives(&env).is_empty());
}

#[test]
fn what_is_pruned_can_be_brought_back() {
    let env = half_a_year();
    let before = exported(&env);
    let prune = "track prune --keep-days 40 --keep-sessions 1";
    let outcome = env.run(prune);
    let again = env.run(prune);
    assert_eq!(ids(&env), "s-3 s-4 s-6\n");
    is_whole(&env);
    let [archive] = &archives(&env)[..] else { panic!("{:?}", archives(&env)) };
    let back = env.run(&format!("track import {}", archive.display()));
    snapshot!("pruned", shown(&[outcome, again, back]));
    assert!(exported(&env) == before, "import(archive) after prune == before");
    is_whole(&env);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(archive), mode(archive.parent().unwrap())), (0o600, 0o700));
    }
    // Another archive in the same second does not replace the first.
    snapshot!("pruned_json", {
        let mut json = env.ok(&format!("{prune} --format json")).json();
        json["bytes_freed"] = "[BYTES]".into();
        json["bytes_reusable"] = "[BYTES]".into();
        env.clean(&serde_json::to_string_pretty(&json).unwrap())
    });
    assert_eq!(archives(&env).len(), 2);
}

#[test]
fn what_must_not_be_is_refused() {
    let env = half_a_year();
    snapshot!("no_rule", env.run("track prune"));
    snapshot!("rule_bad", env.run("track prune --keep-days -3"));
    env.write("there.jsonl", "mine");
    let prune = "track prune --keep-sessions 0 --archive there.jsonl";
    snapshot!("archive_there", env.run(prune));
    assert_eq!(
        (env.text("there.jsonl"), ids(&env)),
        ("mine".into(), "s-1 s-2 s-3 s-4 s-5 s-6\n".into())
    );
    // What cannot be archived is not deleted.
    env.write("file", "");
    snapshot!("archive_impossible", env.run("track prune --keep-sessions 0 --archive file/a.zst"));
    assert_eq!(ids(&env), "s-1 s-2 s-3 s-4 s-5 s-6\n");
    let empty = TestEnv::empty();
    snapshot!("nothing_yet", empty.run("track prune --keep-days 90"));
    assert!(!empty.exists(".sortie"));
}

#[test]
fn what_others_need_stays() {
    let mut env = TestEnv::new();
    let deploy = "track init-deployment --agent-type a --scope s --session-id";
    env.at("2025-01-01T08:00:00Z");
    env.ok("track init-session --session-id old --scope s");
    let prepare = "ctx prepare-bundle --agent-type a --scope s --files";
    for name in ["lib", "spec", "references", "README.md"] {
        env.ok(&format!("{prepare} {name} --output {name}.json"));
    }
    for (execution, bundle) in [("e-1", "lib"), ("e-2", "spec")] {
        env.ok(&format!("{deploy} old --execution-id {execution} --context-bundle {bundle}.json"));
        env.ok(&format!("track record-completion --execution-id {execution} --final-message x"));
    }
    env.ok("track complete-session --session-id old");
    env.ok("outputs synthesize --session-id old --output report.md");
    env.at("2025-06-01T08:00:00Z");
    env.ok("track init-session --session-id new --scope s");
    env.ok(&format!("{deploy} new --execution-id e-3 --context-bundle lib.json"));
    env.ok(&format!("{prepare} README.md --output again.json"));
    let before = exported(&env);
    let replay = env.ok("ctx replay --execution-id e-3").stdout;
    env.ok("track prune --keep-days 90");
    is_whole(&env);
    // lib is deployed again, README.md prepared again; spec was deployed long ago, references never.
    let left =
        "SELECT group_concat(source, ' ') FROM (SELECT DISTINCT i.value ->> 'source' AS source
                FROM manifests, json_each(manifest, '$.context_items') i
                WHERE i.value ->> 'type' <> 'briefing' ORDER BY 1)";
    assert_eq!(env.rows(left), "README.md lib/distance.ts lib/types.ts\n");
    assert!(env.ok("ctx replay --execution-id e-3").stdout == replay);
    let unneeded = "SELECT count(*) FROM contents WHERE content_hash NOT IN (
        SELECT content_hash FROM bundle_contents UNION SELECT briefing_hash FROM briefings
        UNION SELECT briefing_hash FROM agent_executions WHERE briefing_hash IS NOT NULL
        UNION SELECT content_hash FROM reports)";
    assert_eq!(env.rows(unneeded), "0\n");
    // The archive stands on its own: another project takes it too.
    let [archive] = &archives(&env)[..] else { panic!("{:?}", archives(&env)) };
    let import = format!("track import {}", archive.display());
    let other = TestEnv::empty();
    other.ok(&import);
    assert_eq!(other.ok("track query --limit 0 --quiet").status, Some(0));
    is_whole(&other);
    env.ok(&import);
    assert!(exported(&env) == before);
}

/// What refers to what is asked for by name in `src/store/retention.rs`: a table more must be too.
#[test]
fn pruning_knows_every_reference() {
    let env = half_a_year();
    let references = env.rows(
        "SELECT f.\"table\", m.name, f.\"from\", f.on_delete
         FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
         WHERE m.type = 'table' ORDER BY 1, 2, 3",
    );
    snapshot!("references", references);
}

#[test]
fn pruning_beside_eight_writers_loses_nothing_acknowledged() {
    let mut env = half_a_year();
    for session in 0..40 {
        env.at("2025-01-02T08:00:00Z");
        env.ok(&format!("track init-session --session-id old-{session} --scope s"));
        env.ok(&format!("track complete-session --session-id old-{session}"));
    }
    // Old bundles that writers take up again while they are being pruned.
    let prepare = "ctx prepare-bundle --agent-type a --scope s --files lib,spec --output";
    env.ok(&format!("{prepare} old.json"));
    env.at("2025-07-01T00:00:00Z");
    let env = &env;
    let done = AtomicBool::new(false);
    let write = |writer: u32| {
        let mut acknowledged = Vec::new();
        for round in 0.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            let id = format!("w-{writer}-{round}");
            env.ok(&format!("track init-session --session-id {id} --scope s"));
            let deploy = format!(
                "track init-deployment --session-id {id} --execution-id {id} --agent-type a --scope s"
            );
            if writer.is_multiple_of(2) {
                env.ok(&format!("{prepare} {writer}.json"));
                env.ok(&format!("{deploy} --context-bundle {writer}.json"));
            } else {
                env.ok(&deploy);
            }
            env.ok(&format!("track record-completion --execution-id {id} --final-message {id}"));
            env.ok(&format!("outputs collect --execution-id {id} --insights {id}"));
            acknowledged.push(id);
        }
        acknowledged
    };
    let write = &write;
    let acknowledged: Vec<Vec<String>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || write(writer))).collect();
        for keep in [40, 20, 5, 0] {
            let line = format!("track prune --keep-sessions {keep} --keep-days 30");
            let outcome = env.run(&line);
            assert_eq!(outcome.status, Some(0), "{outcome}");
        }
        done.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    is_whole(env);
    for id in acknowledged.iter().flatten() {
        let shown = env.ok(&format!("track show {id} --format json")).json();
        assert_eq!(shown["execution"]["final_message"], *id);
        assert_eq!(shown["outputs"].as_array().unwrap().len(), 1);
    }
    assert!(acknowledged.iter().all(|of_one| !of_one.is_empty()));
    // Nothing old is lost either.
    for archive in archives(env) {
        env.ok(&format!("track import {}", archive.display()));
    }
    assert_eq!(env.rows("SELECT count(*) FROM sessions WHERE session_id LIKE 'old-%'"), "40\n");
    assert_eq!(env.rows("SELECT count(*) FROM sessions WHERE session_id LIKE 's-%'"), "6\n");
    is_whole(env);
}

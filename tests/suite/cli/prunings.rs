//! Prunings at the same time: each archives what it deletes, and none takes another's archive away.

use crate::env::TestEnv;
use std::process::Stdio;

#[test]
fn prunings_in_the_same_second_have_archives_of_their_own() {
    let env = TestEnv::empty();
    for at in 0..60 {
        env.ok(&format!("track init-session --scope s --session-id s-{at:02} --quiet"));
        env.ok(&format!("track complete-session --session-id s-{at:02} --quiet"));
    }
    let prune = || {
        let mut command = env.sortie();
        command.args(["track", "prune", "--keep-sessions", "0", "--format", "json", "--quiet"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let prunings: Vec<_> = (0..8).map(|_| prune()).collect();
    let mut archives = Vec::new();
    for pruning in prunings {
        let output = pruning.wait_with_output().unwrap();
        assert!(output.status.success());
        let pruned: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        archives.extend(pruned["archive"].as_str().map(str::to_owned));
    }
    // Those that had nothing to delete have none.
    let written = archives.len();
    archives.sort();
    archives.dedup();
    assert_eq!(archives.len(), written, "one took another's place");
    assert_eq!(env.rows("SELECT count(*) FROM sessions"), "0\n");
    for archive in std::fs::read_dir(env.path(".sortie/archive")).unwrap() {
        let path = archive.unwrap().path();
        env.ok(&format!("track import {}", path.display()));
    }
    assert_eq!(env.rows("SELECT count(*) FROM sessions"), "60\n");
}

//! Files that are written: whole, the user's alone, and where they were to be.

use super::run;
use crate::env::{TestEnv, transcript};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// Runs it by a shell with that umask.
fn under(env: &TestEnv, umask: &str, line: &str) {
    let script = format!("umask {umask}; exec {} {line}", env!("CARGO_BIN_EXE_sortie"));
    let output = env.program("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}

/// Every file and directory below `dir`, with its mode.
fn modes(dir: &Path, found: &mut Vec<(String, bool, u32)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_dir = path.is_dir();
        found.push((path.display().to_string(), is_dir, mode(&path)));
        if is_dir {
            modes(&path, found);
        }
    }
}

#[test]
fn what_is_written_is_the_users_alone_under_any_umask() {
    for umask in ["000", "077", "022"] {
        let env = TestEnv::new();
        env.write("plan.toml", "scope = 's'\nfiles = ['lib']\n[[agents]]\nagent_type = 'a'\n[[agents]]\nagent_type = 'b'\n");
        for line in [
            "init",
            "track init-session --scope s --session-id s-1",
            "ctx prepare-bundle --agent-type a --scope s --files lib --output out-bundle.json",
            "ctx generate-briefing --bundle latest --output out-briefing.md",
            "ctx plan plan.toml --output out-plan/deep",
            "ctx show latest --expand --output out-expanded/deep",
            "track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s --context-bundle latest",
            "track record-completion --execution-id e-1 --status completed",
            "track complete-session --session-id s-1",
            "ctx replay --execution-id e-1 --output out-replay.md",
            "outputs synthesize --session-id s-1 --output out-report.md",
            "track export --output out-export.jsonl.zst",
            "man out-man/deep",
            "links out-links/deep",
            "track prune --keep-sessions 0 --archive out-archive/deep/a.jsonl.zst",
        ] {
            under(&env, umask, line);
        }
        let mut found = Vec::new();
        modes(&env.path(".sortie"), &mut found);
        for entry in std::fs::read_dir(env.project()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with("out-") {
                found.push((name, path.is_dir(), mode(&path)));
                if path.is_dir() {
                    modes(&path, &mut found);
                }
            }
        }
        found.retain(|(path, _, _)| !path.contains("out-links/deep/"));
        assert!(found.len() > 30 && env.exists("out-archive/deep/a.jsonl.zst"), "{found:?}");
        for (path, is_dir, mode) in found {
            assert_eq!(mode, if is_dir { 0o700 } else { 0o600 }, "umask {umask}: {path}");
        }
    }
}

#[test]
fn a_link_at_the_place_of_a_file_is_replaced() {
    let env = TestEnv::new();
    let profile = env.beside("profile");
    std::fs::write(&profile, "precious\n").unwrap();
    symlink("../profile", env.path("bundle.json")).unwrap();
    symlink("nowhere", env.path("dangling.json")).unwrap();
    let prepare = "ctx prepare-bundle --agent-type a --scope s --files lib --output";
    for name in ["bundle.json", "dangling.json"] {
        env.ok(&format!("{prepare} {name}"));
        assert!(!env.path(name).is_symlink());
        assert_eq!(mode(&env.path(name)), 0o600);
    }
    assert_eq!(std::fs::read_to_string(&profile).unwrap(), "precious\n");
    // One that is there keeps its mode, but for what would let it act as another.
    std::fs::set_permissions(env.path("bundle.json"), PermissionsExt::from_mode(0o4644)).unwrap();
    env.ok(&format!("{prepare} bundle.json"));
    assert_eq!(mode(&env.path("bundle.json")), 0o644);
    // What is sent to the terminal or a pipe by a name goes there.
    let sent = env.ok(&format!("{prepare} /dev/stdout --quiet"));
    assert!(sent.out().starts_with('{'), "{sent}");
    env.ok(&format!("{prepare} /dev/null"));
    assert!(Path::new("/dev/null").metadata().unwrap().mode() & 0o170000 == 0o020000);
    assert!(Path::new("/dev/stdout").is_symlink());
    let into = |path: &str| env.run(&format!("{prepare} {path}"));
    snapshot!("written_nowhere", transcript(&[into("none/b.json"), into("lib")]));
    let left = std::fs::read_dir(env.project()).unwrap().map(|it| it.unwrap().file_name());
    assert!(left.into_iter().all(|it| !it.to_string_lossy().starts_with(".tmp")));
}

#[test]
fn a_file_that_cannot_be_written_whole_is_not_there() {
    let env = TestEnv::new();
    env.write("big.txt", "0123456789abcdef\n".repeat(4000));
    env.ok("ctx prepare-bundle --agent-type a --scope s --files big.txt");
    env.write("briefing.md", "what was there\n");
    let line = "ctx generate-briefing --bundle latest --output briefing.md";
    let sortie = env!("CARGO_BIN_EXE_sortie");
    // A signal would end it; the limit is then told as an error.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {sortie} {line}");
    let output = env.program("sh").args(["-c", &script]).output().unwrap();
    let outcome = env.outcome("sortie generate-briefing", output);
    assert_eq!(outcome.status, Some(1), "{outcome}");
    assert_eq!(env.text("briefing.md"), "what was there\n");
    let names = std::fs::read_dir(env.project()).unwrap().map(|it| it.unwrap().file_name());
    assert!(names.into_iter().all(|it| !it.to_string_lossy().starts_with(".tmp")));
}

#[test]
fn files_that_are_got_back_go_through_no_link_and_over_nothing() {
    let env = TestEnv::new();
    std::fs::create_dir(env.beside("out")).unwrap();
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib,README.md");
    let back = |dir: &str| run(&env, ["ctx", "show", "latest", "--expand", "--output", dir]);
    std::fs::create_dir(env.path("linked")).unwrap();
    symlink("../../out", env.path("linked/lib")).unwrap();
    std::fs::create_dir(env.path("held")).unwrap();
    symlink("../../out/README.md", env.path("held/README.md")).unwrap();
    std::fs::create_dir(env.path("other")).unwrap();
    env.write("other/README.md", "another\n");
    let shown = [back("linked"), back("held"), back("other"), back("new"), back("new")];
    snapshot!("got_back", transcript(&shown));
    assert_eq!(std::fs::read_dir(env.beside("out")).unwrap().count(), 0);
    assert_eq!(env.text("other/README.md"), "another\n");
    assert!(!env.exists("other/lib"));
    assert_eq!(env.read("new/lib/types.ts"), env.read("lib/types.ts"));
    assert_eq!(
        std::fs::read_dir(env.path("new/lib")).unwrap().count(),
        std::fs::read_dir(env.path("lib")).unwrap().count()
    );
}

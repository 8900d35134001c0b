//! What lies outside of the project stays there; what would hang is not opened.

use super::{pipe, prepare, run};
use crate::env::{TestEnv, summary, transcript};
use crate::racing::racing;
use std::fs::{create_dir, remove_file, rename};
use std::os::unix::fs::symlink;

const CANARY: &str = "canary-that-nobody-may-see";

fn fenced() -> TestEnv {
    let env = TestEnv::empty();
    create_dir(env.beside("out")).unwrap();
    for name in ["a.txt", "b.txt"] {
        std::fs::write(env.beside("out").join(name), CANARY).unwrap();
    }
    env.write("dir/a.txt", "a\n");
    env.write("dir/b.txt", "b\n");
    env.write("top.txt", "top\n");
    env
}

#[test]
fn a_link_that_is_followed_is_told() {
    let env = fenced();
    symlink("dir/a.txt", env.path("link.txt")).unwrap();
    symlink(env.path("dir"), env.path("absolute")).unwrap();
    symlink("link.txt", env.path("link-to-link.txt")).unwrap();
    let bundle =
        prepare(&env, "link-to-link.txt,absolute,absolute/b.txt,link.txt:1,top.txt").json();
    let items = bundle["context_items"].as_array().unwrap().iter();
    let told: Vec<_> = items
        .filter(|it| it["type"] != "briefing")
        .map(|it| (it["source"].as_str().unwrap(), it["link_to"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("link-to-link.txt", Some("dir/a.txt")),
            ("absolute/a.txt", Some("dir/a.txt")),
            ("absolute/b.txt", Some("dir/b.txt")),
            ("link.txt", Some("dir/a.txt")),
            ("top.txt", None),
        ]
    );
    snapshot!("followed_links", env.ok("ctx show latest"));
    // Where it leads is part of the bundle, though the text is the same.
    let again = || prepare(&env, "link.txt").json()["bundle_id"].clone();
    let first = again();
    assert_eq!(first, again());
    remove_file(env.path("link.txt")).unwrap();
    env.write("dir/c.txt", "a\n");
    symlink("dir/c.txt", env.path("link.txt")).unwrap();
    assert_ne!(first, again());
    // Byte for byte, as if it were no link; verifying follows it, too.
    env.ok("ctx show latest --expand --output back");
    assert_eq!(env.text("back/link.txt"), "a\n");
    env.ok("ctx verify latest");
    remove_file(env.path("link.txt")).unwrap();
    symlink("../out/a.txt", env.path("link.txt")).unwrap();
    let verified = env.run("ctx verify latest");
    assert!(!verified.out().contains(CANARY));
    snapshot!("verified_link_out", verified);
}

#[test]
fn ignore_files_that_would_hang_a_walk() {
    let env = fenced();
    pipe(&env.path("dir/.gitignore"));
    env.write("deep/er/x.txt", "x\n");
    symlink("/dev/zero", env.path("deep/er/.ignore")).unwrap();
    let mut shown = summary(&prepare(&env, ".").json());
    shown += &transcript(&[prepare(&env, "dir"), prepare(&env, "dir/a.txt")])
        .replace(|c: char| c.is_ascii_digit(), "0");
    assert!(shown.contains("skipped \"dir\": unreadable"), "{shown}");
    assert!(shown.contains("skipped \"deep/er\": unreadable"), "{shown}");
    snapshot!("unusable_ignore_file", prepare(&env, "dir"));
    let without = run(
        &env,
        "ctx prepare-bundle --agent-type a --scope s --files . --no-ignore --output -".split(' '),
    );
    assert!(summary(&without.json()).contains("\"dir/a.txt\" required"), "{without}");
    // In the root itself, in git's own directory, behind a `.git` that is a file.
    pipe(&env.path(".gitignore"));
    assert_eq!(prepare(&env, ".").status, Some(3));
    remove_file(env.path(".gitignore")).unwrap();
    pipe(&env.path("sub/.git/info/exclude"));
    env.write("sub/x.txt", "x\n");
    pipe(&env.path("evil/commondir"));
    env.write("more/.git", format!("gitdir: {}\n", env.path("evil").display()));
    let skipped = summary(&prepare(&env, ".").json());
    assert!(skipped.contains("skipped \"sub\": unreadable"), "{skipped}");
    assert!(skipped.contains("skipped \"more\": unreadable"), "{skipped}");
}

#[test]
fn files_that_sortie_reads_of_itself() {
    let env = fenced();
    env.ok("ctx prepare-bundle --agent-type a --scope s --files dir");
    pipe(&env.path("sortie.toml"));
    snapshot!("configuration_is_a_pipe", run(&env, ["ctx", "models"]));
    remove_file(env.path("sortie.toml")).unwrap();
    symlink("../out/a.txt", env.path("sortie.toml")).unwrap();
    snapshot!("configuration_leads_out", run(&env, ["ctx", "models"]));
    remove_file(env.path("sortie.toml")).unwrap();
    env.write("conf/own.toml", "model = 'opus'\n");
    symlink("conf/own.toml", env.path("sortie.toml")).unwrap();
    env.ok("ctx models");
    remove_file(env.path("sortie.toml")).unwrap();
    let template = |name: &str| {
        let briefing = ["ctx", "generate-briefing", "--bundle", "latest", "--template", name];
        run(&env, briefing)
    };
    pipe(&env.path(".sortie/templates/pipe.md.hbs"));
    symlink("../../../out/a.txt", env.path(".sortie/templates/out.md.hbs")).unwrap();
    pipe(&env.path("named.hbs"));
    let shown = [template("pipe"), template("out"), template("./named.hbs")];
    snapshot!("templates_that_are_none", transcript(&shown));
    pipe(&env.path("bundle.json"));
    snapshot!("bundle_is_a_pipe", run(&env, ["ctx", "show", "bundle.json"]));
    pipe(&env.path("plan.toml"));
    snapshot!("plan_is_a_pipe", run(&env, ["ctx", "plan", "plan.toml"]));
}

#[test]
fn gits_own_files_that_are_none() {
    let env = TestEnv::with_git();
    remove_file(env.path(".git/HEAD")).unwrap();
    pipe(&env.path(".git/HEAD"));
    let recorded = run(&env, ["track", "init-session", "--scope", "s", "--session-id", "s-1"]);
    assert_eq!(recorded.status, Some(0), "{recorded}");
    // A reference that is a path out of the repository names no commit.
    remove_file(env.path(".git/HEAD")).unwrap();
    std::fs::write(env.beside("commit"), "0123456789012345678901234567890123456789").unwrap();
    env.write(".git/HEAD", "ref: ../../commit\n");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s");
    assert_eq!(env.rows("SELECT base_commit FROM agent_executions"), "-\n");
}

#[test]
fn deliverables_outside_of_the_project() {
    let env = TestEnv::deployed("e-1");
    std::fs::write(env.beside("report.md"), format!("{CANARY}\n")).unwrap();
    symlink("../report.md", env.path("linked.md")).unwrap();
    let collect = |rest: &str| {
        env.run(&format!("outputs collect --execution-id e-1 --deliverables {rest} --format json"))
    };
    let outside = env.beside("report.md");
    snapshot!(
        "deliverable_outside",
        transcript(&[
            collect(outside.to_str().unwrap()),
            collect("../report.md"),
            collect("linked.md"),
            env.run(
                "track record-completion --execution-id e-1 --status completed \
                 --deliverables ../report.md"
            ),
        ])
    );
    assert_eq!(collect("../report.md --outside").json()["added"], 1);
    let verified = |more: &str| env.run(&format!("outputs verify --session-id s-1 {more}"));
    let history = |more: &str| env.run(&format!("outputs history ../report.md {more}"));
    snapshot!(
        "deliverable_outside_verified",
        transcript(&[verified("--format json"), verified("--format json --outside")])
    );
    assert!(verified("").err().contains("--outside does it"));
    assert!(history("").out().contains("outside the project: --outside looks at it"));
    assert!(history("--outside").out().contains("as e-1 left it"));
    // A device is not read, nor a pipe waited for.
    pipe(&env.path("pipe"));
    for path in ["/dev/zero", "pipe"] {
        let arguments = ["outputs", "collect", "--execution-id", "e-1", "--outside"];
        let collected = run(&env, arguments.into_iter().chain(["--deliverables", path]));
        assert_eq!(collected.status, Some(0), "{collected}");
    }
}

/// Real processes prepare bundles while a directory and a file are swapped for links out.
#[test]
fn what_is_swapped_for_a_link_leads_nowhere() {
    let env = fenced();
    symlink("../out", env.path("away")).unwrap();
    symlink("../out/a.txt", env.path("away.txt")).unwrap();
    let exchange = |one: &str, other: &str| {
        let _ = rename(env.path(one), env.path("aside"));
        let _ = rename(env.path(other), env.path(one));
        let _ = rename(env.path("aside"), env.path(other));
    };
    let (mut taken, mut other) = (0, 0);
    let swap = |_| {
        exchange("dir", "away");
        exchange("top.txt", "away.txt");
    };
    racing(swap, || {
        for items in [".", "dir/a.txt", "top.txt", "dir/*.txt"] {
            let outcome = prepare(&env, items);
            let all = [outcome.out(), outcome.err()].concat();
            assert!(!all.contains(CANARY), "{outcome}");
            assert!(matches!(outcome.status, Some(0 | 1 | 3)), "{outcome}");
            taken += usize::from(outcome.status == Some(0));
            other += usize::from(all.contains("outside"));
        }
    });
    let kept = env.run("ctx list --limit 0");
    assert_eq!(kept.status, Some(0), "{kept}");
    let contents = std::fs::read(env.database()).unwrap_or_default();
    assert!(!contents.windows(CANARY.len()).any(|it| it == CANARY.as_bytes()));
    println!("{taken} bundles, {other} times a link was told");
}

/// A near name is proposed from the project alone.
#[test]
fn names_behind_a_link_out_are_not_told() {
    let env = fenced();
    std::fs::write(env.beside("out").join("secret-name.txt"), CANARY).unwrap();
    symlink("../out", env.path("away")).unwrap();
    for items in ["away/secret-nam.txt", "../out/secret-nam.txt", "dir/../away/secret-name.tx"] {
        let refused = prepare(&env, items);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(!refused.err().contains("did you mean"), "{refused}");
    }
    let near = prepare(&env, "dir/a.tx");
    assert!(near.err().contains("did you mean dir/a.txt"), "{near}");
}

/// A tree may come with a `.sortie` of its own.
#[test]
fn the_history_is_not_begun_behind_a_link() {
    use std::os::unix::fs::PermissionsExt;
    let init =
        |env: &TestEnv| run(env, ["track", "init-session", "--scope", "s", "--session-id", "s-1"]);
    let mode = |env: &TestEnv| env.beside("out").metadata().unwrap().permissions().mode() & 0o777;
    let env = fenced();
    let before = mode(&env);
    symlink("../out", env.path(".sortie")).unwrap();
    snapshot!("home_is_a_link", init(&env));
    assert_eq!((mode(&env), env.beside("out").read_dir().unwrap().count()), (before, 2));
    // A file in it that is a link to nowhere does not make a file there.
    let env = fenced();
    create_dir(env.path(".sortie")).unwrap();
    symlink("../../out/new.db", env.path(".sortie/history.db")).unwrap();
    let refused = init(&env);
    assert_ne!(refused.status, Some(0), "{refused}");
    assert_eq!(env.beside("out").read_dir().unwrap().count(), 2);
    // Nor are sessions archived where a link says.
    let env = fenced();
    for line in
        ["track init-session --scope s --session-id s-1", "track complete-session --session-id s-1"]
    {
        env.ok(line);
    }
    symlink("../../out", env.path(".sortie/archive")).unwrap();
    snapshot!("archive_is_a_link", env.run("track prune --keep-sessions 0"));
    assert_eq!(env.beside("out").read_dir().unwrap().count(), 2);
    assert!(env.ok("track sessions").out().contains("s-1"));
}

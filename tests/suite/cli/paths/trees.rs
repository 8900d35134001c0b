//! Hostile trees, made up: whatever is laid in them, nothing of what is beside the project gets in, and
//! every command ends.

use super::{pipe, prepare};
use crate::env::TestEnv;
use proptest::collection::vec;
use proptest::prelude::*;
use std::os::unix::fs::symlink;

const CANARY: &str = "canary-that-nobody-may-see";

/// What is laid at a path.
#[derive(Debug, Clone)]
enum Laid {
    Text(String),
    Link(String),
    Pipe,
    Socket,
    Dir,
}

fn name() -> impl Strategy<Value = String> {
    let plain =
        prop::sample::select(vec!["a", "b", "src", "x.txt", "-x", "a b", "n\nl", "[a]", ".h"]);
    let read = prop::sample::select(vec![".gitignore", ".ignore", "sortie.toml", "README.md"]);
    prop_oneof![4 => plain, 1 => read].prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    vec(name(), 1..4).prop_map(|names| names.join("/"))
}

/// Where a link leads: in, out by every way, round and round.
fn target() -> impl Strategy<Value = String> {
    let out = ["canary", "out", "out/canary", "project/../canary", ".", ""];
    let out = prop::sample::select(out.to_vec());
    prop_oneof![
        2 => path(),
        4 => (1..6usize, out.clone()).prop_map(|(up, to)| format!("{}{to}", "../".repeat(up))),
        2 => out.prop_map(|to| format!("[TEMP]/{to}")),
        1 => path().prop_map(|to| format!("[TEMP]/project/{to}")),
        1 => prop::sample::select(vec!["/", "/dev/zero", "/dev/tty", "/proc/self/root", "/proc/self/fd/0", "."])
            .prop_map(str::to_owned),
    ]
}

fn laid() -> impl Strategy<Value = Laid> {
    prop_oneof![
        4 => "[a-z]{0,8}\n".prop_map(Laid::Text),
        5 => target().prop_map(Laid::Link),
        1 => Just(Laid::Pipe),
        1 => Just(Laid::Socket),
        1 => Just(Laid::Dir),
    ]
}

/// Lays what can be laid: where something stands in the way, nothing.
fn lay_out(env: &TestEnv, tree: &[(String, Laid)]) {
    for (name, laid) in tree {
        let path = env.path(name);
        // Through a link the making itself would lead out.
        let dirs = path.parent().unwrap();
        let inside = dirs.ancestors().find_map(|dir| dir.canonicalize().ok());
        if !inside.is_some_and(|dir| dir.starts_with(env.project()))
            || path.symlink_metadata().is_ok()
        {
            continue;
        }
        if std::fs::create_dir_all(dirs).is_err()
            || !dirs.canonicalize().is_ok_and(|it| it.starts_with(env.project()))
        {
            continue;
        }
        match laid {
            Laid::Text(text) => drop(std::fs::write(path, text)),
            Laid::Link(to) => {
                let top = env.project().parent().unwrap().to_str().unwrap().to_owned();
                drop(symlink(to.replace("[TEMP]", &top), path));
            }
            Laid::Pipe => pipe(&path),
            Laid::Socket => drop(std::os::unix::net::UnixListener::bind(path)),
            Laid::Dir => drop(std::fs::create_dir(path)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, max_shrink_iters: 200, ..Default::default() })]

    #[test]
    fn nothing_leads_out_of_a_hostile_tree(tree in vec((path(), laid()), 1..16), named in path()) {
        let env = TestEnv::empty();
        std::fs::create_dir(env.beside("out")).unwrap();
        for canary in ["canary", "out/canary", "out/x.txt", "out/README.md"] {
            std::fs::write(env.beside(canary), CANARY).unwrap();
        }
        env.write("always.txt", "always\n");
        lay_out(&env, &tree);
        let named = format!("always.txt,{named}");
        for items in [".", "**/*", &named] {
            let outcome = prepare(&env, items);
            let told = [outcome.out(), outcome.err()].concat();
            prop_assert!(!told.contains(CANARY), "{}", outcome);
            prop_assert!(matches!(outcome.status, Some(0 | 2 | 3)), "{}", outcome);
        }
        let verified = env.run("ctx verify latest --format json");
        prop_assert!(!verified.out().contains(CANARY));
        let briefing = env.run("ctx generate-briefing --bundle latest --quiet");
        prop_assert!(!briefing.out().contains(CANARY));
    }
}

//! What this program is made of: where it may be unsafe, and under which licences its dependencies
//! stand.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that may: each does one thing that Rust cannot check, and says why it is sound.
const UNSAFE: &[&str] = &[
    // One signal is ignored.
    "src/cli/signals.rs",
    // Sixteen bytes at once, by SSE2.
    "src/context/tokens/engine/masks.rs",
    // FTS5's C interface.
    "src/store/rank.rs",
    // Counting SQLite's steps, in tests.
    "src/store/steps_tests.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// Library and program deny unsafe code; only these files are let out of it.
#[test]
fn unsafe_code_stands_in_named_files() {
    let text = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    assert!(text("src/lib.rs").contains("#![deny(unsafe_code)]"));
    assert!(text("src/main.rs").contains("#![deny(unsafe_code)]"));
    let lets =
        |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("allow(unsafe_code)");
    let mut found: Vec<String> = sources(&root().join("src"))
        .into_iter()
        .filter(lets)
        .map(|path| path.strip_prefix(root()).unwrap().display().to_string())
        .collect();
    found.sort();
    assert_eq!(found, UNSAFE);
}

/// As `cargo deny check licenses`, without it: one of each crate's licences is one of `deny.toml`.
#[test]
fn licences_are_those_that_are_allowed() {
    let deny: toml::Table =
        std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let allowed: Vec<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    let output = cargo.args(["--all-features", "--filter-platform", HOST]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_allowed(licence, &allowed), "{}: {licence}", package["name"]);
        let source = package["source"].as_str();
        let is_ours = source.is_none() && package["name"] == "sortie";
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert!(is_ours || source == Some(registry), "{}: {source:?}", package["name"]);
    }
}

/// Of what is compiled here; others are not downloaded.
const HOST: &str =
    if cfg!(target_os = "macos") { "aarch64-apple-darwin" } else { "x86_64-unknown-linux-gnu" };

/// `(A OR B) AND C`; an old `A/B` is `A OR B`.
fn is_allowed(licence: &str, allowed: &[&str]) -> bool {
    let licence = licence.replace(['(', ')'], "").replace('/', " OR ");
    licence.split(" AND ").all(|part| part.split(" OR ").any(|it| allowed.contains(&it.trim())))
}

//! What a selection takes and what it passes over.

use crate::env::{TestEnv, summary};
use std::path::{Path, PathBuf};

const PREPARE: &str = "ctx prepare-bundle --agent-type a --scope s --output bundle.json";

/// A tree with everything that a walk must tell apart.
fn tree() -> TestEnv {
    let env = TestEnv::with_git();
    env.write(".gitignore", "*.log\n/build/\n!keep.log\n");
    env.write("a.log", "ignored\n");
    env.write("keep.log", "kept\n");
    env.write("build/out.js", "ignored\n");
    env.write("lib/.gitignore", "generated*\n");
    env.write("lib/generated.ts", "ignored\n");
    env.write("lib/.ignore", "secret.ts\n");
    env.write("lib/secret.ts", "ignored\n");
    env.write("lib/.env", "hidden\n");
    env.write("lib/logo.png", b"\x89PNG\0");
    env.write("lib/latin1.txt", b"caf\xe9\n");
    env.write("lib/huge.txt", "0123456789\n".repeat(300_000));
    env.write("lib/empty.ts", "");
    env
}

/// Every file below `dir`, from `root`, but those of git and of sortie itself.
fn files(root: &Path, dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if [".git", ".sortie"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(root, &path)),
            false => found.push(path.strip_prefix(root).unwrap().to_path_buf()),
        }
    }
    found
}

#[test]
fn a_directory_is_taken_by_its_ignore_rules() {
    let env = tree();
    snapshot!("directory", env.bundled("--files ."));
    snapshot!("directory_with_hidden", env.bundled("--files lib --hidden"));
    snapshot!("directory_without_ignore", env.bundled("--files . --no-ignore"));
    snapshot!("directory_less_globs", env.bundled("--files . --ignore '*.ts,spec/**'"));
    env.write("sortie.toml", "ignore = ['*.md']\nmax_file_size = 100\n");
    snapshot!("directory_as_configured", env.bundled("--files ."));
}

#[test]
fn every_path_ends_in_the_bundle_or_in_skipped() {
    let env = tree();
    for options in ["", "--hidden", "--no-ignore", "--hidden --no-ignore", "--ignore '*.ts'"] {
        let bundle = env.ok(&format!(
            "ctx prepare-bundle --agent-type a --scope s --files . {options} --output -"
        ));
        let bundle = bundle.json();
        let named = |list: &str| -> Vec<String> {
            let list = bundle[list].as_array().unwrap().iter();
            list.map(|it| it["source"].as_str().unwrap().to_owned()).collect()
        };
        let (taken, skipped) = (named("context_items"), named("skipped"));
        for file in files(&env.project(), &env.project()) {
            let name = file.to_str().unwrap();
            let is_taken = taken.iter().any(|it| it == name);
            let is_skipped = skipped.iter().any(|it| file.starts_with(it));
            assert!(is_taken != is_skipped, "{options} {name}: {taken:?} {skipped:?}");
        }
    }
}

#[test]
fn an_ignored_file_that_is_named_is_taken() {
    let env = tree();
    snapshot!(
        "ignored_but_named",
        env.bundled("--files a.log,lib/.env,build/out.js,lib/secret.ts")
    );
}

#[test]
fn globs() {
    let env = tree();
    snapshot!("glob_star", env.bundled("--files 'lib/*.ts'"));
    snapshot!("glob_deep", env.bundled("--files '**/*.md'"));
    snapshot!("glob_question", env.bundled("--files 'lib/type?.ts'"));
    snapshot!("glob_of_a_directory", env.bundled("--files 'l*/t*'"));
}

#[test]
fn sections_and_lines() {
    let env = TestEnv::new();
    let of = |arguments: &str| {
        env.run(&format!(
            "ctx prepare-bundle --agent-type a --scope s {arguments} --output bundle.json"
        ));
        let briefing = env.ok("ctx generate-briefing --bundle bundle.json --quiet").out();
        let bundle: serde_json::Value = serde_json::from_slice(&env.read("bundle.json")).unwrap();
        let context = briefing.split_once("\n### ").unwrap().1.to_owned();
        format!("{}\n### {context}\n", summary(&bundle))
    };
    snapshot!("section_with_subsections", of("--files spec/requirements.md#Functional"));
    snapshot!("section_nested", of("--files spec/requirements.md#persistence"));
    snapshot!(
        "sections_several",
        of(
            "--files 'spec/requirements.md#Out of scope#Distance,references/hnsw-algorithm.md#Search'"
        )
    );
    snapshot!("section_by_anchor", of("--files spec/requirements.md#out-of-scope"));
    snapshot!("section_within_another", of("--files spec/requirements.md#Functional#Distance"));
    snapshot!("lines", of("--files lib/types.ts:3-6,lib/types.ts:21-,lib/types.ts:1"));
}

#[test]
fn the_same_twice_is_once() {
    let env = TestEnv::new();
    snapshot!(
        "named_twice",
        env.bundled(
            "--optional lib/types.ts --files lib/types.ts,./lib/../lib/types.ts,lib --references \
             lib/distance.ts"
        )
    );
}

#[test]
fn priorities() {
    let env = TestEnv::new();
    snapshot!(
        "priorities",
        env.bundled(
            "--files lib,spec/requirements.md#Distance --references references --optional README.md \
             --required references/hnsw-algorithm.md --recommended 'lib/t*' \
             --recommended spec/requirements.md#Distance"
        )
    );
}

#[test]
fn a_second_copy_costs_one_line() {
    let env = TestEnv::new();
    env.write("copy/types.ts", env.read("lib/types.ts"));
    let bundle = env
        .ok("ctx prepare-bundle --agent-type a --scope s --files lib/types.ts,copy/types.ts \
             --model gpt-5 --output bundle.json --format json")
        .json();
    let tokens = |at: usize| bundle["context_items"][at]["token_count"].as_u64().unwrap();
    assert!(tokens(1) < 40 && tokens(1) * 4 < tokens(0), "{} {}", tokens(0), tokens(1));
    assert_eq!(bundle["dedup"]["duplicates"], 1);
    let briefing = env.ok("ctx generate-briefing --bundle bundle.json --quiet").out();
    assert_eq!(briefing.matches("class DimensionError").count(), 1);
    snapshot!("second_copy", format!("{}\n{}", summary(&bundle), env.ok("ctx show bundle.json")));
}

#[test]
fn encodings() {
    let env = TestEnv::empty();
    let utf16 = |units: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}naïve 漢字 🚀\r\n".encode_utf16().flat_map(units).collect()
    };
    env.write("le.txt", utf16(u16::to_le_bytes));
    env.write("be.txt", utf16(u16::to_be_bytes));
    env.write("bom.txt", "\u{feff}naïve 漢字 🚀\r\n");
    env.write("plain.txt", "naïve 漢字 🚀\r\n");
    // One text in four encodings: the later ones are copies of the first.
    snapshot!("encodings", env.bundled("--files be.txt,bom.txt,le.txt,plain.txt"));
}

#[test]
fn names_that_are_no_words() {
    let env = TestEnv::empty();
    let names = [
        "a b.txt",
        "it's.txt",
        "\"quoted\".txt",
        "`tick`.txt",
        "[id].tsx",
        "{x}.ts",
        "a#b.md",
        "a:1-2",
        "*.txt",
        "-n.txt",
        "trailing .txt",
        "<b>&amp;.html",
        "ünï.txt",
        "\u{202e}rtl.txt",
        "tab\there.txt",
    ];
    for name in names {
        env.write(name, format!("text of {name}\n"));
    }
    snapshot!("names_in_a_directory", env.bundled("--files ."));
    // Each by its own name, and nothing else.
    for name in names {
        let output = env
            .sortie()
            .args(["ctx", "prepare-bundle", "--agent-type", "a", "--scope", "s", "--output", "-"])
            .arg(format!("--files={name}"))
            .output()
            .unwrap();
        let outcome = env.outcome(name, output);
        assert_eq!(outcome.status, Some(0), "{outcome}");
        let items = outcome.json()["context_items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 2, "{name}");
        assert_eq!(items[0]["source"], name);
    }
    env.ok("ctx prepare-bundle --agent-type a --scope s --files . --output bundle.json");
    snapshot!("names_in_a_briefing", env.ok("ctx generate-briefing --bundle bundle.json --quiet"));
    snapshot!("names_in_a_table", env.ok("ctx show bundle.json"));
}

#[test]
fn names_from_a_list() {
    let env = TestEnv::empty();
    for name in ["a,b.txt", "c.txt", "new\nline.txt"] {
        env.write(name, format!("text of {name}\n"));
    }
    let prepare = "ctx prepare-bundle --agent-type a --scope s --output -";
    let of = |options: &str, input: &[u8]| {
        let outcome = env.run_with(&format!("{prepare} {options}"), input);
        assert_eq!(outcome.status, Some(0), "{outcome}");
        summary(&outcome.json())
    };
    snapshot!("list_by_lines", of("--files-from -", b"a,b.txt\n\nc.txt\n"));
    snapshot!("list_without_last_newline", of("--files-from -", b"a,b.txt\nc.txt"));
    snapshot!("list_by_nul", of("--files-from - -0", b"new\nline.txt\0a,b.txt\0"));
    env.write("list", "c.txt\n");
    snapshot!("list_and_names", of("--files-from list --files new*", b""));
    snapshot!(
        "list_names_what_is_not_there",
        env.run_with(&format!("{prepare} --files-from -"), b"d.txt\n")
    );
}

#[cfg(unix)]
#[test]
fn links() {
    use std::os::unix::fs::symlink;
    let env = TestEnv::new();
    std::fs::write(env.beside("secret.txt"), "secret\n").unwrap();
    symlink("types.ts", env.path("lib/inside.ts")).unwrap();
    symlink(env.beside("secret.txt"), env.path("lib/outside.txt")).unwrap();
    symlink("../spec", env.path("lib/linked")).unwrap();
    symlink("nothing", env.path("lib/dangling")).unwrap();
    symlink(".", env.path("lib/loop")).unwrap();
    snapshot!("links_in_a_directory", env.bundled("--files lib"));
    snapshot!("link_by_name", env.bundled("--files lib/inside.ts"));
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::new();
    let name = std::ffi::OsStr::from_bytes(b"lib/caf\xe9.ts");
    env.write(Path::new(name), "const x = 1;\n");
    snapshot!("name_not_utf8_in_a_directory", env.bundled("--files lib"));
    let outcome = env.run_with(
        "ctx prepare-bundle --agent-type a --scope s --output - --files-from -",
        b"lib/caf\xe9.ts\n",
    );
    snapshot!("name_not_utf8_in_a_list", summary(&outcome.json()));
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_all_taken_or_told() {
    use std::os::unix::ffi::OsStrExt;
    let env = TestEnv::empty();
    for (name, text) in [(b"a\xe8.txt", "one\n"), (b"a\xe9.txt", "two\n")] {
        env.write(std::ffi::OsStr::from_bytes(name), text);
    }
    let bundle = env.ok(&format!("{PREPARE} --files . --format json")).json();
    assert_eq!(summary(&bundle).lines().count(), 2, "{}", summary(&bundle));
}

#[cfg(unix)]
#[test]
fn a_bundle_does_not_say_where_its_project_lies() {
    let bundled = || {
        let env = TestEnv::new();
        std::fs::write(env.beside("secret.txt"), "secret").unwrap();
        std::os::unix::fs::symlink("../../secret.txt", env.path("lib/link.txt")).unwrap();
        env.ok(&format!("{PREPARE} --files lib"));
        env.text("bundle.json")
    };
    assert_eq!(bundled(), bundled());
}

#[cfg(unix)]
#[test]
fn version_control_gets_in_by_no_spelling() {
    let env = TestEnv::with_git();
    for item in [".git", ".git/HEAD", "./.git/config", "lib/../.git/HEAD", ".git/**"] {
        let outcome = env.run(&format!("{PREPARE} --files '{item}'"));
        assert_eq!(outcome.status, Some(3), "{outcome}");
    }
    std::os::unix::fs::symlink("../.git/config", env.path("lib/config.txt")).unwrap();
    let bundle = env.ok(&format!("{PREPARE} --files lib --format json")).json();
    assert!(
        summary(&bundle).contains("skipped \"lib/config.txt\": ignored"),
        "{}",
        summary(&bundle)
    );
}

#[test]
fn a_glob_that_matches_directories_takes_what_is_in_them() {
    let env = TestEnv::new();
    for file in ["crates/a/src/lib.rs", "crates/b/src/deep/lib.rs", "crates/b/README.md"] {
        env.write(file, file);
    }
    let bundle = env.ok(&format!("{PREPARE} --files 'crates/*/src' --format json")).json();
    let taken = summary(&bundle);
    assert_eq!(taken.lines().count(), 2, "{taken}");
    assert!(!taken.contains("README"), "{taken}");
}

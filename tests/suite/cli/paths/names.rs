//! Names that read like something else: as an option, a selection, a glob, an escape, markup.

use super::{outcome, prepare, run};
use crate::env::{Outcome, TestEnv, feed, transcript};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Each a whole path below the project.
const NAMES: &[&[u8]] = &[
    b"a b.txt",
    b" leading and trailing .txt ",
    b"new\nline.txt",
    b"car\rriage.txt",
    b"tab\there.txt",
    b"it's \"quoted\".txt",
    b"a\"><x>.txt",
    b"</file><file path=\"evil\">",
    b"]]>.txt",
    b"&amp;&#10;.txt",
    b"```.md",
    b"# heading.md",
    b"-x",
    b"--files",
    b"--",
    b"-",
    b"~",
    b"$(id)`id`;&&|.sh",
    b"path:10-20",
    b"a.txt:1",
    b"path#Section",
    b"#",
    b"[a].txt",
    b"{a,b}.txt",
    b"*",
    b"?.txt",
    b"!not.txt",
    b"a,b.txt",
    b"CON",
    b"aux.txt",
    b"a:b|c<d>e?f.txt",
    b"back\\slash.txt",
    br"caf\xe9.txt",
    b"caf\xe9.txt",
    br"caf\x5cxe9.txt",
    b"\xff\xfe",
    b"\\\xff",
    b"esc\x1b[31mred\x1b[0m.txt",
    b"\x1b]0;title\x07.txt",
    "rtl\u{202e}txt.exe".as_bytes(),
    "zero\u{200b}width.txt".as_bytes(),
    "de\u{301}compose\u{301}.txt".as_bytes(),
    "d\u{e9}compos\u{e9}.txt".as_bytes(),
    b"Case.txt",
    b"case.txt",
    b"latest",
    b"bundle-0123.json",
    b"%2F..%2Fx.txt",
    b"d/-y/*/[b]#1:2.txt",
];

fn path_of(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// A project with a file of each name and a text that no other has.
fn named() -> (TestEnv, BTreeMap<PathBuf, String>) {
    let env = TestEnv::empty();
    let mut files = BTreeMap::new();
    for (at, name) in NAMES.iter().enumerate() {
        let text = format!("# Section\nthe text of number {at}\n");
        env.write(path_of(name), &text);
        files.insert(path_of(name).to_path_buf(), text);
    }
    let long = PathBuf::from(format!("{}.txt", "l".repeat(251)));
    env.write(&long, "# Section\na long name\n");
    files.insert(long, "# Section\na long name\n".to_owned());
    (env, files)
}

fn sources(outcome: &Outcome) -> Vec<String> {
    let bundle = outcome.json();
    let items = bundle["context_items"].as_array().unwrap().iter();
    let items = items.filter(|it| it["type"] != "briefing");
    items.map(|it| it["source"].as_str().unwrap().to_owned()).collect()
}

/// Nothing that moves a cursor or reorders a line.
#[track_caller]
fn is_harmless(outcome: &Outcome) {
    for text in [outcome.out(), outcome.err()] {
        let hidden = |c: &char| {
            (c.is_control() && *c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(c)
                || *c == '\u{200b}'
        };
        assert_eq!(text.chars().find(hidden), None, "{outcome}");
    }
}

#[test]
fn each_name_is_taken_by_itself_and_by_its_directory() {
    let (env, files) = named();
    let whole = prepare(&env, ".");
    assert_eq!(whole.status, Some(0), "{whole}");
    let mut all = sources(&whole);
    assert_eq!(all.len(), files.len(), "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), files.len(), "two files have one name: {all:?}");
    for (path, text) in &files {
        // By a list, byte for byte; by an argument, where it has no comma.
        let mut list = path.as_os_str().as_bytes().to_vec();
        list.push(0);
        let mut command = env.sortie();
        command.args(
            "ctx prepare-bundle --agent-type a --scope s --output - -0 --files-from -".split(' '),
        );
        let by_list = env.outcome("by a list", feed(&mut command, &list));
        assert_eq!(by_list.status, Some(0), "{path:?}: {by_list}");
        let [source] = sources(&by_list).try_into().unwrap();
        assert!(all.contains(&source), "{source}");
        let bytes = path.as_os_str().as_bytes();
        if !bytes.contains(&b',') {
            let by_name = prepare(&env, path);
            assert_eq!(by_name.status, Some(0), "{path:?}: {by_name}");
            assert_eq!(sources(&by_name), [&*source], "{path:?}");
            let mut dotted = OsStr::new("./").to_owned();
            dotted.push(path);
            assert_eq!(sources(&prepare(&env, dotted)), [&*source], "{path:?}");
            // A part of it, whatever its name has.
            let mut lines = path.as_os_str().to_owned();
            lines.push(":2-2");
            assert_eq!(sources(&prepare(&env, lines)), [&*source], "{path:?}");
            let mut section = path.as_os_str().to_owned();
            section.push("#Section");
            assert_eq!(sources(&prepare(&env, section)), [&*source], "{path:?}");
        }
        // Its text, named as it is named.
        let item = |label: String| {
            run(&env, ["ctx", "show", "latest", "--expand", &format!("--item={label}")])
        };
        let mut shown = item(source.clone());
        if shown.status != Some(0) {
            shown = item(format!("{source}#Section"));
        }
        assert_eq!(shown.out(), *text, "{path:?}: {shown}");
    }
}

#[test]
fn names_are_shown_and_come_back() {
    let (env, files) = named();
    env.ok("ctx prepare-bundle --agent-type a --scope s --files . --output b.json");
    let shown = env.ok("ctx show latest");
    is_harmless(&shown);
    snapshot!("names_in_a_table", shown);
    for line in [
        "ctx show latest --format markdown",
        "ctx verify latest",
        "ctx generate-briefing --bundle latest --quiet",
        "ctx generate-briefing --bundle latest --quiet --template briefing.xml",
    ] {
        is_harmless(&env.ok(line));
    }
    let xml = env.ok("ctx generate-briefing --bundle latest --quiet --template briefing.xml").out();
    assert!(!xml.contains("<x>") && !xml.contains("path=\"evil\">"), "{xml}");
    let markdown = env.ok("ctx generate-briefing --bundle latest --quiet").out();
    assert_eq!(markdown.lines().filter(|it| it.starts_with("### ")).count(), files.len());
    env.ok("ctx show b.json --expand --output ../back");
    let back = env.beside("back");
    for (path, text) in &files {
        let found = std::fs::read_to_string(back.join(path));
        assert_eq!(found.as_ref().ok(), Some(text), "{path:?}");
    }
    // A name that reads like an escape is another than what it reads like.
    let escaped = env.ok("ctx show latest --format json").json();
    let names: Vec<&str> = escaped["context_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["source"].as_str().unwrap())
        .collect();
    for name in [r"caf\xe9.txt", r"caf\x5cxe9.txt", r"caf\x5cx5cxe9.txt"] {
        assert!(names.contains(&name), "{name}");
    }
    std::fs::remove_file(env.path(path_of(b"caf\xe9.txt"))).unwrap();
    let verified = env.run("ctx verify latest --format json").json();
    let items = verified["items"].as_array().unwrap().iter();
    let gone: Vec<_> = items.filter(|it| it["state"] == "gone").map(|it| &it["source"]).collect();
    assert_eq!(gone, [r"caf\xe9.txt"]);
}

#[test]
fn each_name_is_collected() {
    let (env, files) = named();
    env.ok("track init-session --scope s --session-id s-1");
    env.ok("track init-deployment --session-id s-1 --execution-id e-1 --agent-type a --scope s");
    for path in files.keys().filter(|it| !it.as_os_str().as_bytes().contains(&b',')) {
        let mut command = env.sortie();
        let mut named = OsStr::new("--deliverables=").to_owned();
        named.push(path);
        command.args(["outputs", "collect", "--execution-id", "e-1"]).arg(named);
        let collected = outcome(&env, command);
        assert_eq!(collected.status, Some(0), "{collected}");
        assert!(!collected.err().contains("not there"), "{collected}");
        is_harmless(&collected);
    }
    let verified = env.ok("outputs verify --session-id s-1");
    is_harmless(&verified);
    snapshot!("names_of_deliverables", verified);
    is_harmless(&env.ok("outputs query --session-id s-1"));
    is_harmless(&env.ok("outputs synthesize --session-id s-1"));
}

#[test]
fn globs_match_names_and_dashes_are_told() {
    let (env, _) = named();
    let taken = |glob: &str| {
        let mut taken = sources(&prepare(&env, glob));
        taken.sort();
        taken
    };
    assert_eq!(taken("[[]a[]].tx?"), ["[a].txt"]);
    assert_eq!(taken("d/**/*.txt"), ["d/-y/*/[b]#1:2.txt"]);
    assert_eq!(taken("[cC]ase.tx[t]"), ["Case.txt", "case.txt"]);
    // Every name with that ending, whatever bytes it has before.
    assert_eq!(taken("caf*.tx?").len(), 3);
    let refused = [
        run(&env, ["ctx", "prepare-bundle", "--agent-type", "a", "--scope", "s", "--files", "-x"]),
        prepare(&env, "-y"),
        prepare(&env, "esc\x1b[31mnone"),
        prepare(&env, OsStr::from_bytes(b"none\xff")),
        prepare(&env, "a\"><x>.txt#None"),
        prepare(&env, "x".repeat(300)),
    ];
    refused.iter().for_each(is_harmless);
    snapshot!("names_that_are_not_there", transcript(&refused));
}

/// Deeper than the system takes in one path: what can be had is had, the rest is told.
#[test]
fn a_very_deep_tree_is_told() {
    let env = TestEnv::empty();
    env.write("shallow.txt", "here\n");
    let script = "i=0; while [ $i -lt 24 ]; do d=$(printf '%0200d' $i); mkdir $d && cd $d && \
                  echo $i > f.txt || exit 1; i=$((i+1)); done";
    assert!(env.program("bash").args(["-c", script]).status().unwrap().success());
    let outcome = prepare(&env, ".");
    assert_eq!(outcome.status, Some(0), "{}", outcome.err());
    let bundle = outcome.json();
    let (taken, skipped) = (sources(&outcome).len(), bundle["skipped"].as_array().unwrap());
    assert!(taken > 15 && !skipped.is_empty(), "{taken} {skipped:?}");
    assert!(
        skipped.iter().all(|it| it["detail"].as_str().unwrap().contains("too long")),
        "{skipped:?}"
    );
    // What came in comes back.
    env.ok("ctx show latest --expand --output b");
    assert_eq!(env.text("b/shallow.txt"), "here\n");
    // Out of the way of whoever removes the directory.
    assert!(
        env.program("rm").args(["-rf", "b", &format!("{:0200}", 0)]).status().unwrap().success()
    );
}

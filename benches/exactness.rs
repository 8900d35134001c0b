//! Whether the token engine counts exactly what the reference does, on as much text as one has time
//! for: `cargo run --release --example exactness -- [DIR…] [--cases N] [--seed N]`.
//!
//! Compares every file of the trees, texts that are hard on a splitter or a merger, by the megabyte,
//! and N generated texts (two million unless told). Exits with 1 at the first text that differs, which it
//! cuts down to what is needed, or that takes longer than 0.1 s for a megabyte.

#[path = "clock/mod.rs"]
mod clock;
#[allow(dead_code)]
#[path = "../src/context/tokens/engine/mod.rs"]
mod engine;

use clock::seconds_of;
use engine::{Cl100k, O200k};
use rayon::prelude::*;
use std::path::PathBuf;
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// Texts that one task generates and compares.
const BATCH: u64 = 1000;

struct Asked {
    trees: Vec<PathBuf>,
    cases: u64,
    seed: u64,
}

fn main() {
    let asked = asked();
    for tree in &asked.trees {
        compare_tree(tree);
    }
    compare_runs();
    compare_generated(asked.cases, asked.seed);
}

fn asked() -> Asked {
    let mut asked = Asked { trees: Vec::new(), cases: 2_000_000, seed: 1 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        match word.as_str() {
            "--cases" => asked.cases = number(),
            "--seed" => asked.seed = number(),
            _ => asked.trees.push(word.into()),
        }
    }
    asked
}

/// Ends the program if the counts of `text` differ.
fn compare(text: &str) {
    if differs(text) {
        let least = smaller(text);
        println!("differs: {least:?}");
        for (name, ours, vocabulary) in vocabularies() {
            println!("  {name}: {} and not {:?}", ours(&least), vocabulary.encode_ordinary(&least));
        }
        std::process::exit(1);
    }
}

type Ours = fn(&str) -> u64;

fn vocabularies() -> [(&'static str, Ours, &'static CoreBPE); 2] {
    [
        ("o200k", engine::count::<O200k> as Ours, o200k_base_singleton()),
        ("cl100k", engine::count::<Cl100k> as Ours, cl100k_base_singleton()),
    ]
}

fn differs(text: &str) -> bool {
    vocabularies()
        .into_iter()
        .any(|(_, ours, vocabulary)| ours(text) != vocabulary.count_ordinary(text) as u64)
}

/// The text without all that can be left out while it still differs.
fn smaller(text: &str) -> String {
    let mut kept: Vec<char> = text.chars().collect();
    let mut size = kept.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < kept.len() {
            let end = (at + size).min(kept.len());
            let without: String = kept[..at].iter().chain(&kept[end..]).collect();
            if differs(&without) {
                kept.drain(at..end);
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    kept.into_iter().collect()
}

fn compare_tree(tree: &PathBuf) {
    let walk = ignore::WalkBuilder::new(tree).standard_filters(false).build();
    let (files, bytes) = walk
        .flatten()
        .par_bridge()
        .filter_map(|entry| std::fs::read(entry.path()).ok())
        .map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            compare(&text);
            (1u64, text.len() as u64)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    println!("{}: {files} files, {:.1} MB: equal", tree.display(), bytes as f64 / 1e6);
}

/// One long run of each sort: none may differ, and none take long. (The reference takes long for some,
/// and cannot do others, so it is asked about a part.)
fn compare_runs() {
    let runs = [
        "a",
        "A",
        "é",
        "É",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u{3000}",
        "\u{a0}",
        "=",
        "-",
        "/",
        "\0",
        "0",
        "٣",
        "½",
        "🙂",
        "👩\u{200d}👩\u{200d}👧",
        "\u{301}",
        "a\u{301}",
        "中",
        "ab",
        "aA",
        "Ab",
        "'s",
        "'",
        " '",
        "\n ",
        " \n",
        ".\n",
        ";\n/",
        "0a",
        "ſ",
        "ǅ",
        "ʰ",
        "word",
        "ﷺ",
        "กข",
        "ab1",
        "/\n",
        "xyz",
        "\u{10ffff}",
        "aab",
        "abcabd",
    ];
    let mut slowest = (0.0, "");
    for run in runs {
        let part = run.repeat(20_000 / run.len());
        for text in [part.clone(), format!("{part}x"), format!("x{part}1")] {
            compare(&text);
        }
        let text = format!("{}x", run.repeat((1 << 20) / run.len()));
        for (_, ours, _) in vocabularies() {
            let time = least_time(ours, &text);
            if time > slowest.0 {
                slowest = (time, run);
            }
        }
    }
    println!("{} sorts of long runs: equal", runs.len());
    println!("slowest megabyte: {:.0} ms, of {:?}", slowest.0 * 1e3, slowest.1);
    if slowest.0 > 0.1 {
        std::process::exit(1);
    }
}

/// Seconds to count a text: the least of some.
fn least_time(ours: Ours, text: &str) -> f64 {
    let times = (0..5).map(|_| seconds_of(|| _ = ours(text)));
    times.fold(f64::INFINITY, f64::min)
}

fn compare_generated(cases: u64, seed: u64) {
    let bytes: u64 = (0..cases.div_ceil(BATCH))
        .into_par_iter()
        .map(|batch| {
            let mut random = fastrand::Rng::with_seed(seed << 32 | batch);
            (0..BATCH.min(cases - batch * BATCH))
                .map(|_| {
                    let text = generated(&mut random);
                    compare(&text);
                    text.len() as u64
                })
                .sum::<u64>()
        })
        .sum();
    println!("{cases} generated texts of seed {seed}, {:.1} MB: equal", bytes as f64 / 1e6);
}

/// What the patterns, the windows and the merger treat each in their own way.
const PARTS: [&str; 84] = [
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "                ",
    "\t",
    "\t\t",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{1c}",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\u{200b}",
    "\n    ",
    "    \n",
    "\n\n\n",
    "/",
    "//",
    "/*",
    "*/",
    "'",
    "'",
    "'s",
    "'S",
    "'ſ",
    "'t",
    "'T",
    "'re",
    "'Re",
    "'VE",
    "'m",
    "'ll",
    "'lL",
    "'d",
    "'x",
    "'l",
    "a",
    "b",
    "s",
    "word",
    "Word",
    "WORD",
    "camelCase",
    "HTTPServer",
    "Z",
    "é",
    "É",
    "ß",
    "ǅ",
    "ʰ",
    "中",
    "文字",
    "कि",
    "\u{301}",
    "\u{93f}",
    "\u{20dd}",
    "1",
    "22",
    "12345",
    "٣",
    "Ⅷ",
    "½",
    ".",
    ";",
    "();",
    "{",
    "}",
    "\"",
    "_",
    "-",
    "=====",
    "🙂",
    "👍🏽",
    "\0",
    "\u{7f}",
    "\u{fffd}",
];

fn generated(random: &mut fastrand::Rng) -> String {
    let parts = match random.u8(..16) {
        0 => random.usize(40..200),
        1..4 => random.usize(10..40),
        _ => random.usize(1..10),
    };
    let sort = random.u8(..8);
    let few: [&str; 3] = std::array::from_fn(|_| PARTS[random.usize(..PARTS.len())]);
    let mut text = String::new();
    for _ in 0..parts {
        match sort {
            // Any characters, and characters of the scripts.
            0 => text.push(random.char(..)),
            1 => text.push(random.char('\u{80}'..'\u{3400}')),
            // A few parts over and over.
            2 | 3 => text += few[random.usize(..few.len())],
            // One long word.
            4 => text.extend((0..random.usize(1..9)).map(|_| random.alphabetic())),
            _ => text += PARTS[random.usize(..PARTS.len())],
        }
        if random.u8(..) < 4 {
            text.push(random.char(..));
        }
    }
    text
}

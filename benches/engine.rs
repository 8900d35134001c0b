//! How fast the token engine is beside the reference, in one process: `cargo bench --bench engine`.
//!
//! `-- --test` runs everything once. The text is this repository's own: sources, tests and
//! documentation, and the same with every word in another script, for what is not ASCII.

#[path = "clock/mod.rs"]
mod clock;
#[allow(dead_code, unused_imports)]
#[path = "../src/context/tokens/engine/mod.rs"]
mod engine;

use clock::seconds_of;
use criterion::{Criterion, Throughput, criterion_group};
use engine::{Cl100k, O200k};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

fn counting(criterion: &mut Criterion) {
    let code = code();
    let cyrillic = cyrillic(&code);
    for (name, text) in [("code", &code), ("cyrillic", &cyrillic)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(20);
        group.bench_function("o200k/ours", |run| run.iter(|| engine::count::<O200k>(text)));
        group.bench_function("cl100k/ours", |run| run.iter(|| engine::count::<Cl100k>(text)));
        let reference = o200k_base_singleton();
        group.sample_size(10).measurement_time(Duration::from_secs(2));
        group.bench_function("o200k/tiktoken", |run| run.iter(|| reference.count_ordinary(text)));
        let reference = cl100k_base_singleton();
        group.bench_function("cl100k/tiktoken", |run| run.iter(|| reference.count_ordinary(text)));
        group.finish();
    }
}

/// The two in turns, so that what else the machine does befalls both.
fn ratios(_: &mut Criterion) {
    let once = std::env::args().any(|argument| argument == "--test");
    let rounds = if once { 1 } else { 7 };
    for (name, text) in [("code", code()), ("cyrillic", cyrillic(&code()))] {
        let o200k = ratio(rounds, &text, engine::count::<O200k>, o200k_base_singleton());
        let cl100k = ratio(rounds, &text, engine::count::<Cl100k>, cl100k_base_singleton());
        for (vocabulary, (ours, theirs)) in [("o200k", o200k), ("cl100k", cl100k)] {
            let speed = |seconds: f64| text.len() as f64 / 1e6 / seconds;
            println!(
                "{name}, {vocabulary}: {:.0} MB/s, tiktoken {:.1} MB/s: {:.1} times as fast",
                speed(ours),
                speed(theirs),
                speed(ours) / speed(theirs)
            );
        }
    }
}

/// The least seconds of each, once both are warm. Ours counts often enough to be measured.
fn ratio(
    rounds: usize,
    text: &str,
    ours: fn(&str) -> u64,
    theirs: &tiktoken_rs::CoreBPE,
) -> (f64, f64) {
    assert_eq!(theirs.count_ordinary(text) as u64, ours(text));
    let often = 10;
    let best = (0..rounds).map(|_| {
        let ours = seconds_of(|| (0..often).for_each(|_| _ = black_box(ours(text))));
        let theirs = seconds_of(|| _ = black_box(theirs.count_ordinary(text)));
        (ours / f64::from(often), theirs)
    });
    best.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))).expect("one round at least")
}

/// From nothing to the first count, in processes of their own (this program, told to).
fn set_up(_: &mut Criterion) {
    let program = std::env::current_exe().expect("a running program has a file");
    for (name, what) in [("ours", "--first-count=ours"), ("tiktoken", "--first-count=tiktoken")] {
        let times = (0..5).map(|_| {
            let output = Command::new(&program).arg(what).output().expect("it starts");
            String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().expect("a number")
        });
        let least = times.fold(f64::INFINITY, f64::min);
        println!("first count in a process, o200k, {name}: {least:.3} ms");
    }
}

/// What [`set_up`] starts: counts one line and prints the milliseconds.
fn first_count(by: &str) {
    let line = "fn main() { println!(\"Grüße, 世界\"); }\n";
    let start = Instant::now();
    let count = match by {
        "ours" => engine::count::<O200k>(line),
        _ => o200k_base_singleton().count_ordinary(line) as u64,
    };
    black_box(count);
    println!("{}", start.elapsed().as_secs_f64() * 1e3);
}

/// What this repository consists of, twice the megabyte at most.
fn code() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = ["src", "tests", "references", "assets"]
        .iter()
        .flat_map(|folder| ignore::Walk::new(root.join(folder)).flatten())
        .map(|entry| entry.into_path())
        .collect();
    files.sort();
    files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// The text with Cyrillic letters for the Latin ones.
fn cyrillic(text: &str) -> String {
    let other = |first: char, c: char, of: char| {
        char::from_u32(of as u32 + c as u32 - first as u32).expect("a letter")
    };
    text.chars()
        .map(|c| match c {
            'a'..='z' => other('a', c, 'а'),
            'A'..='Z' => other('A', c, 'А'),
            _ => c,
        })
        .collect()
}

criterion_group!(benches, counting, ratios, set_up);

fn main() {
    let by =
        std::env::args().find_map(|word| Some(word.strip_prefix("--first-count=")?.to_owned()));
    match by {
        Some(by) => first_count(&by),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}

//! How fast secrets are looked for, and what is found in trees that should have none:
//! `cargo run --release --example secrets -- [--list] DIRECTORY…`.
//!
//! Everything is read first, so that only the scanner is measured: processor seconds of one thread, the
//! least of five rounds.

#[path = "clock/mod.rs"]
mod clock;

use clock::seconds_of;
use sortie::secrets::{Confidence, Finding, kinds, scan};
use std::hint::black_box;
use std::path::PathBuf;

fn main() {
    let (options, directories): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let texts = read(&directories);
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let round = |_| seconds_of(|| texts.iter().for_each(|(_, text)| drop(black_box(scan(text)))));
    let seconds = (0..5).map(round).fold(f64::INFINITY, f64::min);
    let found: Vec<(&PathBuf, Finding)> = texts
        .iter()
        .flat_map(|(path, text)| scan(text).into_iter().map(move |it| (path, it)))
        .collect();
    let high = found.iter().filter(|(_, it)| it.confidence == Confidence::High).count();
    if options.iter().any(|option| option == "--list") {
        for (path, it) in &found {
            let (path, rule, sure) = (path.display(), &it.rule, it.confidence);
            println!("{path}:{}:{}: {rule} {sure:?} {}", it.line, it.column, it.fingerprint);
        }
    }
    let each_thousand = |count: usize| count as f64 * 1000.0 / texts.len().max(1) as f64;
    println!(
        "{} files, {:.1} MB, {} kinds of secret: {:.0} MB/s ({:.0} ms)",
        texts.len(),
        bytes as f64 / 1e6,
        kinds(),
        bytes as f64 / 1e6 / seconds,
        seconds * 1e3
    );
    println!(
        "findings: {high} high, {} medium; {:.2} and {:.2} in 1,000 files",
        found.len() - high,
        each_thousand(high),
        each_thousand(found.len() - high)
    );
}

/// The texts of all files beneath the directories, whatever is ignored there.
fn read(directories: &[String]) -> Vec<(PathBuf, String)> {
    let walk =
        |directory: &String| ignore::WalkBuilder::new(directory).standard_filters(false).build();
    let files = directories.iter().flat_map(walk).filter_map(Result::ok);
    let text = |entry: ignore::DirEntry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        // What is no text is not sent either.
        (!bytes.contains(&0)).then_some(())?;
        Some((entry.into_path(), String::from_utf8(bytes).ok()?))
    };
    files.filter_map(text).collect()
}

//! Histories of any size, and how long the questions to them take.
//!
//! `cargo run --release --example history -- DB N` makes one of N executions, the same each time.
//! `cargo run --release --example history -- measure DB…` asks each of them every question as a whole
//! process (of `target/release/sortie`, or of `$SORTIE`) and prints one table: build that first.

#[path = "history/make.rs"]
mod make;
#[path = "history/measure.rs"]
mod measure;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What is taken for now: shortly after the last execution of every history.
const NOW: &str = "2026-01-01T00:00:00.000Z";

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["measure", databases @ ..] if !databases.is_empty() => measure::measure(databases),
        [database, executions] => make::make(database.as_ref(), executions.parse()?),
        _ => Err("give DB N, or measure DB…".into()),
    }
}

//! What is done to a history on purpose, to see that it keeps what it acknowledged.
//!
//! `cargo build --release && cargo run --release --example torture -- --minutes 15` kills writers at
//! random moments, opens histories with many processes at once, cuts the power after every write of a
//! run, and lets bundles be made of hostile trees. It prints a scoreboard as a Markdown table, and fails
//! if anything was lost. `--seed N` makes the same choices again, `--only PART` does one of `crowd`,
//! `race`, `kill`, `cut`, `trees`; `--quick` does a little of each, so that it cannot rot.
//! What each part proves and what it does not stands in `references/reliability.md`.

#[path = "torture/crowd.rs"]
mod crowd;
#[cfg(target_os = "linux")]
#[path = "torture/cut.rs"]
mod cut;
#[cfg(target_os = "linux")]
#[path = "torture/disk.rs"]
mod disk;
#[cfg(target_os = "linux")]
#[path = "torture/intercept.rs"]
mod intercept;
#[path = "torture/kill.rs"]
mod kill;
#[path = "torture/ledger.rs"]
mod ledger;
#[path = "torture/place.rs"]
mod place;
#[path = "torture/pool.rs"]
mod pool;
#[path = "torture/program.rs"]
mod program;
#[path = "torture/race.rs"]
mod race;
#[path = "torture/records.rs"]
mod records;
#[cfg(target_os = "linux")]
#[path = "torture/scenarios.rs"]
mod scenarios;
#[path = "torture/score.rs"]
mod score;
#[cfg(target_os = "linux")]
#[path = "torture/state.rs"]
mod state;
#[cfg(unix)]
#[path = "torture/swaps.rs"]
mod swaps;
#[cfg(target_os = "linux")]
#[path = "torture/trace.rs"]
mod trace;
#[cfg(unix)]
#[path = "torture/tree.rs"]
mod tree;
#[cfg(unix)]
#[path = "torture/trees.rs"]
mod trees;
#[path = "torture/worker.rs"]
mod worker;

use place::Place;
use score::Score;
use std::time::Duration;

type Fault = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Fault>;

/// How much is done.
struct Plan {
    quick: bool,
    /// For all parts that go on as long as they are given.
    time: Duration,
    seed: u64,
    only: Option<String>,
    /// Of the power cuts, those scenarios that are called something like this.
    scenario: Option<String>,
    /// How many hostile trees are made.
    trees: u64,
}

fn main() -> Outcome<()> {
    #[cfg(unix)]
    if std::env::var_os("SORTIE_CANARY").is_none() && !std::env::args().any(|it| it == "serve") {
        // What a link to `/proc/self/environ` would give away.
        return again_with_canary();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "serve") {
        return worker::serve(&args[1..]);
    }
    let plan = Plan::parse(&args)?;
    let place = Place::new(&plan)?;
    let mut score = Score::new(&place, &plan);
    for &(name, share, part) in PARTS {
        if plan.only.as_deref().is_none_or(|only| only == name) {
            let share = if plan.only.is_some() { 1.0 } else { share };
            eprintln!("{name} …");
            part(&place, &plan, plan.time.mul_f64(share), &mut score)?;
        }
    }
    score.print()
}

/// Begins anew with a variable that must not get into a bundle.
#[cfg(unix)]
fn again_with_canary() -> Outcome<()> {
    use std::os::unix::process::CommandExt;
    let mut again = std::process::Command::new(std::env::current_exe()?);
    Err(again.args(std::env::args_os().skip(1)).env("SORTIE_CANARY", tree::CANARY).exec().into())
}

type Part = fn(&Place, &Plan, Duration, &mut Score) -> Outcome<()>;

/// Each with its share of the time.
const PARTS: &[(&str, f64, Part)] = &[
    ("crowd", 0.0, crowd::crowd),
    ("race", 0.15, race::race),
    ("kill", 0.35, kill::kill),
    #[cfg(target_os = "linux")]
    ("cut", 0.5, cut::cut),
    #[cfg(unix)]
    ("trees", 0.0, trees::trees),
];

impl Plan {
    fn parse(args: &[String]) -> Outcome<Plan> {
        let value = |name: &str| {
            let at = args.iter().position(|arg| arg == name)?;
            args.get(at + 1).map(String::as_str)
        };
        let quick = args.iter().any(|arg| arg == "--quick");
        let minutes: f64 = match value("--minutes") {
            Some(minutes) => minutes.parse()?,
            None => {
                if quick {
                    0.2
                } else {
                    15.0
                }
            }
        };
        let seed = match value("--seed") {
            Some(seed) => seed.parse()?,
            None => fastrand::u64(..1_000_000),
        };
        let only = value("--only").map(str::to_owned);
        if let Some(only) = &only
            && !PARTS.iter().any(|(name, ..)| name == only)
        {
            return Err(format!("there is no part {only}").into());
        }
        let scenario = value("--scenario").map(str::to_owned);
        let trees = match value("--trees") {
            Some(trees) => trees.parse()?,
            None => {
                if quick {
                    10
                } else {
                    5_000
                }
            }
        };
        Ok(Plan {
            trees,
            quick,
            time: Duration::from_secs_f64(minutes * 60.0),
            seed,
            only,
            scenario,
        })
    }
}

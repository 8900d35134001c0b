//! Any bytes to everything that reads bytes it did not write (`src/fuzzing`), for a stable toolchain.
//!
//! ```text
//! cargo run --profile fuzz --features fuzzing --example fuzz -- --seconds 60
//! cargo run --profile fuzz --features fuzzing --example fuzz -- --target template --seconds 600 --seed 7
//! cargo run --profile fuzz --features fuzzing --example fuzz -- --target template --replay fuzz-findings/template-1a2b
//! cargo run --features fuzzing --example fuzz -- --quick
//! ```
//!
//! Inputs begin as seeds and change by bits, bytes, words that mean something to the target, and pieces
//! of each other; what has a target do something it had not done is kept and changed further. A panic,
//! or more than a second of the processor for one input, is a finding: its input is written to
//! `fuzz-findings`. Each target runs in a process of its own, so that an abort or a hang is one, too.

#[path = "clock/mod.rs"]
mod clock;

use sortie::fuzzing::{TARGETS, Target};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where inputs of findings go.
const FINDINGS: &str = "fuzz-findings";
/// Processor time that one input may take.
const LONG: f64 = 1.0;
/// Time after which an input is taken for one without an end, on a machine that others use.
const ENDLESS: Duration = Duration::from_secs(30);
/// The longest input that is made.
const LONGEST: usize = 4 << 10;
/// So many findings of a target are enough.
const ENOUGH: u64 = 20;

struct Wanted {
    target: Option<String>,
    seconds: f64,
    seed: u64,
    replay: Option<PathBuf>,
    /// Writes each input before it is tried, to have the one that ends the process.
    careful: bool,
}

fn main() -> ExitCode {
    let wanted = match arguments() {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let named = |target: &&Target| wanted.target.as_deref().is_none_or(|name| name == target.name);
    let targets: Vec<&Target> = TARGETS.iter().filter(named).collect();
    match (&targets[..], &wanted.replay) {
        ([], _) => {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            eprintln!("there is no such target; there are {}", names.join(", "));
            ExitCode::from(2)
        }
        ([target], Some(file)) => {
            let done = (target.run)(&std::fs::read(file).expect("the input"));
            println!("{}: nothing found ({done:x})", target.name);
            ExitCode::SUCCESS
        }
        ([target], None) if std::env::var_os(CHILD).is_some() => fuzz(target, &wanted),
        _ => all(&targets, &wanted),
    }
}

/// Set where a process is to do the work for one target.
const CHILD: &str = "SORTIE_FUZZ_TARGET";

fn arguments() -> Result<Wanted, String> {
    let mut wanted = Wanted { target: None, seconds: 60.0, seed: 1, replay: None, careful: false };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or(format!("{name} wants a value"));
        match name.as_str() {
            "--target" => wanted.target = Some(value()?),
            "--seconds" => wanted.seconds = value()?.parse().map_err(|_| "no number of seconds")?,
            "--seed" => wanted.seed = value()?.parse().map_err(|_| "no seed")?,
            "--replay" => wanted.replay = Some(value()?.into()),
            "--careful" => wanted.careful = true,
            "--quick" => wanted.seconds = 0.5,
            _ => return Err(format!("{name} is no option of this")),
        }
    }
    Ok(wanted)
}

/// Each target in a process of its own, with its share of a line.
fn all(targets: &[&Target], wanted: &Wanted) -> ExitCode {
    println!(
        "{:<12} {:>12} {:>8} {:>8} {:>9}",
        "target", "executions", "kept", "findings", "slowest"
    );
    let mut clean = true;
    for target in targets {
        let child = |careful: bool| {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(["--target", target.name, "--seconds", &wanted.seconds.to_string()]);
            command.args(["--seed", &wanted.seed.to_string()]).env(CHILD, "1");
            command.args(careful.then_some("--careful")).stdin(Stdio::null());
            command.status().expect("this program again")
        };
        let status = child(wanted.careful);
        if status.code().is_none() && !wanted.careful {
            eprintln!("{}: it ended the process; once more, to have the input", target.name);
            child(true);
        }
        clean &= status.success();
    }
    ExitCode::from(u8::from(!clean))
}

/// What is being tried, for the one who watches.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn fuzz(target: &Target, wanted: &Wanted) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let begin = Instant::now();
    watch(target.name, begin);
    let mut corpus: Vec<Vec<u8>> =
        target.seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let mut change =
        Change { random: Random(wanted.seed ^ 0x9e37_79b9_7f4a_7c15), words: target.words };
    let (mut seen, mut found) = (HashSet::new(), HashSet::new());
    let (mut executions, mut findings, mut slowest) = (0u64, 0u64, 0f64);
    let mut queue = corpus.clone();
    while begin.elapsed().as_secs_f64() < wanted.seconds && findings < ENOUGH {
        let input = queue.pop().unwrap_or_else(|| change.of(&corpus));
        if wanted.careful {
            write(target.name, "last", &input);
        }
        BEGUN.store(begin.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
        INPUT.lock().expect("nobody panics with it").clone_from(&input);
        let mut outcome = Ok(0);
        let (wall, mut cpu) = (Instant::now(), 0.0);
        let mut attempt = || outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
        // What the processor gave is asked for only where it may be much.
        attempt();
        let passed = wall.elapsed().as_secs_f64();
        if passed > LONG {
            cpu =
                clock::seconds_of(|| drop(catch_unwind(AssertUnwindSafe(|| (target.run)(&input)))));
        }
        BEGUN.store(0, Ordering::Relaxed);
        executions += 1;
        slowest = slowest.max(if passed > LONG { cpu } else { passed });
        match outcome {
            Ok(what) => {
                if seen.insert(what) && executions > target.seeds.len() as u64 {
                    corpus.push(input.clone());
                }
            }
            Err(why) => {
                let why = message(&*why);
                // The same again is none.
                if found.insert(
                    why.chars().filter(|c| !c.is_ascii_digit()).take(60).collect::<String>(),
                ) {
                    findings += 1;
                    tell(target.name, &why, &input);
                }
            }
        }
        if cpu > LONG && found.insert("slow".to_owned()) {
            findings += 1;
            tell(target.name, &format!("it takes {cpu:.1} s"), &input);
        }
    }
    println!(
        "{:<12} {executions:>12} {:>8} {findings:>8} {:>6.0} ms",
        target.name,
        corpus.len(),
        slowest * 1e3
    );
    ExitCode::from(u8::from(findings > 0))
}

/// Ends the process where one input takes for ever.
fn watch(name: &'static str, begin: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(250));
            let begun = BEGUN.load(Ordering::Relaxed);
            let now = begin.elapsed().as_millis() as u64 + 1;
            if begun > 0 && now.saturating_sub(begun) > ENDLESS.as_millis() as u64 {
                let input = INPUT.lock().map(|input| input.clone()).unwrap_or_default();
                tell(name, "it does not end", &input);
                std::process::exit(1);
            }
        }
    });
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panics").to_owned()
}

fn tell(name: &str, why: &str, input: &[u8]) {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = write(name, &format!("{:x}", hasher.finish()), input);
    let why: String = why.chars().take(600).collect();
    eprintln!("{name}: {why}\n  --target {name} --replay {}", file.display());
}

fn write(name: &str, what: &str, input: &[u8]) -> PathBuf {
    let file = Path::new(FINDINGS).join(format!("{name}-{what}"));
    std::fs::create_dir_all(FINDINGS)
        .and_then(|()| std::fs::write(&file, input))
        .expect("a place for findings");
    file
}

/// Numbers that are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Mostly a small number, below two to the power of `bits`.
    fn few(&mut self, bits: usize) -> usize {
        let limit = 1 << self.below(bits);
        self.below(limit)
    }
}

/// Makes inputs of others.
struct Change {
    random: Random,
    words: &'static [&'static str],
}

impl Change {
    fn of(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = match corpus {
            [] => Vec::new(),
            _ => corpus[self.random.below(corpus.len())].clone(),
        };
        // Mostly few changes, so that what is there stays something.
        let changes = 1 + self.random.few(6);
        for _ in 0..changes {
            self.once(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    fn once(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.random.below(input.len() + 1);
        let length = (1 + self.random.few(8)).min(input.len() - at);
        match self.random.below(12) {
            0 if at < input.len() => input[at] ^= 1 << self.random.below(8),
            1 if at < input.len() => input[at] = self.random.next() as u8,
            2 => input.insert(at, self.random.next() as u8),
            3 => drop(input.drain(at..at + length)),
            4 => {
                let piece = input[at..at + length].to_vec();
                let times = 1 + self.random.few(7);
                let piece = piece.repeat(times.min(LONGEST / length.max(1) + 1));
                input.splice(at..at, piece);
            }
            5 => {
                let other = &corpus[self.random.below(corpus.len())];
                let from = self.random.below(other.len() + 1);
                let length = self.random.below(other.len() - from + 1);
                input.splice(at..at, other[from..from + length].iter().copied());
            }
            6 => {
                let bytes: Vec<u8> = (0..8).map(|_| self.random.next() as u8).collect();
                input.splice(at..at, bytes);
            }
            7 if !self.words.is_empty() => {
                let word = self.word().repeat(1 + self.random.few(8));
                input.splice(at..at + length, word);
            }
            _ if !self.words.is_empty() => {
                let word = self.word();
                input.splice(at..at, word);
            }
            _ => {}
        }
        input.truncate(2 * LONGEST);
    }

    fn word(&mut self) -> Vec<u8> {
        self.words[self.random.below(self.words.len())].as_bytes().to_vec()
    }
}

//! kill -9 at random moments: writers of every kind on one history, killed one after the other, others
//! in their place. After each round, all that was acknowledged must be there.

use crate::ledger::{Known, Ledger, check_all, check_sound};
use crate::place::{History, Place, beginnings};
use crate::pool::Worker;
use crate::program::{Program, Run};
use crate::records::{begin, complete, deploy};
use crate::score::{Score, grouped};
use crate::{Outcome, Plan};
use sortie::history::{Chosen, Source};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What writers do; recording is what there is most of.
const ROLES: [&str; 12] = [
    "record", "record", "record", "record", "bundle", "bundle", "session", "prune", "prune",
    "compact", "import", "backup",
];

/// Rounds on one history, before it gets too long to be checked each time.
const ROUNDS: u64 = 3;

/// What was done in all.
#[derive(Default)]
struct Tally {
    acknowledged: u64,
    kills: u64,
    rounds: u64,
    bad: u64,
}

pub fn kill(place: &Place, plan: &Plan, time: Duration, score: &mut Score) -> Outcome<()> {
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let beginnings = beginnings()?;
    let mut tally = Tally::default();
    let started = Instant::now();
    while tally.rounds == 0 || started.elapsed() < time {
        let (name, fixture) = &beginnings[rng.usize(..beginnings.len())];
        let history = place.in_memory("kill")?;
        history.begin_with(fixture.as_deref())?;
        let mut ledger = Ledger::default();
        if let Some(fixture) = fixture {
            let copy = place.in_memory("kill-copy")?;
            copy.begin_with(Some(fixture))?;
            ledger = Ledger::of(&copy.open()?)?;
        }
        // Half of them are killed as they create or migrate it.
        let hasty = rng.bool();
        if !hasty {
            exports(place, &history)?;
        }
        for _ in 0..if hasty { 1 } else { ROUNDS } {
            let prefix = format!("k{}", tally.rounds);
            let round = Round { place, history: &history, prefix: &prefix, hasty };
            tally.kills += round.run(&mut rng, &mut ledger, score)?;
            let what = format!("kill, round {} from {name}", tally.rounds);
            let faults = score.check(&what, whole(&history, &ledger));
            ledger.forget_backups();
            tally.bad += faults;
            tally.rounds += 1;
        }
        tally.acknowledged += ledger.acknowledged;
    }
    score.row(
        "acknowledged commits lost under kill -9",
        format!(
            "{} of {} ({} kills, {} rounds)",
            match tally.bad {
                0 => "0".to_owned(),
                bad => format!("in {bad} rounds some"),
            },
            grouped(tally.acknowledged),
            grouped(tally.kills),
            grouped(tally.rounds)
        ),
    );
    Ok(())
}

/// Files for the importers: histories of their own, each with a list of what must be there.
fn exports(place: &Place, history: &History) -> Outcome<()> {
    let home = history.database().with_file_name("");
    std::fs::create_dir_all(&home)?;
    for file in 0..3 {
        let other = place.in_memory("kill-export")?;
        let ws = other.open()?;
        let session = format!("import-{file}");
        begin(&ws, &session)?;
        let mut list = format!("s {session}\n");
        for at in 0..40 {
            let id = format!("{session}-{at}");
            deploy(&ws, &session, &id, None)?;
            complete(&ws, &id)?;
            list += &format!("d {id}\nc {id}\n");
        }
        let path = home.join(format!("import-{file}.jsonl"));
        ws.history().export_file(&Chosen::default(), &path)?;
        std::fs::write(path.with_extension("list"), list)?;
    }
    Ok(())
}

/// Whether all is there: in the history, or in the archives that pruning left, which bring it back.
fn whole(history: &History, ledger: &Ledger) -> Outcome<()> {
    let ws = history.open()?;
    // The library is told where to archive; the binary does it in the project.
    for home in [&history.dir, &history.tree] {
        let archive = home.join(sortie::store::HOME).join("archive");
        if !archive.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&archive)? {
            let path = entry?.path();
            // What has another name is a temporary file of one who was killed.
            if path.to_string_lossy().ends_with(".jsonl.zst") {
                ws.history().import(&Source::open(&path)?)?;
            }
            std::fs::remove_file(&path)?;
        }
    }
    ledger.check(&ws)?;
    check_sound(&ws)?;
    ledger.check_backups(&history.tree, &history.database())?;
    check_all(&history.database(), &Known::default())?;
    // There are many by now, and each was looked at.
    for entry in std::fs::read_dir(history.database().with_file_name(""))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.contains(".db") && !name.starts_with("history.db") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

struct Round<'a> {
    place: &'a Place,
    history: &'a History,
    prefix: &'a str,
    hasty: bool,
}

impl Round<'_> {
    /// Lets writers write and kills them. Returns how many were killed.
    fn run(&self, rng: &mut fastrand::Rng, ledger: &mut Ledger, score: &mut Score) -> Outcome<u64> {
        let barrier = tempfile::NamedTempFile::new_in(&self.history.dir)?;
        let crowd = rng.usize(1..=8);
        let plans: Vec<Vec<(&str, u64)>> =
            (0..crowd).map(|_| (0..rng.usize(1..=4)).map(|_| self.order(rng)).collect()).collect();
        let stop = AtomicBool::new(false);
        let seed = rng.u64(..);
        let (answers, kills) = std::thread::scope(|scope| -> Outcome<_> {
            let (stop, barrier) = (&stop, barrier.path());
            let programs = scope.spawn(move || self.programs(seed, stop));
            let workers: Vec<_> = plans
                .iter()
                .enumerate()
                .map(|(at, plan)| scope.spawn(move || self.workers(at, plan, barrier)))
                .collect();
            let mut answers = Vec::new();
            let mut kills = 0;
            for worker in workers {
                let (answer, killed) = worker.join().expect("it reports its errors")?;
                answers.push(answer);
                kills += killed;
            }
            stop.store(true, Ordering::Relaxed);
            let (answer, killed) = programs.join().expect("it reports its errors")?;
            answers.push(answer);
            Ok((answers, kills + killed))
        })?;
        for (more, failures) in answers {
            ledger.join(more);
            failures.into_iter().for_each(|it| score.fail(it));
        }
        Ok(kills)
    }

    /// What a writer does, and after how many microseconds it is killed: some as they open, some when they
    /// have written for long.
    fn order(&self, rng: &mut fastrand::Rng) -> (&'static str, u64) {
        let time = match rng.u8(..4) {
            _ if self.hasty => rng.u64(500..25_000),
            0 => rng.u64(500..8_000),
            1 => rng.u64(8_000..60_000),
            _ => rng.u64(60_000..700_000),
        };
        (if self.hasty { ROLES[0] } else { ROLES[rng.usize(..ROLES.len())] }, time)
    }

    /// One writer after the other, each killed after its time.
    fn workers(
        &self,
        at: usize,
        plan: &[(&str, u64)],
        barrier: &std::path::Path,
    ) -> Outcome<((Ledger, Vec<String>), u64)> {
        let mut ledger = Ledger::default();
        let mut failures = Vec::new();
        let mut kills = 0;
        for (turn, (role, delay)) in plan.iter().enumerate() {
            let mut worker = Worker::start(self.place, barrier)?;
            let prefix = format!("{}-{at}-{turn}", self.prefix);
            worker.order(role, usize::MAX, &prefix, &self.history.database())?;
            let answer = worker.killed_after(Duration::from_micros(*delay))?;
            kills += u64::from(answer.failure.is_none());
            ledger.join(answer.ledger);
            failures.extend(answer.failure);
        }
        Ok(((ledger, failures), kills))
    }

    /// The binary, one process after the other, half of them killed.
    fn programs(&self, seed: u64, stop: &AtomicBool) -> Outcome<((Ledger, Vec<String>), u64)> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let program = Program::new(self.place, self.history);
        let mut ledger = Ledger::default();
        let mut failures = Vec::new();
        let mut kills = 0;
        let session = format!("{}-p", self.prefix);
        ledger.note(&program.begin(&session).wait()?)?;
        for at in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let id = format!("{session}-{at}");
            // A retry of what was killed must be taken as if nothing had been.
            let steps: [&dyn Fn() -> Run; 3] =
                [&|| program.deploy(&session, &id), &|| program.complete(&id), &|| match at % 4 {
                    0 => program.amend(&id),
                    1 => program.prune(),
                    _ => program.bundle(&id),
                }];
            for step in steps {
                let said = match rng.bool() {
                    true => step().killed_after(Duration::from_micros(rng.u64(..9_000))),
                    false => step().wait().map(Some),
                };
                kills += u64::from(matches!(said, Ok(None)));
                let said = match said {
                    Ok(None) => step().wait().map(Some),
                    other => other,
                };
                match said {
                    Ok(line) => {
                        line.filter(|it| !it.is_empty()).map_or(Ok(()), |it| ledger.note(&it))?
                    }
                    Err(fault) => failures.push(fault.to_string()),
                }
            }
        }
        Ok(((ledger, failures), kills))
    }
}

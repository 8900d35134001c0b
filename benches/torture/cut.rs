//! Power cuts: each scenario is run once with all it does to files written down, then the power is cut
//! after every one of these operations, several times, and the library opens what is left. It must find
//! all that had been acknowledged by then, whole, and be able to go on. Two controls show that it would be
//! noticed: without syncs, and without those of directories, something must be missing.

use crate::disk::Disk;
use crate::ledger::{Known, Ledger};
use crate::place::{Place, beginnings};
use crate::scenarios::{Scenario, scenarios};
use crate::score::{Score, grouped};
use crate::state::{check, leave_garbage};
use crate::trace::{self, Op, Trace};
use crate::{Outcome, Plan};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Of so many operations one is cut behind in one pass; the next pass takes the next ones.
const STRIDE: usize = 16;

/// Passes over one run before another is made.
const PASSES: usize = 4 * STRIDE;

/// One scenario need not go on failing.
const ENOUGH: usize = 20;

/// What was found.
#[derive(Default)]
struct Found {
    states: u64,
    bad: Vec<String>,
    seen: HashSet<[u8; 32]>,
}

/// A run, and what there was before it.
pub struct Run {
    pub name: String,
    trace: Trace,
    pub before: Ledger,
    /// Whether there is no history at its beginning.
    pub starts_new: bool,
    pub copies: Known,
}

pub fn cut(place: &Place, plan: &Plan, time: Duration, score: &mut Score) -> Outcome<()> {
    let mut scenarios = scenarios(&beginnings()?);
    if let Some(part) = &plan.scenario {
        scenarios.retain(|it| it.name.contains(part.as_str()));
    }
    let each = time.div_f64(scenarios.len() as f64 + 1.0);
    let (mut states, mut bad) = (0, 0);
    let mut lines = Vec::new();
    for scenario in &scenarios {
        let started = Instant::now();
        let mut found = Found::default();
        for generation in 0.. {
            let run = record(place, scenario, plan.seed + generation)?;
            found.seen.clear();
            let limit = Limit { until: started + each, bad: ENOUGH };
            found = cuts(place, &run, plan.seed + generation, limit, found);
            if started.elapsed() >= each || !found.bad.is_empty() {
                break;
            }
        }
        lines.push(format!("{} {}", scenario.name, grouped(found.states)));
        states += found.states;
        bad += found.bad.len();
        found.bad.into_iter().for_each(|it| score.fail(it));
    }
    score.row(
        "power-cut states corrupt or short",
        format!("{bad} of {} ({})", grouped(states), lines.join(", ")),
    );
    controls(place, plan, score)
}

/// The same without what makes it sure: if nothing is missing then, nothing was proved before.
fn controls(place: &Place, plan: &Plan, score: &mut Score) -> Outcome<()> {
    let until = Instant::now() + Duration::from_secs(120);
    let enough = if plan.quick { 1 } else { 100 };
    let drops: [(&str, Dropped); 2] = [
        ("synchronous=OFF", |op| matches!(op, Op::Sync { .. } | Op::SyncDir { .. })),
        ("no directory synced", |op| matches!(op, Op::SyncDir { .. })),
    ];
    for (name, dropped) in drops {
        let scenario = scenarios(&[]).swap_remove(0);
        let mut run = record(place, &scenario, plan.seed)?;
        run.trace = run.trace.without(dropped);
        let found = cuts(place, &run, plan.seed, Limit { until, bad: enough }, Found::default());
        score.row(
            format!("control, {name}: states corrupt or short"),
            format!("{} of {}, as it must be", found.bad.len(), grouped(found.states)),
        );
        if found.bad.is_empty() {
            score.fail(format!("the control ({name}) shows no loss: the simulator proves nothing"));
        }
    }
    Ok(())
}

/// Which operations a control is without.
type Dropped = fn(&Op) -> bool;

/// When to stop.
#[derive(Clone, Copy)]
struct Limit {
    until: Instant,
    /// So many bad states are enough.
    bad: usize,
}

fn record(place: &Place, scenario: &Scenario, seed: u64) -> Outcome<Run> {
    let history = place.in_memory("cut")?;
    let named = |fault: crate::Fault| format!("{}: {fault}", scenario.name);
    let scene = scenario.begin(&history, seed).map_err(named)?;
    let before = match scenario.fixture {
        // What is in it is told by a copy: to open it is what is cut.
        Some(_) => {
            let copy = history.beside("copy")?;
            copy.begin_with(scenario.fixture.as_deref())?;
            Ledger::of(&copy.open()?)?
        }
        None => scene.ledger.borrow().clone(),
    };
    trace::begin(&history.dir)?;
    let done = (scenario.run)(&scene);
    let trace = trace::end();
    done.map_err(named)?;
    let starts_new = trace.before.is_empty();
    let copies = Known::default();
    Ok(Run { name: scenario.name.clone(), trace, before, starts_new, copies })
}

/// Cuts on all cores until the time is over or all passes are done.
fn cuts(place: &Place, run: &Run, seed: u64, limit: Limit, found: Found) -> Found {
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    let found = Mutex::new(found);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let found = &found;
            scope.spawn(move || {
                for pass in (thread..PASSES).step_by(threads) {
                    let mut rng = fastrand::Rng::with_seed(seed ^ (pass as u64) << 32);
                    one_pass(place, run, (thread, pass), &mut rng, limit, found);
                }
            });
        }
    });
    found.into_inner().expect("no thread panicked")
}

fn one_pass(
    place: &Place,
    run: &Run,
    (thread, pass): (usize, usize),
    rng: &mut fastrand::Rng,
    limit: Limit,
    found: &Mutex<Found>,
) {
    let dir = place.tree().with_file_name(format!("power-{thread}"));
    let mut disk = Disk::new(&run.trace);
    let mut ledger = run.before.clone();
    for (at, op) in run.trace.ops.iter().enumerate() {
        disk.advance(at);
        if let Op::Acknowledged(line) = op {
            ledger.note(line).expect("the scenario noted it, too");
        }
        if at % STRIDE != pass % STRIDE {
            continue;
        }
        if Instant::now() > limit.until || lock(found).bad.len() >= limit.bad {
            return;
        }
        let state = disk.cut(rng);
        let is_new = lock(found).seen.insert(state.hash(ledger.acknowledged));
        if !is_new {
            continue;
        }
        let checked = state
            .write(run.trace.root(), &dir)
            .map_err(Into::into)
            .and_then(|()| leave_garbage(&dir, rng))
            .and_then(|()| check(place, run, &dir, &ledger));
        let mut found = lock(found);
        found.states += 1;
        if let Err(fault) = checked {
            let kept = keep(&state, run, at, found.bad.len());
            found.bad.push(format!("{} cut behind {at} {}: {fault}{kept}", run.name, short(op)));
        }
    }
    let _ = std::fs::remove_dir_all(&dir);
}

fn lock(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For looking at it later: the first bad states are kept.
fn keep(state: &crate::disk::State, run: &Run, at: usize, before: usize) -> String {
    if before >= 3 || std::env::var_os("SORTIE_TORTURE_KEEP").is_none() {
        return String::new();
    }
    let into = std::env::temp_dir().join(format!("cut-{}-{at}", run.name.replace(' ', "-")));
    match state.write(run.trace.root(), &into) {
        Ok(()) => format!(" (kept in {})", into.display()),
        Err(_) => String::new(),
    }
}

fn short(op: &Op) -> String {
    match op {
        Op::Write { file, at, data } => format!("write of {} to {file} at {at}", data.len()),
        other => format!("{other:?}"),
    }
}

//! Many processes that record at the same moment, on a real disk: none may fail, all must be kept.

use crate::ledger::check_integrity;
use crate::place::Place;
use crate::pool::Pool;
use crate::program::Program;
use crate::score::{Score, grouped};
use crate::{Outcome, Plan};
use std::sync::Barrier;
use std::time::{Duration, Instant};

pub fn crowd(place: &Place, plan: &Plan, _: Duration, score: &mut Score) -> Outcome<()> {
    let loops: &[(usize, usize)] = if plan.quick { &[(64, 4)] } else { &[(64, 200), (256, 50)] };
    for (processes, commits) in loops {
        library(place, score, *processes, *commits)?;
    }
    for processes in if plan.quick { &[32][..] } else { &[32, 256] } {
        programs(place, score, *processes)?;
    }
    Ok(())
}

/// Processes that record in a loop.
fn library(place: &Place, score: &mut Score, processes: usize, commits: usize) -> Outcome<()> {
    let history = place.on_disk("crowd")?;
    let mut pool = Pool::new(place, processes)?;
    // The history is there: who comes first is another part's question.
    history.open()?.store().create()?;
    let started = Instant::now();
    // A recording is a deployment and a completion.
    let (ledger, failures) = pool.all("record", commits / 2, "crowd", &history.database())?;
    let took = started.elapsed();
    let mut failed = failures.len() as u64;
    failures.into_iter().for_each(|it| score.fail(it));
    failed += score.check("crowd", ledger.check(&history.open()?));
    failed += score.check("crowd", check_integrity(&history.database()));
    score.row(
        format!("failures, {processes} processes × {commits} durable commits"),
        format!(
            "{failed} ({} commits acknowledged in {:.1} s)",
            grouped(ledger.acknowledged),
            took.as_secs_f64()
        ),
    );
    Ok(())
}

/// The binary, each recording a process of its own.
fn programs(place: &Place, score: &mut Score, processes: usize) -> Outcome<()> {
    let history = place.on_disk("programs")?;
    let program = Program::new(place, &history);
    program.begin("s").wait()?;
    let (mut kept, mut slowest) = (0, Duration::ZERO);
    for what in ["deployment", "completion"] {
        let barrier = Barrier::new(processes + 1);
        let record = |id: String| -> Outcome<String> {
            let run = match what {
                "deployment" => program.deploy("s", &id),
                _ => program.complete(&id),
            };
            barrier.wait();
            run.wait()
        };
        let (outcomes, took) = std::thread::scope(|scope| {
            let (record, barrier) = (&record, &barrier);
            let runs: Vec<_> =
                (0..processes).map(|at| scope.spawn(move || record(format!("e-{at}")))).collect();
            barrier.wait();
            let started = Instant::now();
            let outcomes: Vec<_> =
                runs.into_iter().map(|run| run.join().expect("it reports its errors")).collect();
            (outcomes, started.elapsed())
        });
        slowest = slowest.max(took);
        let mut ledger = crate::ledger::Ledger::default();
        for outcome in outcomes {
            match outcome {
                Ok(line) => ledger.note(&line)?,
                Err(fault) => score.fail(fault.to_string()),
            }
        }
        kept = ledger.acknowledged;
        if score.check("programs", ledger.check(&history.open()?)) > 0 {
            kept = 0;
        }
    }
    score.check("programs", check_integrity(&history.database()));
    score.row(
        format!("{processes} parallel recordings kept"),
        format!("{kept}, in {:.2} s", slowest.as_secs_f64()),
    );
    Ok(())
}

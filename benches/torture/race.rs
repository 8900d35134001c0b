//! Who opens first: 64 processes at once, from nothing and from what each released version left. One of
//! them creates or migrates the history, all record in it, none may notice.

use crate::ledger::{Ledger, check_integrity};
use crate::place::{Place, beginnings};
use crate::pool::Pool;
use crate::score::{Score, grouped};
use crate::{Outcome, Plan};
use std::time::{Duration, Instant};

/// Processes in one race.
const PROCESSES: usize = 64;

pub fn race(place: &Place, plan: &Plan, time: Duration, score: &mut Score) -> Outcome<()> {
    let mut pool = Pool::new(place, PROCESSES)?;
    let started = Instant::now();
    let beginnings = beginnings()?;
    let (mut rounds, mut bad) = (0, 0);
    while rounds == 0 || started.elapsed() < time {
        for (name, fixture) in &beginnings {
            // A disk's waits open other gaps than memory does.
            let history = match rounds % 2 {
                0 => place.in_memory("race")?,
                _ => place.on_disk("race")?,
            };
            history.begin_with(fixture.as_deref())?;
            let mut ledger = Ledger::default();
            if let Some(fixture) = fixture {
                let copy = place.in_memory("race-copy")?;
                copy.begin_with(Some(fixture))?;
                ledger = Ledger::of(&copy.open()?)?;
            }
            let prefix = format!("r{rounds}");
            let (written, failures) = pool.all("record", 1, &prefix, &history.database())?;
            ledger.join(written);
            let mut faults = failures.len() as u64;
            failures.into_iter().for_each(|it| score.fail(format!("race from {name}: {it}")));
            faults += score.check(&format!("race from {name}"), ledger.check(&history.open()?));
            faults +=
                score.check(&format!("race from {name}"), check_integrity(&history.database()));
            bad += u64::from(faults > 0);
        }
        rounds += 1;
        if plan.quick {
            break;
        }
    }
    let from: Vec<&str> = beginnings.iter().map(|(name, _)| name.as_str()).collect();
    score.row(
        format!("first-open race, {PROCESSES} processes, from {}", from.join(", ")),
        format!("{bad} bad of {} rounds from each", grouped(rounds)),
    );
    Ok(())
}

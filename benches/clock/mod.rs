//! The time that work takes, on a machine that others use too.

use std::time::Instant;

/// Seconds that a piece of work had of a processor, where the system tells (on a busy machine that is
/// much less than what has passed); else the seconds that passed.
pub fn seconds_of(work: impl FnOnce()) -> f64 {
    let (start, before) = (Instant::now(), processor_seconds());
    work();
    match (before, processor_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    }
}

/// What this thread has had so far. It is told at the clock's ticks, so it is good for times of ten
/// milliseconds and more.
fn processor_seconds() -> Option<f64> {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(nanoseconds.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

//! One thing done again and again while another is looked at. The library's own tests have it, too.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Does `what` again and again in another thread, while `meanwhile` is done for a second; gives how long
/// `what` took at most.
pub fn racing(what: impl Fn(u64) + Sync, mut meanwhile: impl FnMut()) -> Duration {
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            for round in 0.. {
                let start = Instant::now();
                what(round);
                longest = longest.max(start.elapsed());
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
            longest
        });
        let end = Over(&over);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            meanwhile();
        }
        drop(end);
        other.join().unwrap()
    })
}

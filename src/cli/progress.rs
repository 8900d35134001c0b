//! The progress bar: on a terminal's stderr, and only where something takes longer than a moment.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sortie::context::{Progress, Task};
use sortie::render::{bytes, grouped};
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is done sooner needs no bar.
const A_MOMENT: Duration = Duration::from_millis(500);

/// Bars, where there is somebody to see them.
pub fn bars(quiet: bool) -> Option<Arc<dyn Progress>> {
    (!quiet && stderr().is_terminal()).then(|| Arc::new(Bars::default()) as Arc<dyn Progress>)
}

/// A bar for each task, one at a time.
#[derive(Default)]
struct Bars(Mutex<Option<Bar>>);

impl Bars {
    fn bar(&self) -> MutexGuard<'_, Option<Bar>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bars {
    fn begin(&self, task: Task, files: u64, bytes: Option<u64>) {
        *self.bar() = Some(Bar::new(task, files, bytes));
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = self.bar().as_mut() {
            bar.advance(bytes);
        }
    }

    fn end(&self) {
        if let Some(done) = self.bar().take() {
            done.bar.finish_and_clear();
        }
    }
}

struct Bar {
    began: Instant,
    bar: ProgressBar,
    files: u64,
    files_done: u64,
    bytes: Option<u64>,
    bytes_done: u64,
}

impl Bar {
    fn new(task: Task, files: u64, bytes: Option<u64>) -> Bar {
        let bar = ProgressBar::with_draw_target(
            // Where it is not known how much there is to read, the files are the measure.
            Some(bytes.unwrap_or(files)),
            ProgressDrawTarget::hidden(),
        );
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {msg}, {eta} left");
        bar.set_style(style.expect("a template").progress_chars("=> "));
        bar.set_prefix(match task {
            Task::Read => "reading",
            Task::Count => "counting",
            Task::Keep => "keeping",
        });
        Bar { began: Instant::now(), bar, files, files_done: 0, bytes, bytes_done: 0 }
    }

    fn advance(&mut self, bytes: u64) {
        self.files_done += 1;
        self.bytes_done += bytes;
        self.bar.inc(if self.bytes.is_some() { bytes } else { 1 });
        if self.bar.is_hidden() && self.began.elapsed() > A_MOMENT {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(self.in_words());
        }
    }

    fn in_words(&self) -> String {
        let of_bytes = self.bytes.map_or_else(String::new, |all| format!(" of {}", bytes(all)));
        format!(
            "{} of {} files, {}{of_bytes}",
            grouped(self.files_done),
            grouped(self.files),
            bytes(self.bytes_done)
        )
    }
}

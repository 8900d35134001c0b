//! Many workers at once, behind a barrier that opens for all of them in the same moment.

use crate::Outcome;
use crate::ledger::Ledger;
use crate::place::Place;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

pub struct Pool {
    workers: Vec<Worker>,
    barrier: File,
    // Deleted when the pool is dropped.
    _path: tempfile::TempPath,
}

/// A process that takes orders.
pub struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What came of one order.
#[derive(Default)]
pub struct Answer {
    pub ledger: Ledger,
    /// Why it was not carried out; a worker that was killed says nothing.
    pub failure: Option<String>,
}

impl Worker {
    pub fn start(place: &Place, barrier: &Path) -> Outcome<Worker> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .args([&place.tree(), barrier])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Worker { child, orders, answers })
    }

    pub fn order(&mut self, role: &str, count: usize, prefix: &str, at: &Path) -> Outcome<()> {
        let line = format!("{role} {count} {prefix} {}\n", at.display());
        self.orders.write_all(line.as_bytes())?;
        Ok(self.orders.flush()?)
    }

    /// Kills it when that time has passed. What it had said by then.
    pub fn killed_after(&mut self, time: Duration) -> Outcome<Answer> {
        let Worker { child, answers, .. } = self;
        std::thread::scope(|scope| {
            let listener = scope.spawn(|| listen(answers));
            std::thread::sleep(time);
            child.kill()?;
            listener.join().expect("a listener reports its errors")
        })
    }
}

/// All that is said until the order is carried out, has failed, or the worker is no more.
fn listen(answers: &mut impl BufRead) -> Outcome<Answer> {
    let mut answer = Answer::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        answers.read_until(b'\n', &mut line)?;
        let said = match line.strip_suffix(b"\n") {
            Some(line) => std::str::from_utf8(line)?,
            // Killed; the last line may be cut.
            None => return Ok(answer),
        };
        match said {
            "done" => return Ok(answer),
            _ if said.starts_with("failed") => {
                answer.failure = Some(said.to_owned());
                return Ok(answer);
            }
            _ => answer.ledger.note(said)?,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pool {
    pub fn new(place: &Place, size: usize) -> Outcome<Pool> {
        let barrier = tempfile::NamedTempFile::new_in(place.tree().parent().ok_or("no parent")?)?;
        let (barrier, path) = barrier.into_parts();
        let worker = |_| Worker::start(place, &path);
        let workers = (0..size).map(worker).collect::<Outcome<_>>()?;
        Ok(Pool { workers, barrier, _path: path })
    }

    /// Has all workers do the same at once. A ledger of all, and what failed.
    pub fn all(
        &mut self,
        role: &str,
        count: usize,
        prefix: &str,
        at: &Path,
    ) -> Outcome<(Ledger, Vec<String>)> {
        self.barrier.lock()?;
        for (number, worker) in self.workers.iter_mut().enumerate() {
            worker.order(role, count, &format!("{prefix}-{number}"), at)?;
        }
        // All of them wait at the barrier by then, for the most part.
        std::thread::sleep(Duration::from_millis(3));
        self.barrier.unlock()?;
        let mut lines = Ledger::default();
        let mut failures = Vec::new();
        std::thread::scope(|scope| -> Outcome<()> {
            let waiting: Vec<_> =
                self.workers.iter_mut().map(|it| scope.spawn(|| listen(&mut it.answers))).collect();
            for answer in waiting {
                let answer = answer.join().expect("a listener reports its errors")?;
                lines.join(answer.ledger);
                failures.extend(answer.failure);
            }
            Ok(())
        })?;
        Ok((lines, failures))
    }
}

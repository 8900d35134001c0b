//! Bounds on a rendering: what it does, and what it writes.

use super::fault::Limit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what a rendering does, so that loops that write nothing come to an end, too.
#[derive(Debug)]
pub(super) struct Steps {
    done: AtomicUsize,
    limit: usize,
}

/// Bytes of data for which there is one step more: an item has some hundreds, and takes a few steps.
const DATA_A_STEP: usize = 16;

/// Bytes of text that a helper compares or counts in one step.
pub(super) const BYTES_A_STEP: usize = 256;

/// Bytes of text that a helper rewrites in one step.
pub(super) const WRITTEN_A_STEP: usize = 32;

impl Steps {
    /// For data of so many bytes as JSON.
    pub fn for_data(size: usize) -> Steps {
        Steps { done: AtomicUsize::new(0), limit: Limit::Steps.max() + size / DATA_A_STEP }
    }

    pub fn charge(&self, steps: usize) -> Result<(), Limit> {
        let before = self.done.fetch_add(steps, Ordering::Relaxed);
        let allowed = before.checked_add(steps).is_some_and(|sum| sum <= self.limit);
        if allowed { Ok(()) } else { Err(Limit::Steps) }
    }
}

/// A buffer that refuses to grow past its limit.
#[derive(Debug)]
pub(super) struct Capped {
    pub bytes: Vec<u8>,
    limit: usize,
    pub is_full: bool,
}

impl Capped {
    /// For a context of `context_size` bytes as JSON.
    pub fn new(context_size: usize) -> Self {
        Capped { bytes: Vec::new(), limit: Self::limit(context_size), is_full: false }
    }

    /// How much may be written of a context of that size.
    pub fn limit(context_size: usize) -> usize {
        context_size.saturating_mul(4).saturating_add(Limit::Output.max())
    }
}

impl std::io::Write for &mut Capped {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + text.len() > self.limit {
            self.is_full = true;
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn rendering_is_bounded() {
        let steps = Steps::for_data(0);
        assert!(steps.charge(Limit::Steps.max()).is_ok());
        assert_eq!(steps.charge(1), Err(Limit::Steps));
        let mut capped = Capped::new(0);
        assert!((&mut capped).write_all(&vec![b'x'; 1 << 20]).is_ok());
        assert!((&mut capped).write_all(b"x").is_err() && capped.is_full);
    }
}

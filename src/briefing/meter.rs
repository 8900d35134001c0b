//! Bounds on a rendering: what it does, and what it writes.

use super::fault::Limit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what a rendering does, so that loops that write nothing come to an end, too.
#[derive(Debug, Default)]
pub(super) struct Steps(AtomicUsize);

impl Steps {
    pub fn charge(&self, steps: usize) -> Result<(), Limit> {
        let before = self.0.fetch_add(steps, Ordering::Relaxed);
        let allowed = before.checked_add(steps).is_some_and(|sum| sum <= Limit::Steps.max());
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
        let limit = context_size.saturating_mul(4).saturating_add(Limit::Output.max());
        Capped { bytes: Vec::new(), limit, is_full: false }
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
        let steps = Steps::default();
        assert!(steps.charge(Limit::Steps.max()).is_ok());
        assert_eq!(steps.charge(1), Err(Limit::Steps));
        let mut capped = Capped::new(0);
        assert!((&mut capped).write_all(&vec![b'x'; 1 << 20]).is_ok());
        assert!((&mut capped).write_all(b"x").is_err() && capped.is_full);
    }
}

//! Which of many things are measured.

use std::sync::atomic::{AtomicU32, Ordering};

/// Chooses one of [`SAMPLED_OF`](Self::SAMPLED_OF) things to be measured, the first one at once.
///
/// Threads that ask at the same time may get more or fewer: what is measured says how long things take, and
/// a counter how many there were.
#[derive(Debug, Default)]
pub struct Sampler(AtomicU32);

impl Sampler {
    /// Of how many things one is measured. A prime: things that come by turns, such as requests and their
    /// answers, all have their turn here as well.
    pub const SAMPLED_OF: u32 = 61;

    /// Whether the next thing is to be measured. Costs a load and a store.
    pub fn is_next(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        let next = if left == 0 { Self::SAMPLED_OF - 1 } else { left - 1 };
        self.0.store(next, Ordering::Relaxed);
        left == 0
    }
}

#[cfg(test)]
mod tests;

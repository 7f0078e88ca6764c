//! How long to wait before the next attempt.

use std::time::Duration;

/// Waiting times that grow with every failure up to a ceiling. Clock and randomness stay with the
/// caller.
///
/// Many clients of one server take [`next_delay`](Self::next_delay): its full jitter spreads the
/// clients that lost one server over the whole interval, so that they do not come back together. A
/// lone listener takes [`steady_delay`](Self::steady_delay), which needs no randomness and never
/// comes back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first wait, or the first wait itself if it grows steadily.
    pub base: Duration,
    /// Ceiling of every wait.
    pub delay_max: Duration,
}

impl Backoff {
    /// The wait before attempt number `attempt` (0 is the first one after a failure): uniform
    /// between zero and a ceiling that doubles with every attempt.
    ///
    /// `random` is uniform over all of `u64`; zero gives no wait, `u64::MAX` the ceiling.
    #[must_use]
    pub fn next_delay(&self, attempt: u32, random: u64) -> Duration {
        let ceiling_nanos = u128::from(nanos(self.ceiling(attempt)));
        let delay_nanos = (ceiling_nanos * (u128::from(random) + 1)) >> u64::BITS;
        Duration::from_nanos(u64::try_from(delay_nanos).unwrap_or(u64::MAX))
    }

    /// The wait after this many failures in a row: the base for each failure, so none after none.
    #[must_use]
    pub fn steady_delay(&self, failures: u32) -> Duration {
        self.base.saturating_mul(failures).min(self.delay_max)
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.delay_max)
    }
}

/// Whole nanoseconds, at most 584 years of them.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

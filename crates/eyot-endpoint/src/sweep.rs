//! When what has expired is looked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eyot_service::unix_ms;
use eyot_session::Store;
use tokio::time::MissedTickBehavior;

/// The one rhythm in which expired sessions and tasks are looked for: every five seconds, by a
/// timer, or by the requests of a server that has none.
#[derive(Debug, Default)]
pub struct Sweep {
    /// When the last sweep began that a request has begun.
    begun_ms: AtomicU64,
}

impl Sweep {
    /// Sweeps at once, and again at each interval. Never ready.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the sweep that runs.
    pub async fn keep_on<F>(mut sweep: impl FnMut() -> F)
    where
        F: Future<Output = ()>,
    {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            sweep().await;
        }
    }

    /// Forgets what has expired in a store, up to a thousand sessions: a hundred at a time, so that
    /// other writes come between.
    ///
    /// # Cancel safety
    ///
    /// What the store has begun it ends.
    pub async fn store(store: &dyn Store) {
        for _ in 0..SLICES_MAX {
            match store.sweep(unix_ms(), SLICE_SESSIONS).await {
                Ok(expired) => {
                    if !expired.is_empty() {
                        tracing::debug!(count = expired.len(), "expired sessions removed");
                    }
                    if expired.len() < SLICE_SESSIONS {
                        return;
                    }
                }
                Err(error) => return tracing::warn!(%error, "store cannot be swept"),
            }
        }
    }

    /// Whether an interval has passed since a request was told so. Of several requests at once, one
    /// is told.
    pub(crate) fn is_due(&self, now_ms: u64) -> bool {
        let begun_ms = self.begun_ms.load(Ordering::Relaxed);
        let passed = Duration::from_millis(now_ms.saturating_sub(begun_ms));
        let order = Ordering::Relaxed;
        passed >= INTERVAL && self.begun_ms.compare_exchange(begun_ms, now_ms, order, order).is_ok()
    }
}

const INTERVAL: Duration = Duration::from_secs(5);
/// Sessions that a store forgets in one operation.
const SLICE_SESSIONS: usize = 100;
/// Operations of one sweep: the rest is for the next.
const SLICES_MAX: usize = 10;

#[cfg(test)]
mod tests;

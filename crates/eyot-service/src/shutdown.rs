//! The orderly end, in steps.

use tokio_util::sync::CancellationToken;

/// Tells everything that runs how far the end has come. Clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    finish: CancellationToken,
}

impl Shutdown {
    /// Nothing ends yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No new work; running calls go on; streams that would never end do.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Whatever still runs ends now.
    pub fn finish(&self) {
        self.drain.cancel();
        self.finish.cancel();
    }

    /// Whether the drain has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Fires when the drain begins.
    #[must_use]
    pub fn drained(&self) -> &CancellationToken {
        &self.drain
    }

    /// Fires when everything must end.
    #[must_use]
    pub fn finished(&self) -> &CancellationToken {
        &self.finish
    }
}

//! The orderly end of the process, in steps.

use tokio_util::sync::CancellationToken;

/// Tells every part that runs how far the end has come. All clones are one signal.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    finish: CancellationToken,
}

impl Shutdown {
    /// A signal at rest: nothing ends yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the drain: no new work is taken, running calls go on, streams without an end are
    /// ended.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Ends everything that still runs.
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

    /// Fires when every part must end.
    #[must_use]
    pub fn finished(&self) -> &CancellationToken {
        &self.finish
    }
}

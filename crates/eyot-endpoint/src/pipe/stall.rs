//! A time in which the peer takes nothing.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// So many bytes wait, and since when it is no fewer.
pub(super) struct Stall {
    since_bytes: usize,
    timer: Pin<Box<Sleep>>,
}

impl Stall {
    /// It begins now.
    pub(super) fn begin(queued_bytes: usize, patience: Duration) -> Self {
        Self { since_bytes: queued_bytes, timer: Box::pin(sleep(patience)) }
    }

    /// Whether the peer has taken nothing for this long. It begins anew when the peer takes something.
    pub(super) fn is_too_long(
        &mut self,
        queued_bytes: usize,
        patience: Duration,
        cx: &mut Context<'_>,
    ) -> bool {
        if queued_bytes < self.since_bytes {
            self.since_bytes = queued_bytes;
            self.timer.as_mut().reset(Instant::now() + patience);
        }
        self.timer.as_mut().poll(cx).is_ready()
    }
}

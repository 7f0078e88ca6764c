//! Comments that keep a quiet event stream open.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::KEEP_ALIVE;
use tokio::time::{Instant, Sleep};

/// Measures how long a stream has been silent.
///
/// There is a timer only once there is something to wait for, and what goes out does not move it:
/// many streams end before the first silence.
pub(crate) struct Silence {
    keep_alive: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// The last thing that went out; means nothing while there is no timer.
    since: Instant,
}

impl Silence {
    /// A stream that is to be kept alive at intervals of `keep_alive`.
    pub(crate) fn new(keep_alive: Duration) -> Self {
        Self { keep_alive, timer: None, since: Instant::now() }
    }

    /// Something goes out.
    pub(crate) fn end(&mut self) {
        if self.timer.is_some() {
            self.since = Instant::now();
        }
    }

    /// The comment to send, once the silence has lasted.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let keep_alive = self.keep_alive;
        let timer = self.timer.get_or_insert_with(|| {
            self.since = Instant::now();
            Box::pin(tokio::time::sleep(keep_alive))
        });
        loop {
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            let end = self.since + keep_alive;
            if end <= now {
                self.since = now;
                timer.as_mut().reset(now + keep_alive);
                return Poll::Ready(Bytes::from_static(KEEP_ALIVE));
            }
            timer.as_mut().reset(end);
        }
    }
}

#[cfg(test)]
mod tests;

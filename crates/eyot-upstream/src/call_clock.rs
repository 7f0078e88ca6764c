//! How long a call may go on.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use eyot_service::{CallLimits, Fault, ReplyItem};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

/// The two ends of a call: its silence, and its time in all.
#[derive(Clone, Copy, Debug)]
pub struct CallClock {
    heard_at: Instant,
    ends_at: Instant,
    timeout: Duration,
    total_timeout: Duration,
}

impl CallClock {
    /// The clock of a call that begins now.
    #[must_use]
    pub fn start(limits: &CallLimits) -> Self {
        let CallLimits { timeout, total_timeout, .. } = *limits;
        let now = Instant::now();
        Self { heard_at: now, ends_at: after(now, total_timeout), timeout, total_timeout }
    }

    /// Takes note of what the upstream has said: a message ends the silence, and an event id alone
    /// does not.
    pub fn hear(&mut self, item: &ReplyItem) {
        if !matches!(item, ReplyItem::Cursor(_)) {
            self.rest();
        }
    }

    /// The silence begins now: until now it was not the upstream that was waited for.
    pub fn rest(&mut self) {
        self.heard_at = Instant::now();
    }

    /// When the silence began.
    #[must_use]
    pub fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// When the call ends, whatever it says.
    #[must_use]
    pub fn ends_at(&self) -> Instant {
        self.ends_at
    }

    /// When the call ends if the upstream says nothing.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        after(self.heard_at, self.timeout).min(self.ends_at)
    }

    /// The fault of a call that has been silent for too long, or has taken too long in all.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match Instant::now() >= self.ends_at {
            true => Fault::took_too_long(self.total_timeout),
            false => Fault::timed_out(self.heard_at.elapsed()),
        }
    }

    /// Waits for a word of the upstream until the deadline.
    ///
    /// # Errors
    ///
    /// [`Self::fault`].
    ///
    /// # Cancel safety
    ///
    /// As that of `word`.
    pub async fn limit<T>(&self, word: impl Future<Output = T>) -> Result<T, Fault> {
        timeout_at(self.deadline(), word).await.map_err(|_elapsed| self.fault())
    }
}

/// Waits for a call's deadline, which moves on with each message.
///
/// The timer does not follow it: only when the time has come that it was set to, it is set anew.
#[derive(Debug, Default)]
pub struct CallTimer(Option<Pin<Box<Sleep>>>);

impl CallTimer {
    /// Ready when the deadline has passed. To be polled after what the deadline is for.
    pub fn poll_passed(
        &mut self,
        deadline: impl Fn() -> Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline())));
        loop {
            // What was waited for may have used up the task's share of work, and is not ready.
            ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
            let deadline = deadline();
            if deadline <= timer.deadline() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }
}

/// A time that no clock can show never comes.
fn after(start: Instant, time: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);
    start.checked_add(time).unwrap_or_else(|| start + CENTURY)
}

#[cfg(test)]
mod tests;

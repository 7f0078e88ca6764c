//! Counts the questions that the client has not answered: calls may be silent for longer then.
//!
//! An upstream asks in the middle of a call, and over HTTP it may ask on another stream than
//! the call's. So the questions are counted for the whole session: while one is open, a
//! silent call waits for a person and not for the upstream.

use std::future::Future;
use std::pin::pin;

use eyot_jsonrpc::{Kind, Message};
use eyot_service::{Fault, Limits};
use eyot_types::is_cancelled;
use eyot_upstream::CallClock;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

/// The open questions of one upstream session.
#[derive(Debug)]
pub(crate) struct Questions(Mutex<Open>);

#[derive(Debug)]
struct Open {
    count: usize,
    /// When the count has last changed.
    changed: Instant,
}

impl Questions {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Open { count: 0, changed: Instant::now() }))
    }

    /// Takes note of a message of the upstream: it may ask, or take its question back.
    pub(crate) fn heard(&self, message: &Message) {
        if message.kind() == Kind::Request {
            self.change(|count| count.saturating_add(1));
        } else if is_cancelled(message) {
            self.answered();
        }
    }

    /// The client has answered one.
    pub(crate) fn answered(&self) {
        self.change(|count| count.saturating_sub(1));
    }

    /// The upstream session that asked has ended.
    pub(crate) fn forget(&self) {
        self.change(|_| 0);
    }

    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut open = self.0.lock();
        *open = Open { count: change(open.count), changed: Instant::now() };
    }

    /// Waits for the upstream's next word: the timeout of calls from its last message and from the
    /// client's last answer, `question_timeout` from a question that is open, and never beyond the
    /// time of the whole call.
    ///
    /// # Errors
    /// The fault of the call that has waited in vain.
    pub(crate) async fn wait<T>(
        &self,
        limits: &Limits,
        clock: &CallClock,
        word: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let began = clock.heard_at();
        let mut word = pin!(word);
        let mut deadline = clock.deadline();
        loop {
            if let Ok(word) = timeout_at(deadline, word.as_mut()).await {
                return Ok(word);
            }
            let later = self.deadline(began, limits).min(clock.ends_at());
            if later <= deadline {
                return Err(clock.fault());
            }
            // Looked at in between too: an answer ends the longer wait.
            deadline = later.min(deadline + limits.calls.timeout);
        }
    }

    fn deadline(&self, began: Instant, limits: &Limits) -> Instant {
        let Open { count, changed } = *self.0.lock();
        let timeout = if count > 0 { limits.calls.question_timeout } else { limits.calls.timeout };
        (began + limits.calls.timeout).max(changed + timeout)
    }
}

#[cfg(test)]
mod tests;

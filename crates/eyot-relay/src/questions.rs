//! Counts the questions that the client has not answered: calls may be silent for longer then.
//!
//! An upstream asks in the middle of a call, and over HTTP it may ask on another stream than
//! the call's. So the questions are counted for the whole session: while one is open, a
//! silent call waits for a person and not for the upstream.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use eyot_jsonrpc::{Kind, Message};
use eyot_service::Limits;
use eyot_types::is_cancelled;
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

    /// Waits for the upstream's next word: `call_timeout` from now and from the client's last
    /// answer, and `question_timeout` from a question that is open.
    ///
    /// # Errors
    /// How long it has been waited for in vain.
    pub(crate) async fn wait<T>(
        &self,
        limits: &Limits,
        word: impl Future<Output = T>,
    ) -> Result<T, Duration> {
        let began = Instant::now();
        let mut word = pin!(word);
        let mut deadline = began + limits.calls.timeout;
        loop {
            if let Ok(word) = timeout_at(deadline, word.as_mut()).await {
                return Ok(word);
            }
            let later = self.deadline(began, limits);
            if later <= deadline {
                return Err(deadline - began);
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

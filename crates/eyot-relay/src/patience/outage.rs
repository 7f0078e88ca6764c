//! A time in which the upstream cannot be reached, as the operator hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot_service::{Fault, OperatorText};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The calls that wait, and since when.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Looked at by every call.
    waiting: AtomicUsize,
    since: Mutex<Option<Instant>>,
    over: Notify,
}

/// A call that waits. Dropped when it no longer does.
#[derive(Debug)]
pub(super) struct Waiting(Arc<Outage>);

impl Outage {
    /// A call begins to wait because of `fault`, at most for `patience`. The first one says so.
    pub(super) fn wait(self: &Arc<Self>, fault: &Fault, patience: Duration) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut since = self.since.lock();
        if since.is_none() {
            *since = Some(Instant::now());
            let data = fault.error.data.as_ref();
            let reason = data.and_then(|it| it.get("reason")).and_then(|it| it.as_str());
            let text = fault.operator_text.as_ref().map(OperatorText::reveal_to_operator);
            let error = text.or(reason).unwrap_or(&fault.error.message);
            tracing::warn!(
                error,
                "upstream cannot be reached: calls wait up to {patience:?} for it"
            );
        }
        Waiting(Arc::clone(self))
    }

    /// The upstream has said something to a call.
    pub(super) fn handle_answer(&self, is_reply: bool) {
        if !is_reply || self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        if let Some(since) = self.since.lock().take() {
            tracing::info!(after = ?since.elapsed(), "upstream is reached again");
            self.over.notify_waiters();
        }
    }

    /// Waits until another call has reached the upstream.
    pub(super) async fn is_over(&self) {
        self.over.notified().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Self(outage) = self;
        if outage.waiting.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        if let Some(since) = outage.since.lock().take() {
            tracing::warn!(after = ?since.elapsed(), "upstream was not reached: no call waits for it");
        }
    }
}

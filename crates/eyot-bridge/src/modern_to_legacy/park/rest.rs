//! A call at rest, as its session's driver polls it.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_types::Method;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::call::{Heard, UpstreamCall};
use super::super::record::Claim;
use super::ParkTable;

/// What the driver runs until the client is back, or will not come.
pub(super) struct Rest {
    pub(super) table: Arc<ParkTable>,
    pub(super) claim: Claim,
    pub(super) call: Arc<UpstreamCall>,
    pub(super) taken: Arc<Notify>,
    pub(super) expires: Instant,
    /// Its upstream stream was left.
    pub(super) is_apart: bool,
}

impl Rest {
    /// What is rare is boxed: this future is as large as the largest that it holds.
    pub(super) async fn run(self) {
        let mut beat = tokio::time::interval(BEAT);
        beat.reset();
        let (mut listens, mut is_over) = (!self.is_apart, false);
        loop {
            let beats = self.call.shared.rounds(|it| it.wants_beats());
            tokio::select! {
                biased;
                () = self.taken.notified() => return,
                () = tokio::time::sleep_until(self.expires) => return Box::pin(self.expire()).await,
                // It may ask once more, on whatever stream.
                () = poll_fn(|cx| self.call.shared.poll_wants_beats(cx)), if !beats && !is_over => {}
                heard = poll_fn(|cx| self.call.poll_upstream(cx)), if listens => match heard {
                    Heard::Note(note) => self.call.shared.tell(note),
                    // The upstream could not wait: its last word is kept for the client.
                    last => {
                        self.call.keep(last);
                        eyot_metrics::parked_call_ended("impatient");
                        (listens, is_over) = (false, true);
                    }
                },
                _ = beat.tick(), if beats && !is_over => Box::pin(self.beat()).await,
            }
        }
    }

    /// Tells the upstream that its questions are alive.
    async fn beat(&self) {
        for sign in self.call.shared.rounds(|it| it.beat()) {
            let sent = tokio::time::timeout(BEAT, self.call.session.connection.send(sign)).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::debug!("upstream was not told that its question is alive");
            }
        }
    }

    async fn expire(self) {
        // Somebody may just have come.
        if self.table.forget_resting(&self.claim.name, &self.taken) {
            eyot_metrics::parked_call_ended("expired");
            tracing::info!("parked call expires: its client did not come back");
            give_up(&self.call, "its client did not come back").await;
            self.table.records.forget(&self.claim);
        }
    }
}

/// Answers the upstream's questions with a refusal and cancels the call.
pub(crate) async fn give_up(call: &Arc<UpstreamCall>, reason: &str) {
    let connection = &call.session.connection;
    for refusal in call.shared.rounds(|it| it.give_up()) {
        if let Err(fault) = connection.send(refusal).await {
            tracing::debug!(%fault, "upstream was not answered");
        }
    }
    let params = json!({ "requestId": call.shared.number, "reason": reason });
    let cancelled = Message::notification(Method::Cancelled.as_str(), &params);
    if let Err(fault) = connection.send(cancelled).await {
        tracing::debug!(%fault, "upstream was not told that its call is cancelled");
    }
}

/// Between two signs of life. Servers count seconds, and some count few.
const BEAT: Duration = Duration::from_secs(1);

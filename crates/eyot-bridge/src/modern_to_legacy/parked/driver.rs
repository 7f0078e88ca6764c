//! The driver of a parked call: does the actions of its machine, and reads its upstream while no
//! client does.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_era::parked::{Action, CancelReason, Record};
use eyot_jsonrpc::Message;
use eyot_service::Fault;
use eyot_types::Method;
use eyot_types::codes::{self, Outcome};
use serde_json::json;
use tokio::time::Instant;

use super::super::call::{Heard, UpstreamCall};
use super::super::record::{Claim, UpstreamPosition};
use super::ParkedCalls;

/// Runs in the task of the upstream session, from the first question of a call to its last word.
/// Dropped before that, at the end of the process, it leaves the call to the next one.
pub(crate) struct ParkedDriver {
    calls: Arc<ParkedCalls>,
    claim: Claim,
    call: Arc<UpstreamCall>,
    /// The round that the client was asked, while the call rests for it.
    rests_in: Option<u32>,
    /// The upstream stream was let go.
    is_detached: bool,
    changes: u32,
}

impl ParkedDriver {
    pub(crate) fn new(calls: &Arc<ParkedCalls>, claim: Claim, call: &Arc<UpstreamCall>) -> Self {
        call.shared.begin_driver();
        let (calls, call) = (Arc::clone(calls), Arc::clone(call));
        Self { calls, claim, call, rests_in: None, is_detached: false, changes: 0 }
    }

    /// What is rare is boxed: this future is as large as the largest that it holds.
    pub(crate) async fn run(mut self) {
        loop {
            // Taken before the action: what comes meanwhile is heard once more, and not lost.
            let unasked = self.call.session.router.cursor();
            if let Some(action) = self.call.shared.next_action() {
                Box::pin(self.act(action, unasked)).await;
                continue;
            }
            if self.call.shared.look(|it| it.is_settled()) {
                break;
            }
            self.rest_or_not();
            self.wait().await;
        }
        self.calls.remove(&self.claim.name, &self.call.shared);
    }

    /// Lets go of what a call at rest does not need.
    fn rest_or_not(&mut self) {
        let round = self.call.shared.look(|it| it.is_asked().then(|| it.round()));
        if self.rests_in == round {
            return;
        }
        self.rests_in = round;
        self.is_detached = false;
        self.call.set_resting(round.is_some());
        if round.is_some() {
            self.call.shared.rest();
            self.is_detached = self.calls.len() > CONNECTED_MAX && self.call.detach();
        }
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self) {
        let (timer, listens) = self.call.shared.look(|it| {
            // A client that reads keeps the time itself.
            let timer = it.poll_timeout().filter(|_| !it.reads());
            (timer.map(Instant::from_std), it.listens())
        });
        let listens = listens && !self.is_detached;
        let Self { call, changes, .. } = self;
        let timer = async {
            match timer {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = poll_fn(|cx| call.shared.poll_changes(changes, cx)) => {}
            () = timer => call.shared.work(|parked, now| parked.handle_timeout(now)),
            heard = poll_fn(|cx| call.poll(cx)), if listens => match heard {
                Heard::Note(note) => call.shared.tell(note),
                // The upstream could not wait: its last word is kept for the client.
                last => {
                    call.keep(last);
                    call.shared.work(|parked, _| parked.handle_upstream_over());
                    eyot_metrics::parked_call_ended("impatient");
                }
            },
        }
        if listens {
            // A client that reads may have polled before this driver did for the last time.
            call.shared.wake_reader();
        }
    }

    /// Does an action. `unasked`: the event up to which the session's own stream was read before.
    async fn act(&self, action: Action, unasked: Option<Bytes>) {
        match action {
            Action::Store(record, ttl) => {
                let place = |questions| Box::new(self.call.position(unasked.as_ref(), questions));
                self.store(record.map(place), ttl).await;
            }
            Action::Forget => self.calls.records.forget(&self.claim),
            Action::Send(answers) => self.send(answers),
            Action::Beat(beats) => self.beat(beats).await,
            Action::Cancel(refusals, reason) => {
                if reason == CancelReason::Expired {
                    eyot_metrics::parked_call_ended("expired");
                    tracing::info!("parked call expires: its client did not come back");
                }
                cancel(&self.call, refusals, reason).await;
            }
            // Done in `next_action`.
            Action::Tell(..) | Action::Lead(_) => {}
        }
    }

    async fn store(&self, record: Record<Box<UpstreamPosition>>, ttl: Duration) {
        self.calls.records.learn_name().await;
        let outcome = self.calls.records.write(&self.claim, record, ttl).await;
        if outcome.is_err() {
            tracing::debug!("another process goes on with a call");
        }
        self.call.shared.stored(outcome);
    }

    /// Sends answers in work of its own: the upstream may be slow to take them.
    fn send(&self, answers: Vec<Message>) {
        let (call, timeout) = (Arc::clone(&self.call), self.calls.limits.calls.timeout);
        let sending = async move {
            for answer in answers {
                let sent = tokio::time::timeout(timeout, call.session.connection.send(answer));
                let sent = sent.await.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)));
                if let Err(fault) = sent {
                    return call.keep(Heard::Failed(fault));
                }
            }
        };
        if !self.call.session.run_on_driver(sending) {
            let error = codes::upstream_lost("upstream session has ended", Outcome::Unknown, true);
            self.call.keep(Heard::Failed(Fault::upstream(error)));
        }
    }

    /// Tells the upstream that its questions are alive.
    async fn beat(&self, beats: Vec<Message>) {
        for beat in beats {
            let sent = tokio::time::timeout(BEAT, self.call.session.connection.send(beat)).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::debug!("upstream was not told that its question is alive");
            }
        }
    }
}

impl Drop for ParkedDriver {
    fn drop(&mut self) {
        self.call.shared.end_driver();
    }
}

/// Answers the upstream's questions with refusals and cancels the call.
async fn cancel(call: &UpstreamCall, refusals: Vec<Message>, reason: CancelReason) {
    let connection = &call.session.connection;
    for refusal in refusals {
        if let Err(fault) = connection.send(refusal).await {
            tracing::debug!(%fault, "upstream was not answered");
        }
    }
    let params = json!({ "requestId": call.shared.id, "reason": reason.as_str() });
    let cancelled = Message::notification(Method::Cancelled.as_str(), &params);
    if let Err(fault) = connection.send(cancelled).await {
        tracing::debug!(%fault, "upstream was not told that its call is cancelled");
    }
}

/// How long one sign of life may take.
const BEAT: Duration = Duration::from_secs(1);

/// Parked calls that keep their upstream connections. A further one lets its stream go, if the
/// upstream can resume it, until its client is back.
const CONNECTED_MAX: usize = 256;

//! Calls at rest: their upstream waits for answers, and their client has yet to come with them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_server::RequestState;
use eyot_transport::Limits;
use eyot_types::{JsonObject, Method, codes};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::call::{Heard, UpstreamCall};
use super::sealed::ParkedState;

/// The calls of one upstream that rest.
#[derive(Debug)]
pub(crate) struct ParkTable {
    calls: Mutex<HashMap<String, Entry>>,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct Entry {
    round: u32,
    principal: Option<Arc<str>>,
    /// `None` while its client is here: then a second one with the same state comes too late.
    resting: Option<Resting>,
}

#[derive(Debug)]
struct Resting {
    call: Arc<UpstreamCall>,
    /// Tells the driver to let go.
    taken: Arc<Notify>,
}

/// A call that is held by its client's attempt: its place in the table.
#[derive(Clone, Debug)]
pub(crate) struct CallName(pub(crate) String);

impl CallName {
    pub(crate) fn random() -> Self {
        Self(eyot_stdx::random_token(NAME_BYTES))
    }
}

impl ParkTable {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        Self { calls: Mutex::default(), limits }
    }

    /// Leaves a call at rest in this round.
    ///
    /// # Errors
    /// The error for the client when there is no room.
    pub(crate) fn park(
        self: &Arc<Self>,
        name: &CallName,
        call: &Arc<UpstreamCall>,
        (round, principal): (u32, Option<Arc<str>>),
    ) -> Result<(), ErrorObject> {
        let taken = Arc::new(Notify::new());
        let resting = Resting { call: Arc::clone(call), taken: Arc::clone(&taken) };
        {
            let mut calls = self.calls.lock();
            if !calls.contains_key(&name.0) {
                let of_principal = calls.values().filter(|it| it.principal == principal).count();
                let Limits { parked_calls_max, parked_calls_per_principal_max, .. } = *self.limits;
                if calls.len() >= parked_calls_max || of_principal >= parked_calls_per_principal_max
                {
                    return Err(codes::overloaded("parked calls"));
                }
            }
            let entry = Entry { round, principal, resting: Some(resting) };
            calls.insert(name.0.clone(), entry);
        }
        let rest = Rest {
            table: Arc::clone(self),
            name: name.clone(),
            call: Arc::clone(call),
            taken,
            expires: Instant::now() + self.limits.question_timeout,
        };
        if call.session.chore(rest.run()) {
            return Ok(());
        }
        self.forget(name);
        Err(codes::overloaded("upstream's queue"))
    }

    /// Takes a call out for its next round, with the client's answers: what the upstream gets.
    ///
    /// # Errors
    /// The error for the client. Then the call rests on, if it was at rest.
    pub(crate) fn resume(
        &self,
        state: &ParkedState,
        responses: &JsonObject,
    ) -> Result<(Arc<UpstreamCall>, Vec<Message>), ErrorObject> {
        let again = || eyot_era::to_legacy::RoundError::AnsweredAlready.to_error();
        let call = {
            let calls = self.calls.lock();
            let entry = calls.get(&state.call).ok_or_else(RequestState::refused)?;
            let resting = entry.resting.as_ref().filter(|_| entry.round == state.round);
            Arc::clone(&resting.ok_or_else(again)?.call)
        };
        // Who comes first is decided here: a round is taken once.
        let revision = call.session.revision;
        let answers = call.shared.rounds(|it| it.answer(state.round, responses, revision));
        let answers = answers.map_err(|error| error.to_error())?;
        let mut calls = self.calls.lock();
        let resting = calls.get_mut(&state.call).and_then(|it| it.resting.take());
        drop(calls);
        if let Some(Resting { taken, .. }) = resting {
            taken.notify_one();
        }
        Ok((call, answers))
    }

    /// The call is over, or begins anew: its name means nothing any more.
    pub(crate) fn forget(&self, name: &CallName) {
        self.calls.lock().remove(&name.0);
    }
}

/// A call at rest, as its session's driver polls it.
struct Rest {
    table: Arc<ParkTable>,
    name: CallName,
    call: Arc<UpstreamCall>,
    taken: Arc<Notify>,
    expires: Instant,
}

impl Rest {
    async fn run(self) {
        let mut beat = tokio::time::interval(BEAT);
        beat.reset();
        let mut is_over = false;
        loop {
            tokio::select! {
                biased;
                () = self.taken.notified() => return,
                () = tokio::time::sleep_until(self.expires) => return self.expire().await,
                heard = poll_fn(|cx| self.call.poll_upstream(cx)), if !is_over => match heard {
                    Heard::Note(note) => self.call.shared.tell(note),
                    // The upstream could not wait: its last word is kept for the client.
                    last => {
                        self.call.keep(last);
                        is_over = true;
                    }
                },
                _ = beat.tick(), if !is_over => self.beat().await,
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
        if self.call.shared.rounds(|it| it.is_parked()) {
            self.table.forget(&self.name);
            tracing::info!("parked call expires: its client did not come back");
            give_up(&self.call, "nobody answered the question").await;
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
    let id = call.shared.id();
    let params = json!({ "requestId": call.shared.number, "reason": reason });
    let cancelled = Message::notification(Method::Cancelled.as_str(), &params);
    if let Err(fault) = connection.cancel(id, cancelled).await {
        tracing::debug!(%fault, "upstream was not told that its call is cancelled");
    }
}

/// Between two signs of life. Servers count seconds, and some count few.
const BEAT: Duration = Duration::from_secs(1);
/// Enough that no name comes twice.
const NAME_BYTES: usize = 16;

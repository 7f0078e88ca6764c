//! The questions of one upstream session that its client has not answered.
//!
//! A client's answer is passed on only for a question that stands in the session's own record, and
//! once. The record is stored before the client sees the question, so that it outlives the process.
//!
//! While a question is open, a silent call waits for a person and not for the upstream. An upstream
//! asks in the middle of a call, and over HTTP it may ask on another stream than the call's: so
//! every call of the session may be silent for longer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use eyot_jsonrpc::{Id, Kind, Message};
use eyot_service::{Fault, Limits, SessionHandle, limit_reached};
use eyot_session::{ItemChange, OpenQuestion, UpstreamName};
use eyot_types::{Method, cancelled_id, is_cancelled};
use eyot_upstream::{CallClock, LegacyConnection};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::server_id::{generation_of, message_to_client, to_client};

/// The open questions of one session.
#[derive(Debug)]
pub(crate) struct Questions {
    /// When one was asked or settled last.
    changed: Mutex<Instant>,
    /// Under which name the session keeps the upstream that asks.
    slot: UpstreamName,
    limits: Arc<Limits>,
}

/// Where a message of the upstream came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The generation of the upstream session.
    pub(crate) generation: u64,
    /// The client's id of the call whose stream it was. `None`: it was a stream of no call.
    pub(crate) call: Option<&'a Id>,
}

/// What becomes of a message of the upstream.
#[derive(Debug)]
enum Heard {
    /// The client sees it.
    Shown,
    /// It concerns nothing that the client knows.
    Dropped,
    /// It is a question for which there is no room: the upstream gets this answer.
    Refused(Message),
}

impl Questions {
    pub(crate) fn new(slot: UpstreamName, limits: Arc<Limits>) -> Self {
        Self { changed: Mutex::new(Instant::now()), slot, limits }
    }

    /// Takes a message of the upstream, which may ask or take its question back; returns it as the
    /// client is to see it. `None`: the client does not see it.
    pub(crate) async fn heard(
        &self,
        session: &SessionHandle,
        connection: &LegacyConnection,
        origin: Origin<'_>,
        message: Message,
    ) -> Option<Message> {
        let heard = match message.kind() {
            Kind::Request => Box::pin(self.asked(session, origin, &message)).await,
            Kind::Notification if is_cancelled(&message) => {
                Box::pin(self.withdrawn(session, origin, &message)).await
            }
            Kind::Notification | Kind::Response | Kind::Error => Heard::Shown,
        };
        match heard {
            Heard::Shown => Some(message_to_client(message, origin.generation)),
            Heard::Dropped => None,
            Heard::Refused(refusal) => {
                if let Err(fault) = Box::pin(connection.send(refusal)).await {
                    tracing::debug!(%fault, "upstream was not told that it asks too much");
                }
                None
            }
        }
    }

    /// Writes a question into the record.
    async fn asked(&self, session: &SessionHandle, origin: Origin<'_>, asked: &Message) -> Heard {
        let Some(id) = asked.id() else { return Heard::Dropped };
        let question = OpenQuestion {
            id: to_client(&id, origin.generation),
            call: origin.call.map(Id::detached),
        };
        let is_known = session.look(|state| state.items.question(&question.id).is_some());
        if is_known {
            // A stream that was resumed may repeat what it had said.
            return Heard::Shown;
        }
        if let Some(limit) = self.full(session, origin.call) {
            return Heard::Refused(Message::error_response(Some(id), &limit_reached(limit)));
        }
        self.note_change();
        let change = ItemChange::Ask(question);
        if asked.is_method(Method::Ping.as_str()) {
            // A restart may forget it: the next ping follows.
            session.edit(|state| {
                state.items.apply(change);
            });
        } else if let Err(error) = session.change_items(vec![change]).await {
            // An answer is taken as long as this process lives.
            tracing::error!(%error, "question was not stored");
        }
        Heard::Shown
    }

    /// The bound that one question more would break.
    fn full(&self, session: &SessionHandle, call: Option<&Id>) -> Option<&'static str> {
        let (of_session, of_call) = session.look(|state| {
            let questions = state.items.questions();
            let of_call = questions.iter().filter(|it| it.call.as_ref() == call);
            (questions.len(), of_call.count())
        });
        if of_session >= self.limits.sessions.questions_max {
            return Some("open questions of one session");
        }
        let is_full = call.is_some() && of_call >= self.limits.calls.questions_max;
        is_full.then_some("open questions of one call")
    }

    /// Removes a question that the upstream takes back. One that is not open was answered, or was
    /// never asked: the client has nothing to do with it.
    async fn withdrawn(
        &self,
        session: &SessionHandle,
        origin: Origin<'_>,
        cancelled: &Message,
    ) -> Heard {
        let id = cancelled_id(cancelled).map(|it| to_client(&it, origin.generation));
        match id.and_then(|id| self.take(session, &id)) {
            Some(question) => {
                self.answered(session, question).await;
                Heard::Shown
            }
            None => {
                eyot_metrics::messages_dropped("cancellation_unmatched");
                Heard::Dropped
            }
        }
    }

    /// Takes a question out of this process's record, for an answer that goes to the upstream now:
    /// no second answer finds it.
    pub(crate) fn take(&self, session: &SessionHandle, id: &Id) -> Option<OpenQuestion> {
        let mut taken = None;
        session.edit(|state| {
            taken = state.items.question(id).cloned();
            state.items.apply(ItemChange::Settle(id.clone()));
        });
        if taken.is_some() {
            self.note_change();
        }
        taken
    }

    /// It is over for the upstream, too: the next process need not know it.
    pub(crate) async fn answered(&self, session: &SessionHandle, question: OpenQuestion) {
        self.store_settled(session, Some(question.id)).await;
    }

    /// The upstream does not have the answer: the client may send it again.
    pub(crate) fn not_answered(&self, session: &SessionHandle, question: OpenQuestion) {
        session.edit(|state| {
            state.items.apply(ItemChange::Ask(question));
        });
    }

    /// A call is over: answers to what it asked are not waited for.
    pub(crate) async fn call_ended(&self, session: &SessionHandle, call: &Id) {
        let is_its = |it: &OpenQuestion| it.call.as_ref() == Some(call);
        self.settle(session, is_its).await;
    }

    /// Another upstream session has taken the place of that which asked: what no upstream session of
    /// the client has asked is over.
    pub(crate) async fn forget_orphans(&self, session: &SessionHandle) {
        let upstreams = session.look(|state| state.upstreams.clone());
        let is_orphan = |it: &OpenQuestion| {
            generation_of(&it.id).and_then(|it| upstreams.of_generation(it)).is_none()
        };
        self.settle(session, is_orphan).await;
    }

    async fn settle(&self, session: &SessionHandle, is_over: impl Fn(&OpenQuestion) -> bool) {
        let over = session.look(|state| {
            let over = state.items.questions().iter().filter(|it| is_over(it));
            over.map(|it| it.id.clone()).collect::<Vec<_>>()
        });
        if !over.is_empty() {
            self.note_change();
            Box::pin(self.store_settled(session, over)).await;
        }
    }

    async fn store_settled(&self, session: &SessionHandle, ids: impl IntoIterator<Item = Id>) {
        let changes = ids.into_iter().map(ItemChange::Settle).collect();
        if let Err(error) = session.change_items(changes).await {
            tracing::error!(%error, "end of a question was not stored");
        }
    }

    fn note_change(&self) {
        *self.changed.lock() = Instant::now();
    }

    /// Waits for the upstream's next word: the timeout of calls from its last message and from the
    /// client's last answer, `question_timeout` from a question that is open, and never beyond the
    /// time of the whole call.
    ///
    /// # Errors
    /// The fault of the call that has waited in vain.
    pub(crate) async fn wait<T>(
        &self,
        session: &SessionHandle,
        clock: &CallClock,
        word: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut word = pin!(word);
        let mut deadline = clock.deadline();
        loop {
            if let Ok(word) = timeout_at(deadline, word.as_mut()).await {
                return Ok(word);
            }
            let later = self.looked_at(session, clock);
            if later <= deadline {
                return Err(clock.fault());
            }
            deadline = later;
        }
    }

    /// When a call that waits is to be looked at; a time that has passed when it has waited in vain.
    pub(crate) fn looked_at(&self, session: &SessionHandle, clock: &CallClock) -> Instant {
        let (now, deadline) = (Instant::now(), clock.deadline());
        if now < deadline {
            return deadline;
        }
        let deadline = self.deadline(session, clock.heard_at()).min(clock.ends_at());
        // In between too: an answer ends the longer wait.
        deadline.min(now + self.limits.calls.timeout)
    }

    /// Whether a call has been silent for too long by now, or has taken too long in all.
    pub(crate) fn is_overdue(&self, session: &SessionHandle, clock: &CallClock) -> bool {
        let now = Instant::now();
        let is_silent = || now >= self.deadline(session, clock.heard_at());
        now >= clock.ends_at() || (now >= clock.deadline() && is_silent())
    }

    fn deadline(&self, session: &SessionHandle, began: Instant) -> Instant {
        let changed = *self.changed.lock();
        let is_asked = session.look(|state| {
            let generation = state.upstreams.get(&self.slot).map(|it| it.generation);
            state.items.questions().iter().any(|it| generation_of(&it.id) == generation)
        });
        let calls = &self.limits.calls;
        let timeout = if is_asked { calls.question_timeout } else { calls.timeout };
        (began + calls.timeout).max(changed + timeout)
    }
}

/// Whether a message of the upstream asks, or takes a question back. Every other is seen by the client
/// as it is.
pub(crate) fn is_about_question(message: &Message) -> bool {
    message.kind() == Kind::Request || is_cancelled(message)
}

#[cfg(test)]
mod tests;

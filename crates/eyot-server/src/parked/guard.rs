//! One client that waits for a parked call.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_era::parked::{HeldCall, News, Taken, Told, Waiter};
use eyot_jsonrpc::{ErrorObject, Response};
use eyot_service::SealedState;
use eyot_types::codes::{self, Outcome};
use eyot_types::{InputRequests, JsonObject};

use super::calls::{ParkedCalls, SharedCall};
use crate::rounds::sealed::ParkedPlace;

/// A client's request that waits for the next answer of a call. If the guard is dropped before
/// that, the call stays for other requests that wait for it, or for the client when it comes back.
#[derive(Debug)]
pub(crate) struct ClientGuard<H> {
    calls: Arc<ParkedCalls<H>>,
    call: Arc<SharedCall<H>>,
    waiter: Waiter,
    /// The handler, while this client leads and the handler is not done.
    handler: Option<H>,
    /// Whether the client has been told and waits no more.
    is_told: bool,
}

/// What happens to a client that comes back.
#[derive(Debug)]
pub(crate) enum CameBack<H> {
    /// It waits for the next answer.
    Here {
        guard: ClientGuard<H>,
        /// Its answers are the first to this round, so it leads: they go to the handler.
        answers: bool,
    },
    /// It is told this at once.
    Told(Told),
}

impl<H> ClientGuard<H> {
    /// Parks a call that asks for the first time, with its client as the leader. When there is no
    /// room, the handler is dropped.
    pub(crate) fn first(
        calls: &Arc<ParkedCalls<H>>,
        principal: Option<&Arc<str>>,
        handler: H,
    ) -> Result<Self, ErrorObject> {
        let (call, calls) = (calls.begin(principal)?, Arc::clone(calls));
        let (waiter, handler) = (Waiter::FIRST, Some(handler));
        Ok(Self { calls, call, waiter, handler, is_told: false })
    }

    /// A client comes back to a call with its answers to a round; an error when there is no such
    /// call, or none of this principal.
    pub(crate) fn come_back(
        calls: &Arc<ParkedCalls<H>>,
        place: &ParkedPlace,
        principal: Option<&Arc<str>>,
        responses: &JsonObject,
    ) -> Result<CameBack<H>, ErrorObject> {
        let call = calls.find(place, principal).ok_or_else(SealedState::refused)?;
        let come = |held: &mut HeldCall<H>, now| held.handle_client(place.round, responses, now);
        Ok(match calls.change(&call, come) {
            Taken::Here { waiter, work: handler, answers } => {
                let calls = Arc::clone(calls);
                let guard = Self { calls, call, waiter, handler, is_told: false };
                CameBack::Here { guard, answers }
            }
            Taken::Told(told) => CameBack::Told(told),
        })
    }

    /// The handler, while this client leads.
    pub(crate) fn handler(&mut self) -> Option<&mut H> {
        self.handler.as_mut()
    }

    /// The name of the call, without a round.
    pub(crate) fn place(&self) -> ParkedPlace {
        self.calls.place(&self.call)
    }

    /// The handler waits for the answers to these questions: tells all clients.
    pub(crate) fn rest(&mut self, requests: InputRequests) {
        if let Some(handler) = self.handler.take() {
            self.change(|held| held.handle_asks(handler, requests));
        }
    }

    /// The handler is done: tells all clients.
    pub(crate) fn finish(&mut self, answer: Response) {
        self.handler = None;
        self.change(|held| held.handle_answer(answer));
    }

    /// The handler has ended without an answer: tells all clients.
    pub(crate) fn lose(&mut self) {
        self.handler = None;
        let reason = "the handler was ended before it was done";
        let error = codes::upstream_lost(reason, Outcome::Unknown, false);
        self.change(|held| held.handle_lost(&error));
    }

    /// The last message for this client. `None`: the client leads from now on. Only for a client
    /// that has no handler.
    pub(crate) fn poll_told(&mut self, cx: &Context<'_>) -> Poll<Option<Told>> {
        Poll::Ready(match ready!(self.change(|held| held.poll_news(self.waiter, cx))) {
            News::Told(told) => {
                self.is_told = true;
                Some(told)
            }
            News::Leads(handler) => {
                self.handler = Some(handler);
                None
            }
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut HeldCall<H>) -> T) -> T {
        self.calls.change(&self.call, |held, _| change(held))
    }
}

impl<H> Drop for ClientGuard<H> {
    fn drop(&mut self) {
        if !self.is_told {
            let (waiter, handler) = (self.waiter, self.handler.take());
            self.calls.change(&self.call, |held, now| held.handle_gone(waiter, handler, now));
        }
    }
}

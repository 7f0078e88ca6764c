//! The reply to a modern client's request: until its answer, or questions for the next round.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_era::modern_to_legacy::{self, Answered};
use eyot_era::parked::Word;
use eyot_jsonrpc::{Json, Response};
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_types::{ElicitParams, Era, InputRequests, Method};
use eyot_upstream::{CallClock, KnownPage, List};
use futures_util::stream;
use tokio::time::Instant;

use super::call::{Heard, UpstreamCall};
use super::guard::CallGuard;
use super::inner::Inner;
use super::modern_request::ModernRequest;
use super::sealed::{ParkedState, State};
use super::session::may_resend;
use super::shared::{ForClient, Told};
use crate::losses::count_losses;

/// A reply, polled by the client's stream. Dropping it before its end cancels the call, or leaves it
/// to other clients that wait for the same round.
pub(crate) struct CallReply {
    bridge: Arc<Inner>,
    request: Arc<ModernRequest>,
    call: CallGuard,
    pace: Pace,
    /// The silence of the upstream, and the time of the call in all.
    clock: CallClock,
    /// Why the call has begun anew, once for each reason; for all once its client has seen something.
    begun: u8,
    is_over: bool,
}

/// What is waited for, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// The upstream's next word: at most the timeout of calls.
    Reads,
    /// A moment for further questions.
    Collects(Instant),
    /// The store, or the client that leads: as long as that takes.
    Waits,
}

/// What comes next.
enum Next {
    Heard(Heard),
    Told(Told),
    /// This client goes on with the call.
    Leads,
    /// Something else is waited for now.
    Paced(Pace),
    /// The moment for further questions is over.
    Collected,
}

impl CallReply {
    /// The reply to the request that the call begins with.
    pub(crate) fn first(
        bridge: &Arc<Inner>,
        request: Arc<ModernRequest>,
        call: Arc<UpstreamCall>,
    ) -> Self {
        let call = CallGuard::first(&bridge.parked, call);
        Self {
            bridge: Arc::clone(bridge),
            request,
            call,
            pace: Pace::Reads,
            clock: CallClock::start(&bridge.limits.calls),
            begun: 0,
            is_over: false,
        }
    }

    /// The reply to a client that has come back.
    pub(crate) fn again(bridge: &Arc<Inner>, request: Arc<ModernRequest>, call: CallGuard) -> Self {
        let (bridge, pace) = (Arc::clone(bridge), Pace::Waits);
        let clock = CallClock::start(&bridge.limits.calls);
        Self { bridge, request, call, pace, clock, begun: u8::MAX, is_over: false }
    }

    /// The messages for the client.
    pub(crate) fn into_messages(self) -> Messages {
        // In a box, because it is moved with each message.
        Messages::new(stream::unfold(Box::new(self), |mut reply| async move {
            let item = reply.next().await?;
            Some((item, reply))
        }))
    }

    async fn next(&mut self) -> Option<Result<ReplyItem, Fault>> {
        while !self.is_over {
            self.clock.rest();
            let said = match self.listen().await {
                Next::Heard(Heard::Note(note)) => self.call.shared.for_client(note).map(Ok),
                Next::Heard(Heard::Answer(answer)) => {
                    self.finish(&answer).await.map(|it| Ok(it.into()))
                }
                // Boxed, because they are large and rare, and this future is part of every call.
                Next::Heard(Heard::Failed(fault)) => Box::pin(self.fail(fault)).await.map(Err),
                Next::Told(told) => Some(Ok(Box::pin(self.tell(told)).await.into())),
                Next::Leads => {
                    Box::pin(self.lead()).await;
                    None
                }
                Next::Paced(pace) => {
                    self.pace = pace;
                    None
                }
                Next::Collected => self.park().map(|it| Ok(it.into())),
            };
            if let Some(said) = said {
                self.begun = u8::MAX;
                return Some(said.map(ReplyItem::from));
            }
        }
        None
    }

    /// Waits for what comes next.
    async fn listen(&self) -> Next {
        let next = poll_fn(|cx| self.poll_next(cx));
        match self.pace {
            Pace::Reads => {
                let failed = |fault| Next::Heard(Heard::Failed(fault));
                self.clock.limit(next).await.unwrap_or_else(failed)
            }
            Pace::Collects(until) => {
                tokio::time::timeout_at(until, next).await.unwrap_or(Next::Collected)
            }
            Pace::Waits => next.await,
        }
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let CallGuard { shared, upstream, waiter, .. } = &self.call;
        let pace = match (shared.for_waiter(*waiter, upstream.is_some(), cx), upstream) {
            (ForClient::Told(told), _) => return Poll::Ready(Next::Told(told)),
            (ForClient::Leads, _) => return Poll::Ready(Next::Leads),
            (ForClient::Note(note), _) => return Poll::Ready(Next::Heard(Heard::Note(note))),
            (ForClient::Reads, Some(upstream)) => match upstream.poll(cx) {
                Poll::Ready(heard) => return Poll::Ready(Next::Heard(heard)),
                Poll::Pending => shared.collects_until().map_or(Pace::Reads, Pace::Collects),
            },
            (ForClient::Reads | ForClient::Waits, _) => Pace::Waits,
        };
        match pace == self.pace {
            true => Poll::Pending,
            false => Poll::Ready(Next::Paced(pace)),
        }
    }

    /// The client is asked. From its first question on, a driver does the machine's actions.
    fn park(&mut self) -> Option<Response> {
        if self.call.name.is_none()
            && let Some(upstream) = &self.call.upstream
        {
            match self.bridge.parked.park(upstream, self.request.peer.principal_name()) {
                Ok(name) => self.call.name = Some(name),
                Err(error) => {
                    self.is_over = true;
                    return Some(self.request.refuse(&error));
                }
            }
        }
        self.call.shared.work(|parked, now| parked.handle_timeout(now));
        None
    }

    /// The last thing that this client is told.
    async fn tell(&mut self, told: Told) -> Response {
        self.is_over = true;
        let Told { word, requests } = told;
        match word {
            Word::Asked(round) => {
                let call = self.call.name.as_deref().unwrap_or_default().to_owned();
                let state = State::Parked(ParkedState { call, round });
                self.bridge.question(&self.request, requests, &state).await
            }
            Word::Last(answer) => answer.with_client_id(self.request.id.clone()),
            Word::Refused(error) => self.request.refuse(&error),
        }
    }

    /// This client goes on with the call.
    async fn lead(&mut self) {
        let ModernRequest { log_level, progress_token, .. } = &*self.request;
        self.call.shared.begin_round(log_level.clone(), progress_token.clone());
        self.call.upstream = self.bridge.connected(&self.request, &self.call).await;
        if self.call.upstream.is_none() {
            // The machine tells it why.
            self.pace = Pace::Waits;
        }
    }

    /// The upstream has answered. `None`: the client is told when the answer is stored.
    async fn finish(&mut self, answer: &Response) -> Option<Response> {
        let call = Arc::clone(self.call.upstream.as_ref()?);
        if let Some(created) = self.bridge.tasks.created(&self.request, &call, answer) {
            return self.end(created);
        }
        if let Some(error) =
            modern_to_legacy::missing_capability_error(answer, &call.shared.unmet())
        {
            return self.end(self.request.refuse(&error));
        }
        match modern_to_legacy::url_elicitations(answer, &self.request.declared.capabilities) {
            Ok(None) => {}
            // Boxed, because it is rare, and this future is part of every call.
            Ok(Some(pages)) => {
                let asked = Box::pin(self.ask_for_urls(pages)).await;
                return self.end(asked);
            }
            Err(error) => return self.end(self.request.refuse(&error)),
        }
        let message = self.answer(answer, &call);
        self.is_over = self.call.ends_unstored();
        if self.is_over {
            return Some(message);
        }
        call.shared.work(|parked, _| parked.handle_answer(message));
        None
    }

    /// The call has ended with something that no client comes back for.
    fn end(&mut self, last: Response) -> Option<Response> {
        self.is_over = self.call.ends_unstored();
        if self.is_over {
            return Some(last);
        }
        self.call.shared.work(|parked, _| parked.handle_end(&last));
        None
    }

    /// Asks for the pages that the user must visit before the call can succeed.
    async fn ask_for_urls(&self, pages: Vec<ElicitParams>) -> Response {
        let keyed = pages.into_iter().enumerate();
        let requests: InputRequests =
            keyed.map(|(number, page)| (format!("visit.{number}"), page.into())).collect();
        let keys = requests.keys().cloned().collect();
        self.bridge.question(&self.request, requests, &State::AwaitsUrl(keys)).await
    }

    /// The upstream's answer as the client has it.
    fn answer(&self, answer: &Response, call: &UpstreamCall) -> Response {
        let request = &self.request;
        let method = Method::parse(request.method());
        let server = &call.session.server;
        if List::of(method).is_some() {
            if method == Method::ToolsList {
                self.bridge.param_headers.learn(request, answer);
            }
            let page = KnownPage { answer: answer.clone(), server: server.clone() };
            self.bridge.pool.learn_page(request, page);
            return list_answer(request, answer, server);
        }
        let Answered { message, losses, .. } =
            modern_to_legacy::answer(request.id.clone(), method, answer, server);
        count_losses(&losses, Era::Legacy);
        message
    }

    /// No answer will come. `None`: the call begins anew, because it has not run.
    async fn fail(&mut self, fault: Fault) -> Option<Fault> {
        let call = Arc::clone(self.call.upstream.as_ref()?);
        let method = Method::parse(self.request.method());
        // A server that was away has, once it is back, forgotten its sessions.
        let reason = 1 + u8::from(fault.kind == FaultKind::SessionGone);
        let may_begin = self.begun & reason == 0 && may_resend(&fault, method);
        let is_lost = fault.kind == FaultKind::SessionGone || !call.session.is_open();
        if is_lost {
            self.bridge.pool.forget(&self.request, &call.session);
        }
        if may_begin {
            self.begun |= reason;
            self.call.release();
            drop(call);
            match self.bridge.begin(&self.request).await {
                Ok(call) => {
                    self.call = CallGuard::first(&self.bridge.parked, call);
                    self.pace = Pace::Reads;
                    return None;
                }
                Err(fault) => {
                    self.is_over = true;
                    return Some(fault.in_words_of_upstream());
                }
            }
        }
        self.is_over = true;
        let fault = fault.in_words_of_upstream();
        self.call.shared.work(|parked, _| parked.handle_lost(&fault.error));
        Some(fault)
    }
}

/// A page of a list, as the upstream has answered it, for the client that asks for it.
pub(crate) fn list_answer(request: &ModernRequest, answer: &Response, server: &Json) -> Response {
    let method = Method::parse(request.method());
    let Answered { message, losses, .. } =
        modern_to_legacy::answer(request.id.clone(), method, answer, server);
    count_losses(&losses, Era::Legacy);
    match method {
        Method::ToolsList => eyot_era::without_invalid_headers(message),
        _ => message,
    }
}

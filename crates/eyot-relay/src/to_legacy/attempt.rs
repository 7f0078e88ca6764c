//! One attempt of a modern client at a call: from its request to the answer, or to the questions
//! that it must come back with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use eyot_era::to_legacy::{self, Answered};
use eyot_jsonrpc::Message;
use eyot_transport::{Fault, FaultKind, Messages, Part};
use eyot_types::{Era, InputRequests, InputRequiredResult, Method};
use futures_util::stream;
use tokio::time::Instant;

use super::ask::Ask;
use super::bridge::Inner;
use super::call::{Heard, UpstreamCall};
use super::park::{CallName, give_up};
use super::sealed::{ParkedState, State};
use super::session::may_resend;
use crate::watch::timed_out;

/// A call while its client is here. Dropping it before its end cancels the call.
pub(crate) struct Attempt {
    bridge: Arc<Inner>,
    ask: Arc<Ask>,
    name: CallName,
    held: Held,
    /// The client has seen something of the call, or its upstream has: it cannot begin anew.
    has_begun: bool,
    /// Until when questions are collected; set by the first.
    collecting: Option<Instant>,
    is_over: bool,
}

/// What comes next.
enum Next {
    Heard(Heard),
    /// The upstream waits for answers.
    Asked,
}

impl Attempt {
    pub(crate) fn first(bridge: &Arc<Inner>, ask: Arc<Ask>, call: Arc<UpstreamCall>) -> Self {
        Self::new(bridge, ask, (CallName::random(), call), false)
    }

    /// The client has come back with answers.
    pub(crate) fn again(
        bridge: &Arc<Inner>,
        ask: Arc<Ask>,
        (name, call): (CallName, Arc<UpstreamCall>),
    ) -> Self {
        call.shared.begin_attempt(ask.log_level.clone(), ask.progress_token.clone());
        Self::new(bridge, ask, (name, call), true)
    }

    fn new(
        bridge: &Arc<Inner>,
        ask: Arc<Ask>,
        (name, call): (CallName, Arc<UpstreamCall>),
        has_begun: bool,
    ) -> Self {
        let held = Held { bridge: Arc::clone(bridge), name: name.clone(), call: Some(call) };
        let bridge = Arc::clone(bridge);
        Self { bridge, ask, name, held, has_begun, collecting: None, is_over: false }
    }

    /// The messages for the client.
    pub(crate) fn into_messages(self) -> Messages {
        Messages::new(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Result<Part, Fault>, Self)> {
        while !self.is_over {
            let call = Arc::clone(self.held.call.as_ref()?);
            let said = match self.listen(&call).await {
                Next::Asked => self.park(&call).map(Ok),
                Next::Heard(Heard::Note(note)) => call.shared.for_client(note).map(Ok),
                Next::Heard(Heard::Answer(answer)) => Some(Ok(self.finish(&answer, &call))),
                Next::Heard(Heard::Failed(fault)) => {
                    // Boxed, because it is large and rare, and this future is part of every call.
                    Box::pin(self.fail(fault, &call)).await.map(Err)
                }
            };
            if let Some(said) = said {
                self.has_begun = true;
                return Some((said.map(Part::from), self));
            }
        }
        None
    }

    /// Waits for the upstream's next word: `call_timeout`, and a moment for further questions.
    async fn listen(&mut self, call: &Arc<UpstreamCall>) -> Next {
        let timeout = self.bridge.limits.call_timeout;
        if self.collecting.is_none() {
            let word = poll_fn(|cx| match call.poll_heard(cx) {
                Poll::Ready(heard) => Poll::Ready(Some(heard)),
                Poll::Pending if call.is_asked() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            match tokio::time::timeout(timeout, word).await {
                Ok(Some(heard)) => return Next::Heard(heard),
                Ok(None) => self.collecting = Some(Instant::now() + COLLECTING),
                Err(_elapsed) => return Next::Heard(Heard::Failed(timed_out(timeout))),
            }
        }
        let until = self.collecting.unwrap_or_else(Instant::now);
        let word = poll_fn(|cx| call.poll_heard(cx));
        match tokio::time::timeout_at(until, word).await {
            Ok(heard) => Next::Heard(heard),
            Err(_elapsed) => {
                self.collecting = None;
                Next::Asked
            }
        }
    }

    /// Leaves the call at rest and asks the client. `None`: there is nothing to ask any more.
    fn park(&mut self, call: &Arc<UpstreamCall>) -> Option<Message> {
        if !call.is_asked() {
            return None;
        }
        self.is_over = true;
        let (round, requests) = call.shared.rounds(|it| it.park());
        let principal = self.ask.peer.principal.clone();
        if let Err(error) = self.bridge.table.park(&self.name, call, (round, principal)) {
            return Some(self.ask.refuse(&error));
        }
        self.held.let_go();
        let parked = ParkedState { call: self.name.0.clone(), round };
        Some(self.input_required(requests, &State::Parked(parked)))
    }

    /// "Servers MUST include at least one of `inputRequests` or `requestState`" (2026-07-28,
    /// basic/patterns/mrtr).
    fn input_required(&self, requests: InputRequests, state: &State) -> Message {
        let ttl = self.bridge.limits.question_timeout;
        let sealed = self.bridge.request_state(&self.ask).seal(state, ttl);
        let result = InputRequiredResult::new(requests).with_request_state(sealed);
        Message::response(self.ask.id.clone(), &result)
    }

    /// The upstream's answer as the client has it.
    fn finish(&mut self, answer: &Message, call: &Arc<UpstreamCall>) -> Message {
        self.is_over = true;
        self.held.finish();
        if let Some(error) = to_legacy::failed_for_want(answer, &call.shared.unmet()) {
            return self.ask.refuse(&error);
        }
        match to_legacy::visits(answer, &self.ask.capabilities) {
            Ok(None) => {}
            Ok(Some(pages)) => {
                let keyed = pages.into_iter().enumerate();
                let requests: InputRequests =
                    keyed.map(|(number, page)| (format!("visit.{number}"), page.into())).collect();
                let keys = requests.keys().cloned().collect();
                return self.input_required(requests, &State::Visit(keys));
            }
            Err(error) => return self.ask.refuse(&error),
        }
        let text = self.ask.method();
        let method = Method::parse(&text);
        let server = &call.session.initialized.server_info;
        let Answered { message, losses, .. } =
            to_legacy::answer(self.ask.id.clone(), method, answer, server);
        for loss in losses.iter() {
            let (from, to) = (Era::Legacy.as_str(), Era::Modern.as_str());
            eyot_metrics::bridge_loss(loss.feature.as_str(), from, to);
        }
        match method {
            Method::ToolsList => self.bridge.mirrors.learn(&self.ask, message),
            _ => message,
        }
    }

    /// No answer will come. `None`: the call begins anew, because it has not run.
    async fn fail(&mut self, fault: Fault, call: &Arc<UpstreamCall>) -> Option<Fault> {
        let text = self.ask.method();
        let may_begin = !self.has_begun && may_resend(&fault, Method::parse(&text));
        let is_lost = fault.kind == FaultKind::SessionGone || !call.session.is_open();
        if is_lost {
            self.bridge.pool.forget(&self.ask, &call.session);
        }
        if may_begin {
            self.has_begun = true;
            self.held.finish();
            match self.bridge.begin(&self.ask).await {
                Ok(call) => {
                    self.held.call = Some(call);
                    return None;
                }
                Err(fault) => {
                    self.is_over = true;
                    return Some(of_upstream(fault));
                }
            }
        }
        self.is_over = true;
        Some(of_upstream(fault))
    }
}

/// Lets go of the call unless it came to its end.
struct Held {
    bridge: Arc<Inner>,
    name: CallName,
    call: Option<Arc<UpstreamCall>>,
}

impl Held {
    /// It is at rest now.
    fn let_go(&mut self) {
        self.call = None;
    }

    /// The upstream has said its last word.
    fn finish(&mut self) {
        self.bridge.table.forget(&self.name);
        self.call = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(call) = self.call.take() else { return };
        self.bridge.table.forget(&self.name);
        let session = Arc::clone(&call.session);
        session.chore(async move { give_up(&call, "the client does not wait any more").await });
    }
}

/// The upstream's trouble with its own sessions is not the client's, who has none.
fn of_upstream(mut fault: Fault) -> Fault {
    if fault.kind == FaultKind::SessionGone {
        fault.kind = FaultKind::Upstream;
    }
    fault
}

/// How long further questions are waited for when one was asked.
const COLLECTING: Duration = Duration::from_millis(10);

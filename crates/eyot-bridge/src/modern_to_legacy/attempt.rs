//! One attempt of a modern client at a call: from its request to the answer, or to the questions
//! that it must come back with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, Answered};
use eyot_jsonrpc::{Message, Response};
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_types::{ElicitParams, Era, InputRequests, Method};
use futures_util::stream;
use tokio::time::Instant;

use super::ask::Ask;
use super::bridge::Inner;
use super::call::{Heard, UpstreamCall};
use super::park::{Asked, give_up};
use super::record::{Answers, Claim, RecordStage, Trace, stored_word};
use super::resume::elsewhere;
use super::sealed::{ParkedState, State};
use super::session::may_resend;
use crate::losses::count_losses;

/// A call while its client is here. Dropping it before its end cancels the call.
pub(crate) struct Attempt {
    bridge: Arc<Inner>,
    ask: Arc<Ask>,
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
        let bridge = Arc::clone(bridge);
        let held = Held {
            bridge: Arc::clone(&bridge),
            claim: Claim::new(),
            round: None,
            call: Some(call),
        };
        Self { bridge, ask, held, has_begun: false, collecting: None, is_over: false }
    }

    /// The client has come back with answers.
    pub(crate) fn again(ask: Arc<Ask>, held: Held) -> Self {
        if let Some(call) = &held.call {
            call.shared.begin_attempt(ask.log_level.clone(), ask.progress_token.clone());
        }
        let bridge = Arc::clone(&held.bridge);
        Self { bridge, ask, held, has_begun: true, collecting: None, is_over: false }
    }

    /// The messages for the client.
    pub(crate) fn into_messages(self) -> Messages {
        Messages::new(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        while !self.is_over {
            let call = Arc::clone(self.held.call.as_ref()?);
            let said = match self.listen(&call).await {
                Next::Asked => Box::pin(self.park(&call)).await.map(|it| Ok(it.into())),
                Next::Heard(Heard::Note(note)) => call.shared.for_client(note).map(Ok),
                Next::Heard(Heard::Answer(answer)) => {
                    Some(Ok(self.finish(&answer, &call).await.into()))
                }
                Next::Heard(Heard::Failed(fault)) => {
                    // Boxed, because it is large and rare, and this future is part of every call.
                    Box::pin(self.fail(fault, &call)).await.map(Err)
                }
            };
            if let Some(said) = said {
                self.has_begun = true;
                return Some((said.map(ReplyItem::from), self));
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
                Err(_elapsed) => return Next::Heard(Heard::Failed(Fault::timed_out(timeout))),
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
    async fn park(&mut self, call: &Arc<UpstreamCall>) -> Option<Response> {
        if !call.is_asked() {
            return None;
        }
        let (round, requests) = call.shared.rounds(|it| it.park());
        let Inner { table, records, limits, .. } = &*self.bridge;
        let claim = self.held.claim.clone();
        let before = self.held.round.map(|(_, answers)| answers);
        let stage = RecordStage::Asked(before, Box::new(Trace::of(call)));
        let written = records.write(&claim, (round, stage), limits.question_timeout).await;
        self.is_over = true;
        if written.is_err() {
            table.forget(&claim.name, None);
            self.held.let_go();
            let error = elsewhere();
            return Some(self.ask.refuse(&error));
        }
        let parked = ParkedState { call: claim.name.clone(), round };
        let question = self.bridge.question(&self.ask, requests, &State::Parked(parked)).await;
        let principal = self.ask.peer.principal.clone();
        let asked = Asked { round, before, principal, question: &question };
        if let Err(error) = table.park(&claim, call, asked) {
            records.forget(&claim);
            return Some(self.ask.refuse(&error));
        }
        self.held.let_go();
        Some(question)
    }

    /// The upstream has answered.
    async fn finish(&mut self, answer: &Message, call: &Arc<UpstreamCall>) -> Response {
        self.is_over = true;
        if let Some(created) = self.bridge.tasks.created(&self.ask, call, answer) {
            self.held.forget(&created);
            return created;
        }
        if let Some(error) = modern_to_legacy::failed_for_want(answer, &call.shared.unmet()) {
            let message = self.ask.refuse(&error);
            self.held.forget(&message);
            return message;
        }
        match modern_to_legacy::visits(answer, &self.ask.capabilities) {
            Ok(None) => {}
            // Boxed, because it is rare, and this future is part of every call.
            Ok(Some(pages)) => return Box::pin(self.ask_to_visit(pages)).await,
            Err(error) => {
                let message = self.ask.refuse(&error);
                self.held.forget(&message);
                return message;
            }
        }
        let message = self.answer(answer, call);
        if self.held.round.is_some() {
            Box::pin(self.held.finish(&message)).await;
        }
        self.held.let_go();
        message
    }

    /// The call has ended with pages that the user must visit before it can succeed.
    async fn ask_to_visit(&mut self, pages: Vec<ElicitParams>) -> Response {
        let keyed = pages.into_iter().enumerate();
        let requests: InputRequests =
            keyed.map(|(number, page)| (format!("visit.{number}"), page.into())).collect();
        let keys = requests.keys().cloned().collect();
        let message = self.bridge.question(&self.ask, requests, &State::Visit(keys)).await;
        self.held.forget(&message);
        message
    }

    /// The upstream's answer as the client has it.
    fn answer(&self, answer: &Message, call: &UpstreamCall) -> Response {
        let text = self.ask.method();
        let method = Method::parse(&text);
        let server = &call.session.initialized.server_info;
        let Answered { message, losses, .. } =
            modern_to_legacy::answer(self.ask.id.clone(), method, answer, server);
        count_losses(&losses, Era::Legacy);
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
            self.held.let_go();
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
        let fault = of_upstream(fault);
        self.held.abandon(&self.ask.refuse(&fault.error));
        Some(fault)
    }
}

/// Holds a call for its client. Dropped before the call's end, it leaves the call to others.
pub(crate) struct Held {
    bridge: Arc<Inner>,
    claim: Claim,
    /// The round that the client has answered; `None`: it has not been asked anything.
    round: Option<(u32, Answers)>,
    call: Option<Arc<UpstreamCall>>,
}

impl Held {
    /// A call whose client has come back with these answers.
    pub(crate) fn again(
        bridge: &Arc<Inner>,
        claim: Claim,
        round: (u32, Answers),
        call: Arc<UpstreamCall>,
    ) -> Self {
        Self { bridge: Arc::clone(bridge), claim, round: Some(round), call: Some(call) }
    }

    /// Takes the call out: nothing happens any more when this is dropped.
    pub(crate) fn take(&mut self) -> Option<Arc<UpstreamCall>> {
        self.call.take()
    }

    /// It is at rest now, or over.
    fn let_go(&mut self) {
        self.call = None;
    }

    /// The call is over, and there is nothing that a client could come back for.
    fn forget(&mut self, last: &Message) {
        self.abandon(last);
        self.call = None;
    }

    /// The same; the upstream, which may still work on it, is told when this is dropped.
    fn abandon(&mut self, last: &Message) {
        if self.round.take().is_some() {
            self.bridge.table.forget(&self.claim.name, Some(last));
            self.bridge.records.forget(&self.claim);
        }
    }

    /// The call is over: a client that does not hear this can come back for it.
    async fn finish(&mut self, last: &Message) {
        self.call = None;
        let Inner { table, records, .. } = &*self.bridge;
        let Some((round, answers)) = self.round else { return };
        let word = Some(last).filter(|it| it.len() <= LAST_WORD_BYTES_MAX).and_then(stored_word);
        let written = match word {
            Some(word) => {
                let done = RecordStage::Done(answers, word);
                Some(records.write(&self.claim, (round, done), LAST_WORD_TTL))
            }
            None => {
                records.forget(&self.claim);
                None
            }
        };
        table.forget(&self.claim.name, Some(last));
        if let Some(written) = written
            && written.await.is_err()
        {
            tracing::debug!("a call ends that another process goes on with");
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(call) = self.call.take() else { return };
        let (bridge, claim) = (Arc::clone(&self.bridge), self.claim.clone());
        if let Some(round) = self.round {
            let held = Self::again(&bridge, claim.clone(), round, Arc::clone(&call));
            if bridge.table.leave(&claim, Box::new(held)) {
                return;
            }
            bridge.records.forget(&claim);
        }
        let session = Arc::clone(&call.session);
        session.chore(async move { give_up(&call, "the client does not wait any more").await });
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("claim", &self.claim).finish_non_exhaustive()
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
/// How long a client can come back for a last word that it has not heard.
const LAST_WORD_TTL: Duration = Duration::from_secs(60);
/// A longer one is not kept.
const LAST_WORD_BYTES_MAX: usize = 256 << 10;

//! One client at the other end of a carrier of messages, in one task: standard input and output, a
//! socket, a duplex within the process.
//!
//! The connection is the peer: it may open a session, speak the modern era, or both, one request
//! so and the next one so. Nothing is stored, for nothing outlives the pipe.

mod running_calls;
mod session;
mod stall;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_jsonrpc::{
    ErrorObject, INTERNAL_ERROR, INVALID_REQUEST, Id, Incoming, Kind, Message, MessageKind,
    Notification, Request,
};
use eyot_service::{
    BoxService, Call, Input, IoEvent, Limits, MessageIo, Messages, Peer, Reach, Shutdown,
    Transport, limit_reached, too_long,
};
use eyot_types::meta::RequestMeta;
use eyot_types::{CancelledParams, Era, Method, Revision, codes};
use futures_core::Stream as _;
use futures_util::stream::{Abortable, SelectAll, abortable};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use self::running_calls::{RunningCall, RunningCalls};
use self::session::PipeSession;
use self::stall::Stall;
use crate::reply_stream::ReplyStream;

/// Serves one peer until it has gone and its requests are answered.
///
/// Any [`MessageIo`] carries the messages. The peer stays the same as long as the pipe.
pub struct Pipe<I> {
    io: I,
    peer: Peer,
    service: BoxService,
    /// Shared: there is a pipe for each WebSocket.
    limits: Arc<Limits>,
    calls: SelectAll<Abortable<Messages>>,
    /// The calls that run, by the client's ids.
    running: RunningCalls,
    session: Option<PipeSession>,
    /// What came while `initialize` runs: it may need to know what was agreed.
    held: VecDeque<Incoming>,
    held_bytes: usize,
    drain: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Cancelled when the drain begins: subscriptions end with it.
    draining: CancellationToken,
    /// Cancelled when nothing new is taken any more.
    giving_up: CancellationToken,
    /// Runs once nothing new is taken: how long the rest may take.
    end: Option<Pin<Box<Sleep>>>,
    /// Runs while the peer takes nothing.
    stall: Option<Stall>,
}

impl<I> fmt::Debug for Pipe<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

/// The outcome of a pass over everything.
enum Pass {
    /// Something moved: there may be more.
    Moved,
    /// Nothing to do before something wakes us.
    Idle,
    /// The pipe is done.
    Over,
}

impl<I: MessageIo> Pipe<I> {
    /// Serves the peer at the other end of `io` as the anonymous principal, who is taken for the one
    /// user of this process: see [`of_peer`](Self::of_peer). Nothing happens before
    /// [`run`](Self::run).
    ///
    /// The carrier should take one message more when [`PipeLimits::queue_bytes_max`](eyot_service::PipeLimits::queue_bytes_max)
    /// wait.
    pub fn new(
        io: I,
        service: BoxService,
        limits: impl Into<Arc<Limits>>,
        shutdown: &Shutdown,
    ) -> Self {
        let (address, transport, reach) = (None, Transport::Pipe, Reach::OneUser);
        Self {
            io,
            peer: Peer { era: Era::Legacy, principal: None, address, transport, reach },
            service,
            limits: limits.into(),
            calls: SelectAll::new(),
            running: RunningCalls::default(),
            session: None,
            held: VecDeque::new(),
            held_bytes: 0,
            drain: Box::pin(shutdown.drained().clone().cancelled_owned()),
            draining: shutdown.drained().clone(),
            giving_up: CancellationToken::new(),
            end: None,
            stall: None,
        }
    }

    /// Serves the other end as this peer. The era in `peer` does not count: it is found per
    /// message.
    #[must_use]
    pub fn of_peer(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }

    /// Cancels the token when the peer's input ends or the drain begins: what its calls wait for
    /// before they are sent is not worth the wait any more.
    #[must_use]
    pub fn giving_up(self, giving_up: CancellationToken) -> Self {
        Self { giving_up, ..self }
    }

    /// Serves until the peer's input ends or the drain begins, and running calls are answered.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call, and the session without telling the service.
    pub fn run(self) -> impl Future<Output = ()> {
        let mut pipe = self;
        // A block, because an `async fn` has room for the pipe twice.
        async move {
            std::future::poll_fn(|cx| pipe.poll(cx)).await;
            if let Some(session) = pipe.session.take() {
                session.close(&pipe.service, pipe.peer(Era::Legacy)).await;
            }
            // What is queued still goes out, if the peer reads it.
            let patience = pipe.limits.pipe.write_stall_timeout;
            let closing = std::future::poll_fn(|cx| pipe.io.poll_close(cx));
            if tokio::time::timeout(patience, closing).await.is_err() {
                tracing::debug!("the peer did not read the last messages");
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..PASSES_MAX {
            match self.pass(cx) {
                Pass::Moved => {}
                Pass::Idle => return Poll::Pending,
                Pass::Over => return Poll::Ready(()),
            }
        }
        // Other tasks of the thread have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn pass(&mut self, cx: &mut Context<'_>) -> Pass {
        if self.end.is_none() && self.drain.as_mut().poll(cx).is_ready() {
            self.begin_end();
        }
        let mut has_moved = false;
        while self.io.queued_bytes() < self.limits.pipe.queue_bytes_max
            && let Poll::Ready(Some(item)) = Pin::new(&mut self.calls).poll_next(cx)
        {
            has_moved = true;
            // A fault is the answer already: see `ReplyStream::answered`.
            if let Ok(item) = item
                && let Some(message) = item.into_message()
            {
                self.send(&message);
            }
        }
        if !self.is_opening()
            && let Some(incoming) = self.held.pop_front()
        {
            self.held_bytes -= incoming.len_bytes().min(self.held_bytes);
            self.take_incoming(incoming);
            return Pass::Moved;
        }
        match self.poll_input(cx) {
            Poll::Ready(IoEvent::Message(text)) if self.end.is_none() => {
                self.take_text(text);
                return Pass::Moved;
            }
            Poll::Ready(IoEvent::Message(_)) => return Pass::Moved,
            Poll::Ready(IoEvent::Bad(error)) => {
                let refusal = ErrorObject::new(INVALID_REQUEST, error.to_string());
                let id = error.into_remnant().request_id().cloned();
                self.write(&Message::error_response(id, &refusal));
                return Pass::Moved;
            }
            Poll::Ready(IoEvent::Ended(end)) => {
                // Earlier requests outlive the end of the input, unless no answer can reach the
                // peer any more.
                self.running.end(|call| call.is_subscription || end.is_of_both_sides());
                if end.is_of_both_sides() {
                    self.held.clear();
                }
                self.begin_end();
            }
            Poll::Pending => {}
        }
        if self.is_done() || self.is_late(cx) {
            return Pass::Over;
        }
        if has_moved { Pass::Moved } else { Pass::Idle }
    }

    /// Takes no new request; running calls are finished.
    fn begin_end(&mut self) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(Box::pin(tokio::time::sleep(self.limits.drain_timeout)));
        self.giving_up.cancel();
        if let Some(session) = &self.session {
            session.stop_listening();
        }
    }

    fn is_done(&self) -> bool {
        self.end.is_some() && self.running.is_empty() && self.held.is_empty()
    }

    /// Whether the drain takes too long, or the peer reads nothing any more.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let is_over = self.end.as_mut().is_some_and(|it| it.as_mut().poll(cx).is_ready());
        let queued_bytes = self.io.queued_bytes();
        if queued_bytes < self.limits.pipe.queue_bytes_max {
            self.stall = None;
            return is_over;
        }
        let patience = self.limits.pipe.write_stall_timeout;
        let stall = self.stall.get_or_insert_with(|| Stall::begin(queued_bytes, patience));
        is_over || stall.is_too_long(queued_bytes, patience, cx)
    }

    fn take_text(&mut self, text: Bytes) {
        match Incoming::parse(text, &self.limits.messages.scan) {
            Ok(incoming) if self.must_wait(&incoming) && self.is_full() => {
                self.turn_away(&incoming);
            }
            Ok(incoming) if self.must_wait(&incoming) => {
                self.held_bytes += incoming.len_bytes();
                self.held.push_back(incoming);
            }
            Ok(incoming) => self.take_incoming(incoming),
            Err(error) => {
                self.write(&Message::error_response(error.id(), &error.error_object()));
            }
        }
    }

    /// The peer's next word, as long as there is room for it.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        match self.held_bytes >= self.limits.pipe.queue_bytes_max {
            true => Poll::Pending,
            false => self.io.poll_message(cx),
        }
    }

    /// Whether so many wait that one more could not run. The input is read on: its end ends the wait.
    fn is_full(&self) -> bool {
        self.held.len() >= self.limits.pipe.running_max
    }

    /// Refuses what has no room.
    fn turn_away(&mut self, incoming: &Incoming) {
        let error = limit_reached("messages before the answer to `initialize`");
        for message in incoming.as_slice() {
            match message.kind() {
                Kind::Request => self.write(&Message::error_response(message.id(), &error)),
                _ => eyot_metrics::messages_dropped("client_does_not_wait"),
            }
        }
    }

    fn take_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::One(message) => self.take(message),
            Incoming::Batch(messages) if self.has_batches() => {
                messages.into_iter().for_each(|it| self.take(it));
            }
            Incoming::Batch(_) => self.refuse(None, "batches belong to revision 2025-03-26"),
        }
    }

    /// Whether `initialize` runs.
    fn is_opening(&self) -> bool {
        self.session.as_ref().is_some_and(PipeSession::is_opening)
    }

    /// Whether this must wait until `initialize` is answered, and what waits already before it.
    ///
    /// "The client SHOULD NOT send requests other than pings before the server has responded to the
    /// `initialize` request" (2025-11-25, basic/lifecycle, Initialization); a script that writes
    /// all its lines at once does, and a server that reads one after another answers them.
    fn must_wait(&self, incoming: &Incoming) -> bool {
        if !self.is_opening() && self.held.is_empty() {
            return false;
        }
        match incoming {
            Incoming::One(message) => {
                let is_ping = message.method().is_some_and(|it| it == Method::Ping.as_str());
                !is_ping && message.protocol_version().is_none()
            }
            Incoming::Batch(_) => true,
        }
    }

    fn has_batches(&self) -> bool {
        self.session.as_ref().and_then(PipeSession::revision).is_some_and(Revision::has_batches)
    }

    fn take(&mut self, message: Message) {
        match message.into_kind() {
            MessageKind::Request(request) => match self.era_of(&request) {
                Ok(era) => self.begin(request, era),
                Err(error) => self.write(&request.refuse(&error)),
            },
            MessageKind::Notification(notification) => self.hear(notification),
            MessageKind::Response(response) => {
                self.hand_on(Input::Response(response), Era::Legacy);
            }
        }
    }

    /// The era of a request: the one that it names. A request that names none belongs to the
    /// session.
    fn era_of(&self, request: &Request) -> Result<Era, ErrorObject> {
        let text = request.meta().unwrap_or("{}");
        let method = Method::parse(request.method());
        if !text.contains("io.modelcontextprotocol/") {
            let may_come_first = matches!(method, Method::Initialize | Method::Ping);
            return match &self.session {
                None if !may_come_first => Err(ErrorObject::new(
                    INVALID_REQUEST,
                    "open a session with `initialize`, or say a revision in `_meta`",
                )),
                _ => Ok(Era::Legacy),
            };
        }
        let meta = RequestMeta::of(request)?;
        if meta.protocol_version.is_none() && self.session.is_some() {
            return Ok(Era::Legacy);
        }
        let version = meta.required()?.protocol_version;
        if version != Revision::MODERN.as_str() {
            return Err(codes::unsupported_version(version, &[Revision::MODERN]));
        }
        Ok(Era::Modern)
    }

    fn begin(&mut self, request: Request, era: Era) {
        let id = request.id();
        if self.running.contains_key(&id) {
            return self.refuse(Some(id), "a request with this id is still running");
        }
        if self.running.len() >= self.limits.pipe.running_max {
            let error = limit_reached("running requests");
            return self.write(&request.refuse(&error));
        }
        let is_initialize = era == Era::Legacy && request.is_method(Method::Initialize.as_str());
        if is_initialize {
            if self.session.is_some() {
                return self.refuse(Some(id), "session is open already");
            }
            let bytes_max = self.limits.sessions.initialize_bytes_max;
            if request.params().is_some_and(|it| it.len() > bytes_max) {
                return self.write(&request.refuse(&too_long("initialize", bytes_max)));
            }
            if let Err(error) = crate::legacy::check_params(&request) {
                return self.write(&request.refuse(&error));
            }
            self.session = PipeSession::open(&request, &self.peer);
        }
        let call = self.call(Input::Request(request), era);
        let reply = ReplyStream::of_ending(&self.service, call, &self.draining);
        let is_subscription = reply.is_subscription();
        let (items, handle) = abortable(reply.answered(Some(id.clone())));
        self.calls.push(items);
        self.running.insert(id, RunningCall { handle, is_subscription });
    }

    fn call(&self, input: Input, era: Era) -> Call {
        let mut call = Call::new(input, self.peer(era));
        if era == Era::Legacy {
            call.session = self.session.as_ref().map(PipeSession::shared);
        }
        call
    }

    fn peer(&self, era: Era) -> Peer {
        Peer { era, ..self.peer.clone() }
    }

    fn hear(&mut self, notification: Notification) {
        let method = Method::parse(notification.method());
        let is_initialized = method == Method::Initialized;
        let era = match RequestMeta::protocol_version_of(&notification) {
            Some(_) => Era::Modern,
            None => Era::Legacy,
        };
        let cancelled = (method == Method::Cancelled)
            .then(|| notification.decode_params::<CancelledParams>().ok())
            .flatten();
        if is_initialized && let Some(session) = &self.session {
            session.note_initialized();
        }
        self.hand_on(Input::Notification(notification), era);
        if let Some(params) = cancelled {
            self.cancel(&params.request_id);
        }
        if is_initialized {
            self.listen();
        }
    }

    /// Lets go of a call: the service sees that its reply is dropped. "The `initialize` request
    /// MUST NOT be cancelled by clients" (2025-11-25, basic/utilities/cancellation).
    fn cancel(&mut self, id: &Id) {
        if self.session.as_ref().is_some_and(|it| it.is_opened_by(id)) {
            return;
        }
        if let Some(call) = self.running.remove(id) {
            call.handle.abort();
        }
    }

    /// A message that has no answer.
    fn hand_on(&mut self, input: Input, era: Era) {
        let call = self.call(input, era);
        let (items, _) = abortable(ReplyStream::of(&self.service, call).answered(None));
        self.calls.push(items);
    }

    /// Standalone messages go out on the pipe, too, from the end of the handshake on.
    fn listen(&mut self) {
        let call = self.call(Input::Listen { cursor: None }, Era::Legacy);
        let Some(session) = &mut self.session else { return };
        if session.is_listening() {
            return;
        }
        let items = ReplyStream::of(&self.service, call).answered(None);
        let (items, handle) = abortable(items);
        session.set_listening(handle);
        self.calls.push(items);
    }

    fn send(&mut self, message: &Message) {
        if message.is_response()
            && let Some(id) = message.id()
            && self.running.remove(&id).is_some()
            && let Some(session) = self.session.as_mut().filter(|it| it.is_opened_by(&id))
            && !session.agree(message)
        {
            // `initialize` was refused: there is no session.
            self.session = None;
        }
        self.write(message);
    }

    fn refuse(&mut self, id: Option<Id>, message: &str) {
        let error = ErrorObject::new(INVALID_REQUEST, message);
        self.write(&Message::error_response(id, &error));
    }

    fn write(&mut self, message: &Message) {
        let Err(error) = self.io.queue_message(message) else { return };
        tracing::warn!(%error, "message for the client was dropped");
        eyot_metrics::messages_dropped("client_does_not_read");
        if message.is_response() {
            // The client learns at least that there was an answer.
            let error = ErrorObject::new(INTERNAL_ERROR, "the answer is too long for this pipe");
            let answer = Message::error_response(message.id(), &error);
            if self.io.queue_message(&answer).is_err() {
                tracing::debug!("nor was there room to say so");
            }
        }
    }
}

/// Passes before other tasks have their turn.
const PASSES_MAX: usize = 128;

#[cfg(test)]
mod tests;

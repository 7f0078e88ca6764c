//! Streamable HTTP of 2025-03-26, 2025-06-18 and 2025-11-25: sessions, streams, replay.

mod initialize;
mod resume;

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_frame::encode_priming;
use eyot_http::{OutgoingBody, accepted, empty, error, event_stream, fault, json, refused};
use eyot_jsonrpc::{Id, Incoming, Message, Request};
use eyot_service::{
    BoxService, Fault, Input, Limits, Messages, Reply, ReplyFuture, ReplyItem, Shutdown, unix_ms,
};
use eyot_session::{EventId, SessionError, StoreError};
use eyot_types::{Era, Method};
use futures_util::future::Either;
use futures_util::stream::select_all;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use tower_service::Service as _;

use crate::active_session::ActiveSession;
use crate::detached_calls::DetachedCalls;
use crate::event_body::{BodyParts, EventBody, Listen};
use crate::event_stream::EventStream;
use crate::in_flight::InFlight;
use crate::nodes::Link;
use crate::registry::{OpenError, Registry};
use crate::reply_stream::{First, ReplyStream, tell};
use crate::request_context::RequestContext;
use crate::timer::Timer;

pub(crate) use self::initialize::{agreed_revision, check_params};
use self::resume::earlier_cursor;

type Answer = Response<OutgoingBody>;

/// Serves the legacy era on one endpoint.
#[derive(Debug)]
pub(crate) struct Legacy {
    pub(crate) registry: Arc<Registry>,
    pub(crate) detached: Arc<DetachedCalls>,
    pub(crate) shutdown: Shutdown,
    pub(crate) limits: Limits,
}

/// Why there is no session to serve.
pub(crate) enum NoSession {
    Refused(Box<Answer>),
    /// Another process serves it.
    Elsewhere(Arc<Link>),
}

impl Legacy {
    /// The session that a request names: "servers that require a session ID SHOULD respond
    /// to requests without an `MCP-Session-Id` header (other than initialization) with HTTP
    /// 400", and a terminated one is answered with 404 (2025-11-25, basic/transports). A
    /// session of another principal, or of another service, is answered like an unknown one.
    pub(crate) async fn session(
        &self,
        session_id: Option<&str>,
        context: &RequestContext<'_>,
    ) -> Result<Arc<ActiveSession>, NoSession> {
        let refusal = |it| Err(NoSession::Refused(Box::new(it)));
        let Some(text) = session_id else {
            let message = "Mcp-Session-Id header is required; open a session with `initialize`";
            return refusal(refused(StatusCode::BAD_REQUEST, None, message));
        };
        match self.registry.find(text, context.peer.principal_name()).await {
            Ok(Some(session)) if context.found.owns(session.handle()) => Ok(session),
            Ok(_) => refusal(refused(StatusCode::NOT_FOUND, None, "session not found")),
            Err(OpenError::Elsewhere(link)) => Err(NoSession::Elsewhere(link)),
            Err(failure) => refusal(registry_refusal(None, &failure)),
        }
    }

    /// POST in a session. Most are requests: what other messages need is boxed.
    pub(crate) fn post<'a>(
        &'a self,
        session: Arc<ActiveSession>,
        incoming: Incoming,
        context: &'a RequestContext<'_>,
    ) -> impl Future<Output = Answer> + Send {
        let other: Pin<Box<dyn Future<Output = Answer> + Send + 'a>> = match incoming {
            Incoming::One(message) => match message.into_request() {
                Ok(request) => return Either::Left(self.request(session, request, context)),
                Err(other) => {
                    Box::pin(async move { self.notification(&session, other, context).await })
                }
            },
            Incoming::Batch(messages) if session.machine().revision().has_batches() => {
                Box::pin(self.batch(session, messages, context))
            }
            Incoming::Batch(_) => {
                let message = "batches belong to revision 2025-03-26 alone";
                Box::pin(ready(refused(StatusCode::BAD_REQUEST, None, message)))
            }
        };
        Either::Right(other)
    }

    /// JSON if the answer comes first and soon; a stream of events otherwise.
    async fn request(
        &self,
        session: Arc<ActiveSession>,
        request: Request,
        context: &RequestContext<'_>,
    ) -> Answer {
        if request.is_method(Method::Initialize.as_str()) {
            let message = "session is open already";
            return refused(StatusCode::BAD_REQUEST, Some(request.id()), message);
        }
        let mut pending = match self.start(&session, request, context) {
            Ok((reply, in_flight)) => PendingReply::one(reply, in_flight, &self.detached),
            Err(refusal) => return *refusal,
        };
        let accepts = context.accepts;
        let patience = if accepts.json { self.limits.calls.json_patience } else { Duration::ZERO };
        let may_stream = accepts.events;
        loop {
            match pending.first(may_stream.then_some(patience), context.timer).await {
                First::Answer(answer) => return json(StatusCode::OK, &answer),
                First::Failed(fault) => return faulted(pending.id(), &fault),
                // The call was cancelled: "the receiver SHOULD NOT send a response".
                First::Ended => return event_stream(OutgoingBody::Empty),
                First::Silence => return Box::pin(self.stream(session, pending)).await,
                First::Other(item) if may_stream => {
                    pending.put_back(item);
                    return Box::pin(self.stream(session, pending)).await;
                }
                First::Other(ReplyItem::HangUp { .. } | ReplyItem::Cursor(_)) => {}
                First::Other(ReplyItem::Message { .. }) => {
                    eyot_metrics::messages_dropped("client_takes_no_stream")
                }
            }
        }
    }

    /// Registers a request and makes the future of its reply; nothing runs yet.
    fn start(
        &self,
        session: &Arc<ActiveSession>,
        request: Request,
        context: &RequestContext<'_>,
    ) -> Result<(ReplyStream, InFlight), Box<Answer>> {
        let id = request.id();
        if let Err(refusal) = session.machine().handle_request(&id, unix_ms()) {
            return Err(session_refusal(Some(id), refusal).into());
        }
        let in_flight = session.in_flight(id);
        let call = session.call(Input::Request(request), context.peer.clone());
        Ok((ReplyStream::of(context.found.service(), call), in_flight))
    }

    /// Turns a call that runs into a resumable stream.
    async fn stream(&self, session: Arc<ActiveSession>, pending: PendingReply<'_>) -> Answer {
        let id = pending.id();
        let stream = session.machine().take_stream();
        let handle = session.handle();
        let (reply, in_flight) = pending.take();
        let events = EventStream::call(handle, stream, reply, in_flight, id.clone());
        let shared = session.add_call(stream, events);
        let (reader, _) = shared.attach();
        // From here on a disconnect makes it a detached call.
        let parts = BodyParts {
            session: Arc::clone(&session),
            stream,
            shared: Some(Arc::clone(&shared)),
            reader: Some(reader),
            replay: None,
            detached: Arc::clone(&self.detached),
            keep_alive: self.limits.http.keep_alive_interval,
        };
        let body = EventBody::new(parts, None);
        // Older clients choke on the empty data of a priming event.
        let retry = session.machine().revision().has_priming().then_some(RETRY);
        if let Err(error) = std::future::poll_fn(|cx| shared.poll_begun(retry, cx)).await {
            return self.not_stored(&session, id, &error);
        }
        event_stream(OutgoingBody::stream(body))
    }

    /// A notification or a response: handed on before it is acknowledged.
    async fn notification(
        &self,
        session: &ActiveSession,
        message: Message,
        context: &RequestContext<'_>,
    ) -> Answer {
        if let Err(refusal) = session.machine().handle_activity(unix_ms()) {
            return session_refusal(None, refusal);
        }
        let is_initialized = message.is_method(Method::Initialized.as_str());
        if is_initialized && session.machine().handle_initialized() {
            let stored = session.handle().update(|state| state.is_initialized = true).await;
            if let Err(error) = stored {
                return self.not_stored(session, None, &error);
            }
        }
        match call(session, message.into(), context).await {
            Ok(_) => accepted(),
            Err(fault) => faulted(None, &fault),
        }
    }

    /// An array of 2025-03-26: its calls run at once, their answers come as they are ready.
    async fn batch(
        &self,
        session: Arc<ActiveSession>,
        messages: Vec<Message>,
        context: &RequestContext<'_>,
    ) -> Answer {
        let (mut requests, mut others) = (Vec::new(), Vec::new());
        for message in messages {
            match message.into_request() {
                Ok(request) => requests.push(request),
                Err(other) => others.push(other),
            }
        }
        let is_initialize = |it: &Request| it.is_method(Method::Initialize.as_str());
        if requests.iter().any(is_initialize) {
            // "the initialize request MUST NOT be part of a JSON-RPC batch" (2025-03-26).
            let message = "`initialize` must not be part of a batch";
            return refused(StatusCode::BAD_REQUEST, None, message);
        }
        let mut started = Vec::new();
        for request in requests {
            let id = Some(request.id());
            match self.start(&session, request, context) {
                Ok((reply, in_flight)) => started.push((id, reply, in_flight)),
                Err(refusal) => return *refusal,
            }
        }
        for message in others {
            let answer = self.notification(&session, message, context).await;
            if answer.status() != StatusCode::ACCEPTED {
                return answer;
            }
        }
        if started.is_empty() {
            return accepted();
        }
        if !context.accepts.events {
            return empty(StatusCode::NOT_ACCEPTABLE);
        }
        let mut in_flight = Vec::new();
        let mut runs = Vec::new();
        for (id, reply, flight) in started {
            in_flight.push(flight);
            runs.push(reply.answered(id));
        }
        let answers = in_flight.len();
        let merged = ReplyStream::merged(Messages::new(select_all(runs)), answers);
        let pending = PendingReply::batch(merged, in_flight, &self.detached);
        self.stream(session, pending).await
    }

    /// GET: the messages that belong to no call, or the rest of a stream.
    pub(crate) async fn get(
        &self,
        session: Arc<ActiveSession>,
        last_event_id: Option<&str>,
        context: &RequestContext<'_>,
    ) -> Answer {
        if !context.accepts.events {
            return empty(StatusCode::NOT_ACCEPTABLE);
        }
        let Some(text) = last_event_id else {
            return self.listen(session, None, context).await;
        };
        let Ok(event_id) = text.parse::<EventId>() else {
            return refused(StatusCode::BAD_REQUEST, None, "Last-Event-ID is not of this server");
        };
        if event_id.stream == eyot_session::StreamNo::STANDALONE {
            return self.listen(session, Some(event_id.position), context).await;
        }
        self.resume(session, event_id, context).await
    }

    /// A fresh or resumed reader of the standalone stream.
    async fn listen(
        &self,
        session: Arc<ActiveSession>,
        after: Option<eyot_session::Position>,
        context: &RequestContext<'_>,
    ) -> Answer {
        let opened = session.machine().handle_stream_opened(unix_ms());
        if let Err(refusal) = opened {
            return session_refusal(None, refusal);
        }
        let stream = eyot_session::StreamNo::STANDALONE;
        let shared = session.standalone();
        if shared.cursor().is_none()
            && let Some(cursor) = Box::pin(earlier_cursor(&session)).await
        {
            shared.go_on_behind(cursor);
        }
        let (reader, shown) = shared.attach();
        let handle = session.handle();
        let replay = after.map(|after| crate::replay::Replay::new(handle, stream, after, shown));
        let priming = (session.machine().revision().has_priming() && after.is_none())
            .then(|| shown.map(|position| EventId { stream, position }.text()))
            .flatten()
            .map(|id| encode_priming(id.as_str(), Some(RETRY)));
        let listen = listener(&session, context);
        let listening = shared.wants_source().then(|| listen(shared.cursor()));
        let parts = BodyParts {
            session,
            stream,
            shared: Some(Arc::clone(&shared)),
            reader: Some(reader),
            replay,
            detached: Arc::clone(&self.detached),
            keep_alive: self.limits.http.keep_alive_interval,
        };
        // Something goes out at once, so that the client sees the stream open.
        let first = priming.unwrap_or_else(|| bytes::Bytes::from_static(eyot_frame::KEEP_ALIVE));
        let drain = self.shutdown.drained().clone().cancelled_owned();
        let body = EventBody::new(parts, Some(first)).listening(listen, drain);
        // What the upstream sends before its stream is open is lost: the client learns that its
        // stream is open when the upstream's is, or a little later.
        if let Some(listening) = listening {
            let opened = tokio::time::timeout(self.limits.calls.json_patience, listening).await;
            if let Ok(Ok(Reply::Stream(source))) = opened {
                shared.set_source(reader, ReplyStream::endless(source));
            }
        }
        event_stream(OutgoingBody::stream(body))
    }

    /// A write of a session failed; a session that is no longer ours is answered like one
    /// that has ended.
    fn not_stored(&self, session: &ActiveSession, id: Option<Id>, error: &StoreError) -> Answer {
        if matches!(error, StoreError::Fenced | StoreError::NotFound) {
            self.registry.forget(session);
            return refused(StatusCode::NOT_FOUND, id, "session not found");
        }
        store_failed(id, error)
    }

    /// DELETE: ends the session.
    pub(crate) async fn delete(
        &self,
        session: &Arc<ActiveSession>,
        context: &RequestContext<'_>,
    ) -> Answer {
        match self.registry.end_at(session, context.found.service().clone()).await {
            Ok(()) => empty(StatusCode::NO_CONTENT),
            Err(error) => store_failed(None, &error),
        }
    }
}

fn call(session: &ActiveSession, input: Input, context: &RequestContext<'_>) -> ReplyFuture {
    context.found.service().clone().call(session.call(input, context.peer.clone()))
}

/// Opens the messages that belong to no call, now and again.
fn listener(session: &Arc<ActiveSession>, context: &RequestContext<'_>) -> Listen {
    let (service, peer) = (context.found.service().clone(), context.peer.clone());
    let session = Arc::clone(session);
    Box::new(move |cursor| {
        let call = session.call(Input::Listen { cursor }, peer.clone());
        BoxService::clone(&service).call(call)
    })
}

/// A call before its first output. Dropped by a disconnect, it goes on without a reader.
struct PendingReply<'a> {
    reply: Option<ReplyStream>,
    /// Of a call by itself: a list for one would be an allocation.
    one_in_flight: Option<InFlight>,
    /// Of a batch.
    in_flight: Vec<InFlight>,
    detached: &'a DetachedCalls,
}

impl<'a> PendingReply<'a> {
    fn one(reply: ReplyStream, in_flight: InFlight, detached: &'a DetachedCalls) -> Self {
        let one_in_flight = Some(in_flight);
        Self { reply: Some(reply), one_in_flight, in_flight: Vec::new(), detached }
    }

    fn batch(reply: ReplyStream, in_flight: Vec<InFlight>, detached: &'a DetachedCalls) -> Self {
        Self { reply: Some(reply), one_in_flight: None, in_flight, detached }
    }

    /// The client's id of a call by itself.
    fn id(&self) -> Option<Id> {
        self.one_in_flight.as_ref().map(|it| it.id().clone())
    }

    async fn first(&mut self, patience: Option<Duration>, timer: &Timer) -> First {
        match &mut self.reply {
            Some(reply) => reply.first(patience, timer).await,
            None => First::Ended,
        }
    }

    fn put_back(&mut self, item: ReplyItem) {
        if let Some(reply) = &mut self.reply {
            reply.put_back(item);
        }
    }

    fn take(mut self) -> (ReplyStream, Vec<InFlight>) {
        let reply = self.reply.take().unwrap_or_else(ReplyStream::over);
        (reply, self.take_in_flight())
    }

    fn take_in_flight(&mut self) -> Vec<InFlight> {
        let mut in_flight = std::mem::take(&mut self.in_flight);
        in_flight.extend(self.one_in_flight.take());
        in_flight
    }
}

impl Drop for PendingReply<'_> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take().filter(|it| !it.is_over()) {
            let in_flight = self.take_in_flight();
            self.detached.run_out(reply, in_flight);
        }
    }
}

/// How long a client waits before it comes back for a stream that broke.
const RETRY: Duration = Duration::from_secs(1);

/// When a session may have ended, so that another may begin.
const FULL_RETRY: Duration = Duration::from_secs(5);

fn session_refusal(id: Option<Id>, error: SessionError) -> Answer {
    let status = match error {
        SessionError::Closed => StatusCode::NOT_FOUND,
        SessionError::TooManyRequests { .. } | SessionError::TooManyStreams { .. } => {
            StatusCode::TOO_MANY_REQUESTS
        }
        _ => StatusCode::BAD_REQUEST,
    };
    refused(status, id, &error.to_string())
}

/// There is no session to serve, though there could be one at another time.
fn registry_refusal(id: Option<Id>, refusal: &OpenError) -> Answer {
    match refusal {
        OpenError::Store(failure) => store_failed(id, failure),
        OpenError::TooMany(error) => {
            tracing::warn!(%refusal, "session is not served");
            faulted(id, &Fault::overloaded(error.clone(), FULL_RETRY))
        }
        OpenError::Unsure | OpenError::Moving | OpenError::Elsewhere(_) => {
            let fault = Fault::internal("the session moves between servers");
            later(error(StatusCode::SERVICE_UNAVAILABLE, id, &fault.error))
        }
        OpenError::NoId => faulted(id, &Fault::internal("no session id can be made")),
    }
}

fn store_failed(id: Option<Id>, failure: &StoreError) -> Answer {
    tracing::error!(error = %failure, "store failed");
    let fault = Fault::internal("the session store cannot be used now");
    later(error(StatusCode::SERVICE_UNAVAILABLE, id, &fault.error))
}

fn later(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// A fault that came before anything was sent.
fn faulted(id: Option<Id>, it: &Fault) -> Answer {
    tell(it);
    fault(id, it, Era::Legacy)
}

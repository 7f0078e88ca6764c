//! One legacy session at an HTTP upstream (2025-03-26 to 2025-11-25).

use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{CookieJar, UpstreamBody};
use eyot_jsonrpc::{ErrorObject, Id, Kind, Message, Notification, Request, Response, UpstreamId};
use eyot_service::{Fault, FaultKind, Limits, Messages, Reply, ReplyItem};
use eyot_types::codes::{self, Outcome};
use eyot_types::{InitializeResult, headers};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use parking_lot::Mutex;

use crate::bare_status::BareStatus;
use crate::call_stream::{CallStream, RunningCall};
use crate::cancelled::{cancelled, cancelled_by_caller};
use crate::event_stream::EventMessages;
use crate::forgotten::{SaidError, says_forgotten};
use crate::http_link::{Ask, HttpLink};
use crate::http_response::{Answer, discard, invalid, read_answer, refusal, unexpected_status};
use crate::legacy::ResumedSession;
use crate::standalone_stream::StandaloneStream;
use crate::upstream_ids::UpstreamIds;

/// An upstream session. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HttpSession(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    link: HttpLink,
    session_id: Option<HeaderValue>,
    revision: Option<HeaderValue>,
    cookies: CookieJar,
    ids: UpstreamIds,
    /// The caller's ids of running calls, with ours: for cancellation.
    running: Mutex<Vec<(Id, UpstreamId)>>,
    limits: Arc<Limits>,
}

impl HttpSession {
    /// Opens a session with the client's own `initialize`.
    pub(crate) async fn open(
        link: &HttpLink,
        initialize: Request,
        limits: &Arc<Limits>,
    ) -> Result<(Self, Response), Fault> {
        let id = initialize.id();
        let request = initialize.with_upstream_id(INITIALIZE);
        let cookies = CookieJar::default();
        let headers = || Ok(post_headers(HeaderMap::new()));
        let asking = Ask {
            method: Method::POST,
            headers: &headers,
            message: Some(&request),
            cookies: Some(&cookies),
        };
        let response = link.send(asking).await?;
        let session_id = response.headers().get(headers::SESSION_ID);
        let session_id = session_id.and_then(|it| it.to_str().ok()).map(str::to_owned);
        let answer = match read_answer(response, limits).await? {
            Answer::Messages(_, messages) => {
                messages.into_iter().find_map(|it| it.into_response().ok())
            }
            Answer::Events(mut events) => first_answer(&mut events).await?,
            Answer::Status(bare) => return Err(bare.fault()),
        };
        let answer = answer.ok_or_else(|| invalid("upstream did not answer `initialize`"))?;
        let revision = revision(&answer);
        let known = ResumedSession {
            session_id: session_id.as_deref(),
            revision: revision.as_deref(),
            cookies: None,
        };
        let session = Self::with_cookies(link, &known, cookies, limits);
        Ok((session, answer.with_client_id(id)))
    }

    /// Goes on with a session that was opened before, perhaps by another process.
    pub(crate) fn resume(
        link: &HttpLink,
        session: &ResumedSession<'_>,
        limits: &Arc<Limits>,
    ) -> Self {
        let cookies = session.cookies.map(CookieJar::restored).unwrap_or_default();
        Self::with_cookies(link, session, cookies, limits)
    }

    fn with_cookies(
        link: &HttpLink,
        session: &ResumedSession<'_>,
        cookies: CookieJar,
        limits: &Arc<Limits>,
    ) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Self(Arc::new(Shared {
            link: link.clone(),
            session_id: session.session_id.and_then(value),
            revision: session.revision.and_then(value),
            cookies,
            // Requests of an earlier process may still run upstream; a random start keeps their ids
            // apart from ours.
            ids: UpstreamIds::starting_at(first_id()),
            running: Mutex::new(Vec::new()),
            limits: Arc::clone(limits),
        }))
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        self.0.session_id.as_ref()?.to_str().ok()
    }

    /// The cookies that the upstream has set in the session, as
    /// [`ResumedSession::cookies`] takes them.
    pub(crate) fn cookies(&self) -> Option<String> {
        self.0.cookies.to_text()
    }

    /// Sends a request.
    pub(crate) async fn request(&self, request: Request) -> Result<Reply, Fault> {
        let ours = self.0.ids.next();
        let call = RunningCall::begin(self.clone(), request.id(), ours);
        let response = self.post(&request.with_upstream_id(ours)).await?;
        match read_answer(response, &self.0.limits).await? {
            Answer::Messages(status, messages) => {
                if let Some(fault) = self.forgotten(status, &messages, Some(ours)) {
                    return Err(fault);
                }
                let answer = match refusal(status, &messages) {
                    Some(error) => Some(error.with_client_id(call.id().clone())),
                    None => messages.into_iter().find_map(|it| call.answer(it)),
                };
                let answer = answer.ok_or_else(|| invalid("upstream answered another request"));
                answer.map(Reply::One)
            }
            Answer::Events(events) if self.0.session_id.is_none() => {
                Ok(Reply::Stream(call.follow(Some(events), None)))
            }
            Answer::Events(events) => self.begun(call.read(events)).await,
            Answer::Status(bare) => Err(self.status_fault(&bare)),
        }
    }

    /// The reply on a stream, once its first event shows that the upstream knows the session.
    async fn begun(&self, stream: CallStream) -> Result<Reply, Fault> {
        let Some((first, rest)) = stream.next().await else { return Err(Fault::unanswered()) };
        if let Ok(ReplyItem::Message { message, .. }) = &first
            && message.kind() == Kind::Error
            && let Some(fault) = self.forgotten(StatusCode::OK, std::slice::from_ref(message), None)
        {
            return Err(fault);
        }
        Ok(Reply::Stream(rest.behind(first)))
    }

    /// Sends a notification or a response.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        let sending = async {
            let response = self.post(&message).await?;
            if response.status().is_success() {
                discard(response.into_body()).await;
                return Ok(());
            }
            Err(self.refused(&message, response).await)
        };
        let timeout = self.0.limits.calls.timeout;
        let sent = tokio::time::timeout(timeout, sending).await;
        sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))
    }

    /// The fault for a message without an answer that the upstream has not taken.
    async fn refused(&self, message: &Message, response: http::Response<UpstreamBody>) -> Fault {
        let bare = BareStatus::of(response.status(), response.headers());
        let patience = self.0.limits.upstream.connect_timeout;
        let answer = tokio::time::timeout(patience, read_answer(response, &self.0.limits)).await;
        match answer {
            Ok(Ok(Answer::Messages(status, messages))) => {
                self.forgotten(status, &messages, None).unwrap_or_else(|| {
                    let error = refusal(status, &messages).and_then(|it| it.error_object());
                    not_taken(message, status, error.as_ref())
                })
            }
            Ok(Ok(Answer::Status(bare))) => self.bare_refusal(message, &bare),
            _ => self.bare_refusal(message, &bare),
        }
    }

    fn bare_refusal(&self, message: &Message, bare: &BareStatus) -> Fault {
        let fault = self.status_fault(bare);
        match fault.kind {
            FaultKind::SessionGone => fault,
            _ => Fault { error: not_taken(message, bare.status, None).error, ..fault },
        }
    }

    /// Cancels the call that the caller calls `id`.
    pub(crate) async fn cancel(&self, id: &Id, message: &Message) -> Result<(), Fault> {
        let Some(ours) = self.running(id) else { return Ok(()) };
        self.send(cancelled_by_caller(ours, message).into_message()).await
    }

    /// The message that tells the upstream that the caller has given up its call `id`; `None` when
    /// the call does not run.
    pub(crate) fn cancellation(&self, id: &Id, reason: &str) -> Option<Notification> {
        Some(cancelled(self.running(id)?, reason))
    }

    /// Keeps our id of a call for as long as the call runs.
    pub(crate) fn begin_call(&self, id: Id, ours: UpstreamId) {
        self.0.running.lock().push((id, ours));
    }

    /// The call is over.
    pub(crate) fn end_call(&self, ours: UpstreamId) {
        self.0.running.lock().retain(|it| it.1 != ours);
    }

    /// Our id of the running call that the caller calls `id`.
    fn running(&self, id: &Id) -> Option<UpstreamId> {
        self.0.running.lock().iter().find(|it| it.0 == *id).map(|it| it.1)
    }

    /// The messages that belong to no call, from after `cursor`. The stream is opened again when
    /// the upstream ends it. It ends when the upstream offers none, and with a fault when the
    /// upstream has forgotten the session.
    ///
    /// Returns when the upstream has opened its stream, or could not: what it sends before is lost.
    pub(crate) async fn listen(&self, cursor: Option<Bytes>) -> Messages {
        StandaloneStream::open(self.clone(), cursor).await.into_messages()
    }

    /// The rest of a call that an earlier process began.
    pub(crate) fn follow(&self, id: Id, cursor: Bytes) -> Messages {
        RunningCall::resumed(self.clone(), id).follow(None, Some(cursor))
    }

    /// Ends the upstream session. "Clients that no longer need a particular session SHOULD
    /// send an HTTP DELETE" (2025-11-25, basic/transports).
    pub(crate) async fn close(&self) {
        if self.0.session_id.is_none() {
            return;
        }
        let headers = || Ok(self.headers());
        let ending = self.0.link.send(self.ask(Method::DELETE, &headers, None));
        match tokio::time::timeout(self.0.limits.upstream.connect_timeout, ending).await {
            Ok(Ok(_)) => {}
            Ok(Err(fault)) => tracing::debug!(%fault, "upstream session was not ended"),
            Err(_elapsed) => tracing::debug!("upstream does not say that its session has ended"),
        }
    }

    /// "MUST include it in the `MCP-Session-Id` header on all of their subsequent HTTP
    /// requests", and the revision likewise (2025-11-25, basic/transports).
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        if let Some(session_id) = &self.0.session_id {
            headers.insert(SESSION_ID, session_id.clone());
        }
        if let Some(revision) = &self.0.revision {
            headers.insert(PROTOCOL_VERSION, revision.clone());
        }
        headers
    }

    async fn post(&self, message: &Message) -> Result<http::Response<UpstreamBody>, Fault> {
        let headers = || Ok(post_headers(self.headers()));
        self.0.link.send(self.ask(Method::POST, &headers, Some(message))).await
    }

    fn ask<'a>(
        &'a self,
        method: Method,
        headers: &'a (dyn Fn() -> Result<HeaderMap, Fault> + Sync),
        message: Option<&'a Message>,
    ) -> Ask<'a> {
        Ask { method, headers, message, cookies: Some(&self.0.cookies) }
    }

    /// Opens an event stream behind `cursor`.
    pub(crate) async fn get(&self, cursor: Option<&Bytes>) -> Result<Answer, Fault> {
        let cursor = cursor.and_then(|it| HeaderValue::from_bytes(it).ok());
        let headers = || {
            let mut headers = self.headers();
            headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
            if let Some(cursor) = cursor.clone() {
                headers.insert(HeaderName::from_static(headers::LAST_EVENT_ID), cursor);
            }
            Ok(headers)
        };
        let response = self.0.link.send(self.ask(Method::GET, &headers, None)).await?;
        read_answer(response, &self.0.limits).await
    }

    /// The fault of an answer that means: no such session. `ours` is our id of the request.
    fn forgotten(
        &self,
        status: StatusCode,
        messages: &[Message],
        ours: Option<UpstreamId>,
    ) -> Option<Fault> {
        self.0.session_id.as_ref()?;
        let said = messages.iter().find(|it| it.kind() == Kind::Error);
        // Most answers are none of an error.
        if said.is_none() && status.is_success() {
            return None;
        }
        let error = said.and_then(|it| it.decode_error().ok());
        let answered = said.and_then(|it| it.clone().into_response().ok()?.upstream_id());
        let is_about_request = ours.is_some() && answered == ours;
        let judged = error.as_ref().map(|error| SaidError { error, is_about_request });
        says_forgotten(status, judged, "").then(|| gone(status, error))
    }

    /// The status of a refused authorization which no later token can mend.
    pub(crate) fn refusal(&self, fault: &Fault) -> Option<StatusCode> {
        let challenge = fault.challenge.as_ref().filter(|_| !self.0.link.has_tokens());
        challenge.map(|it| it.status)
    }

    /// The fault of a stream that the upstream does not open.
    pub(crate) fn refused_stream(&self, status: StatusCode, messages: &[Message]) -> Fault {
        let forgotten = self.forgotten(status, messages, None);
        forgotten.unwrap_or_else(|| unexpected_status(status))
    }

    /// The fault of a status in the session.
    pub(crate) fn status_fault(&self, bare: &BareStatus) -> Fault {
        let is_forgotten =
            self.0.session_id.is_some() && says_forgotten(bare.status, None, &bare.words);
        if is_forgotten { gone(bare.status, None) } else { bare.fault() }
    }
}

/// The fault of a session that the upstream has forgotten; `said`: in these words.
fn gone(status: StatusCode, said: Option<ErrorObject>) -> Fault {
    let words = said.as_ref().map(|it| format!(": {} ({})", it.message, it.code));
    let words = words.unwrap_or_default();
    let reason = format!("upstream does not know the session, HTTP status {status}{words}");
    let error = codes::upstream_lost(&reason, Outcome::NotSent, false);
    Fault::new(FaultKind::SessionGone, error).with_upstream_error(said)
}

/// The fault for a message without an answer that the upstream refuses.
fn not_taken(message: &Message, status: StatusCode, error: Option<&ErrorObject>) -> Fault {
    let what = message.method().unwrap_or_else(|| "an answer".into());
    let words = error.map(|it| format!(": {} ({})", it.message, it.code)).unwrap_or_default();
    let reason = format!("upstream refused {what:?} with HTTP status {status}{words}");
    let outcome = if status.is_server_error() { Outcome::Unknown } else { Outcome::NotSent };
    let error = codes::upstream_lost(&reason, outcome, status.is_server_error());
    Fault::upstream(error)
}

async fn first_answer(events: &mut EventMessages) -> Result<Option<Response>, Fault> {
    while let Some(item) = events.next().await {
        match item {
            Ok(item) => {
                let message = item.into_message().map(Message::into_response);
                if let Some(Ok(answer)) = message {
                    return Ok(Some(answer));
                }
            }
            Err(text) if text.may_answer(Some(INITIALIZE)) => return Err(text.fault()),
            Err(text) => text.drop_unused(),
        }
    }
    Ok(None)
}

fn revision(answer: &Message) -> Option<String> {
    InitializeResult::agreed_version(answer.result()?)
}

fn post_headers(mut headers: HeaderMap) -> HeaderMap {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let both = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(ACCEPT, both);
    headers
}

fn first_id() -> UpstreamId {
    let random = u64::from_le_bytes(eyot_stdx::random_bytes());
    // Room to count up within what every JSON reader keeps exactly (2^53).
    UpstreamId::new((random >> 16).max(1))
}

/// The id of `initialize`, which no other request of the session has.
const INITIALIZE: UpstreamId = UpstreamId::new(0);
const SESSION_ID: HeaderName = HeaderName::from_static(headers::SESSION_ID);
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static(headers::PROTOCOL_VERSION);
/// Room for what a request has, so that the map does not grow.
const HEADERS: usize = 7;

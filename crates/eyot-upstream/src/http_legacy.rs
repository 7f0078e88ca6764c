//! One legacy session at an HTTP upstream (2025-03-26 to 2025-11-25).

mod call_stream;
mod forgotten;
mod pace;
mod standalone_stream;
mod wire;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{CookieJar, UpstreamBody};
use eyot_jsonrpc::{ErrorObject, Id, Kind, Message, Notification, Request, Response, UpstreamId};
use eyot_service::{Fault, FaultKind, Limits, Messages, Reply, ReplyItem};
use eyot_types::codes::{self, Outcome};
use eyot_types::{InitializeResult, headers};
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, StatusCode};

use self::call_stream::{CallStream, RunningCall};
use self::standalone_stream::StandaloneStream;
use self::wire::{SessionFacts, Wire};
use crate::cancelled::{cancelled, cancelled_by_caller};
use crate::event_stream::EventMessages;
use crate::http_link::{Ask, HttpLink};
use crate::http_response::{
    Answer, BareStatus, discard, invalid, post_headers, read_answer, refusal,
};

/// A session of an earlier process, as it was stored.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users from what they have stored")]
pub struct ResumedSession<'a> {
    /// `Mcp-Session-Id` that the upstream gave.
    pub session_id: Option<&'a str>,
    /// The revision that was agreed.
    pub revision: Option<&'a str>,
    /// The cookies that the upstream had set, as
    /// [`LegacyConnection::cookies`](crate::LegacyConnection::cookies) gave them.
    pub cookies: Option<&'a str>,
}

/// An upstream session. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HttpSession(Wire);

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
        let facts = SessionFacts {
            session_id: session_id.as_deref(),
            revision: revision.as_deref(),
            cookies,
        };
        Ok((Self(Wire::new(link, facts, limits)), answer.with_client_id(id)))
    }

    /// Goes on with a session that was opened before, perhaps by another process.
    pub(crate) fn resume(
        link: &HttpLink,
        session: &ResumedSession<'_>,
        limits: &Arc<Limits>,
    ) -> Self {
        let ResumedSession { session_id, revision, cookies } = *session;
        let cookies = cookies.map(CookieJar::restored).unwrap_or_default();
        Self(Wire::new(link, SessionFacts { session_id, revision, cookies }, limits))
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        self.0.session_id()
    }

    /// The cookies that the upstream has set in the session, as
    /// [`ResumedSession::cookies`] takes them.
    pub(crate) fn cookies(&self) -> Option<String> {
        self.0.cookies().to_text()
    }

    /// Sends a request.
    pub(crate) async fn request(&self, request: Request) -> Result<Reply, Fault> {
        let ours = self.0.next_id();
        let call = RunningCall::begin(self.0.clone(), request.id(), ours);
        let response = self.0.post(&request.with_upstream_id(ours)).await?;
        match read_answer(response, self.0.limits()).await? {
            Answer::Messages(status, messages) => {
                if let Some(fault) = self.0.forgotten(status, messages.as_slice(), Some(ours)) {
                    return Err(fault);
                }
                let answer = match refusal(status, &messages) {
                    Some(error) => Some(error.with_client_id(call.id().clone())),
                    None => messages.into_iter().find_map(|it| call.answer(it)),
                };
                let answer = answer.ok_or_else(|| invalid("upstream answered another request"));
                answer.map(Reply::One)
            }
            Answer::Events(events) if self.0.session_id().is_none() => {
                Ok(Reply::Stream(call.follow(Some(events), None)))
            }
            Answer::Events(events) => self.begun(call.read(events)).await,
            Answer::Status(bare) => Err(self.0.status_fault(&bare)),
        }
    }

    /// The reply on a stream, once its first event shows that the upstream knows the session.
    async fn begun(&self, mut stream: Pin<Box<CallStream>>) -> Result<Reply, Fault> {
        let Some(first) = stream.next().await else { return Err(Fault::unanswered()) };
        if let Ok(ReplyItem::Message { message, .. }) = &first
            && message.kind() == Kind::Error
            && let Some(fault) =
                self.0.forgotten(StatusCode::OK, std::slice::from_ref(message), None)
        {
            return Err(fault);
        }
        stream.put_back(first);
        Ok(Reply::Stream(stream.into()))
    }

    /// Sends a notification or a response.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        let sending = async {
            let response = self.0.post(&message).await?;
            if response.status().is_success() {
                discard(response.into_body()).await;
                return Ok(());
            }
            Err(self.refused(&message, response).await)
        };
        let timeout = self.0.limits().calls.timeout;
        let sent = tokio::time::timeout(timeout, sending).await;
        sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))
    }

    /// The fault for a message without an answer that the upstream has not taken.
    async fn refused(&self, message: &Message, response: http::Response<UpstreamBody>) -> Fault {
        let bare = BareStatus::of(response.status(), response.headers());
        let patience = self.0.limits().upstream.connect_timeout;
        let answer = tokio::time::timeout(patience, read_answer(response, self.0.limits())).await;
        match answer {
            Ok(Ok(Answer::Messages(status, messages))) => {
                self.0.forgotten(status, messages.as_slice(), None).unwrap_or_else(|| {
                    let error = refusal(status, &messages).and_then(|it| it.error_object());
                    not_taken(message, status, error.as_ref())
                })
            }
            Ok(Ok(Answer::Status(bare))) => self.bare_refusal(message, &bare),
            _ => self.bare_refusal(message, &bare),
        }
    }

    fn bare_refusal(&self, message: &Message, bare: &BareStatus) -> Fault {
        let fault = self.0.status_fault(bare);
        match fault.kind {
            FaultKind::SessionGone => fault,
            _ => Fault { error: not_taken(message, bare.status, None).error, ..fault },
        }
    }

    /// Cancels the call that the caller calls `id`.
    pub(crate) async fn cancel(&self, id: &Id, message: &Message) -> Result<(), Fault> {
        let Some(ours) = self.0.running(id) else { return Ok(()) };
        self.send(cancelled_by_caller(ours, message).into_message()).await
    }

    /// The message that tells the upstream that the caller has given up its call `id`; `None` when
    /// the call does not run.
    pub(crate) fn cancellation(&self, id: &Id, reason: &str) -> Option<Notification> {
        Some(cancelled(self.0.running(id)?, reason))
    }

    /// The messages that belong to no call, from after `cursor`. The stream is opened again when
    /// the upstream ends it. It ends when the upstream offers none, and with a fault when the
    /// upstream has forgotten the session.
    ///
    /// Returns when the upstream has opened its stream, or could not: what it sends before is lost.
    pub(crate) async fn listen(&self, cursor: Option<Bytes>) -> Messages {
        Messages::new(StandaloneStream::open(self.0.clone(), cursor).await)
    }

    /// The rest of a call that an earlier process began.
    pub(crate) fn follow(&self, id: Id, cursor: Bytes) -> Messages {
        RunningCall::resumed(self.0.clone(), id).follow(None, Some(cursor))
    }

    /// Ends the upstream session. "Clients that no longer need a particular session SHOULD
    /// send an HTTP DELETE" (2025-11-25, basic/transports).
    pub(crate) async fn close(&self) {
        if self.0.session_id().is_none() {
            return;
        }
        let patience = self.0.limits().upstream.connect_timeout;
        match tokio::time::timeout(patience, self.0.delete()).await {
            Ok(Ok(_)) => {}
            Ok(Err(fault)) => tracing::debug!(%fault, "upstream session was not ended"),
            Err(_elapsed) => tracing::debug!("upstream does not say that its session has ended"),
        }
    }
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

/// The id of `initialize`, which no other request of the session has.
const INITIALIZE: UpstreamId = UpstreamId::new(0);

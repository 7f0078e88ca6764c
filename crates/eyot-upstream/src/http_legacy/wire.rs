//! The requests of one legacy session at an HTTP upstream, and what their answers say of the session.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_http::{CookieJar, UpstreamBody};
use eyot_jsonrpc::{ErrorObject, Id, Kind, Message, UpstreamId};
use eyot_service::{Fault, FaultKind, Limits};
use eyot_types::codes::{self, Outcome};
use eyot_types::headers;
use http::header::{ACCEPT, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use parking_lot::Mutex;

use super::forgotten::{SaidError, says_forgotten};
use crate::http_link::{Ask, HttpLink};
use crate::http_response::{Answer, BareStatus, post_headers, read_answer, unexpected_status};
use crate::running_calls::RunningCalls;
use crate::upstream_ids::UpstreamIds;

/// A session, as each of its requests needs it. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    link: HttpLink,
    session_id: Option<HeaderValue>,
    revision: Option<HeaderValue>,
    cookies: CookieJar,
    ids: UpstreamIds,
    /// For cancellation.
    running: Mutex<RunningCalls>,
    limits: Arc<Limits>,
}

/// An event stream that is opened, and the answer to that.
pub(super) type Opening = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send>>;

/// What a session is known by.
pub(super) struct SessionFacts<'a> {
    pub(super) session_id: Option<&'a str>,
    pub(super) revision: Option<&'a str>,
    pub(super) cookies: CookieJar,
}

impl Wire {
    /// The requests of a session that is open.
    pub(super) fn new(link: &HttpLink, facts: SessionFacts<'_>, limits: &Arc<Limits>) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Self(Arc::new(Shared {
            link: link.clone(),
            session_id: facts.session_id.and_then(value),
            revision: facts.revision.and_then(value),
            cookies: facts.cookies,
            // Requests of an earlier process may still run upstream; a random start keeps their ids
            // apart from ours.
            ids: UpstreamIds::starting_at(first_id()),
            running: Mutex::default(),
            limits: Arc::clone(limits),
        }))
    }

    pub(super) fn session_id(&self) -> Option<&str> {
        self.0.session_id.as_ref()?.to_str().ok()
    }

    pub(super) fn cookies(&self) -> &CookieJar {
        &self.0.cookies
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Our id of the next request.
    pub(super) fn next_id(&self) -> UpstreamId {
        self.0.ids.next()
    }

    /// Keeps our id of a call for as long as the call runs.
    pub(super) fn begin_call(&self, id: Id, ours: UpstreamId) {
        self.0.running.lock().begin(id, ours);
    }

    /// The call is over.
    pub(super) fn end_call(&self, id: &Id, ours: UpstreamId) {
        self.0.running.lock().end(id, ours);
    }

    /// Our id of the running call that the caller calls `id`.
    pub(super) fn running(&self, id: &Id) -> Option<UpstreamId> {
        self.0.running.lock().find(id)
    }

    /// Asks the upstream to end the session.
    pub(super) async fn delete(&self) -> Result<Response<UpstreamBody>, Fault> {
        let headers = || Ok(self.headers());
        self.0.link.send(self.ask(Method::DELETE, &headers, None)).await
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

    /// Sends a message.
    pub(super) async fn post(&self, message: &Message) -> Result<Response<UpstreamBody>, Fault> {
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
    pub(super) async fn get(&self, cursor: Option<&Bytes>) -> Result<Answer, Fault> {
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

    /// Opens an event stream behind `cursor`, after a pause.
    pub(super) fn open_after(self, pause: Duration, cursor: Option<Bytes>) -> Opening {
        Box::pin(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            // Boxed, because it is large: it has no room yet while a pause goes on.
            Box::pin(self.get(cursor.as_ref())).await
        })
    }

    /// The fault of an answer that means: no such session. `ours` is our id of the request.
    pub(super) fn forgotten(
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
    pub(super) fn refusal(&self, fault: &Fault) -> Option<StatusCode> {
        let challenge = fault.challenge.as_ref().filter(|_| !self.0.link.has_tokens());
        challenge.map(|it| it.status)
    }

    /// The fault of a stream that the upstream does not open.
    pub(super) fn refused_stream(&self, status: StatusCode, messages: &[Message]) -> Fault {
        let forgotten = self.forgotten(status, messages, None);
        forgotten.unwrap_or_else(|| unexpected_status(status))
    }

    /// The fault of a status in the session.
    pub(super) fn status_fault(&self, bare: &BareStatus) -> Fault {
        let is_forgotten = match self.0.session_id {
            Some(_) => says_forgotten(bare.status, None, &bare.words),
            // The session of an earlier process may have had the other transport.
            None => self.0.link.transport().is_unknown() && lacks_endpoint(bare.status),
        };
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

/// Whether POSTs have no place where this is the answer.
fn lacks_endpoint(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
}

fn first_id() -> UpstreamId {
    let random = u64::from_le_bytes(eyot_stdx::random_bytes());
    // Room to count up within what every JSON reader keeps exactly (2^53).
    UpstreamId::new((random >> 16).max(1))
}

const SESSION_ID: HeaderName = HeaderName::from_static(headers::SESSION_ID);
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static(headers::PROTOCOL_VERSION);
/// Room for what a request has, so that the map does not grow.
const HEADERS: usize = 7;

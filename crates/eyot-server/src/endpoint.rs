//! One MCP endpoint: who may come in, which era a request belongs to.

use std::net::SocketAddr;

use eyot_http::{
    BodyError, HostPolicy, OutgoingBody, RequestBody, RequestHead, empty, error, not_allowed,
    read_body,
};
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Incoming, Kind, Message};
use eyot_transport::{Limits, Peer};
use eyot_types::{Era, Method as McpMethod, Revision};
use http::header::{ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, request};

use crate::auth::Keys;
use crate::cors;
use crate::legacy::{Asked, Legacy};
use crate::modern::{Modern, is_claimed};
use crate::shutdown::Shutdown;

type Answer = Response<OutgoingBody>;

/// Serves one path to clients of both eras.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) path: String,
    pub(crate) hosts: HostPolicy,
    pub(crate) keys: Keys,
    pub(crate) legacy: Legacy,
    pub(crate) modern: Modern,
    pub(crate) shutdown: Shutdown,
    pub(crate) limits: Limits,
}

const METHODS: &str = "GET, POST, DELETE, OPTIONS";

impl Endpoint {
    /// Answers one request.
    pub(crate) async fn handle(&self, request: Request<RequestBody>, from: SocketAddr) -> Answer {
        if let Err(forbidden) = self.hosts.check(&request) {
            return refused(StatusCode::FORBIDDEN, &forbidden.to_string());
        }
        if request.uri().path() != self.path {
            return empty(StatusCode::NOT_FOUND);
        }
        let origin = request.headers().get(ORIGIN).cloned();
        let mut answer = self.admitted(request, from).await;
        if let Some(origin) = origin {
            cors::allow(origin, &mut answer);
        }
        answer
    }

    async fn admitted(&self, request: Request<RequestBody>, from: SocketAddr) -> Answer {
        let (head, body) = request.into_parts();
        if head.method == Method::OPTIONS {
            return cors::preflight(&head.headers, METHODS);
        }
        let Ok(principal) = self.keys.principal(&head.headers) else {
            return unauthorized();
        };
        let peer = Peer { era: Era::Legacy, principal, address: Some(from) };
        if self.shutdown.is_draining() {
            return refused(StatusCode::SERVICE_UNAVAILABLE, "server is shutting down");
        }
        match head.method {
            Method::POST => self.post(head, body, peer).await,
            Method::GET => self.get(&head.headers, peer).await,
            Method::DELETE => self.delete(&head.headers, peer).await,
            _ => not_allowed(METHODS),
        }
    }

    async fn post(&self, head: request::Parts, body: RequestBody, peer: Peer) -> Answer {
        let request_head = RequestHead::new(&head.headers);
        if let Err(refusal) = request_head.check_json_body() {
            return refused(refusal.status(), &refusal.to_string());
        }
        let accepts = request_head.accepts();
        if !accepts.json && !accepts.events {
            let message = "Accept must allow application/json and text/event-stream";
            return refused(StatusCode::NOT_ACCEPTABLE, message);
        }
        let bytes = match read_body(body, &self.limits).await {
            Ok(bytes) => bytes,
            Err(failure) => return body_failed(failure),
        };
        let incoming = match Incoming::parse(bytes, &self.limits.scan) {
            Ok(incoming) => incoming,
            Err(failure) => {
                return error(StatusCode::BAD_REQUEST, failure.id(), &failure.error_object());
            }
        };
        match incoming {
            Incoming::One(message) if is_claimed(&message, request_head) => {
                let peer = Peer { era: Era::Modern, ..peer };
                self.modern.post(message, &head.headers, peer).await
            }
            incoming => self.post_legacy(incoming, &head.headers, Asked { peer, accepts }).await,
        }
    }

    async fn post_legacy(&self, incoming: Incoming, headers: &HeaderMap, asked: Asked) -> Answer {
        let head = RequestHead::new(headers);
        if let Err(refusal) = check_revision(head) {
            return *refusal;
        }
        let session_id = match head.session_id() {
            Ok(session_id) => session_id,
            Err(refusal) => return refused(refusal.status(), &refusal.to_string()),
        };
        match incoming {
            Incoming::One(message) if is_initialize(&message) && session_id.is_none() => {
                self.legacy.initialize(message, asked.peer).await
            }
            incoming => match self.legacy.session(session_id, &asked.peer).await {
                Ok(session) => self.legacy.post(session, incoming, asked).await,
                Err(refusal) => refusal,
            },
        }
    }

    async fn get(&self, headers: &HeaderMap, peer: Peer) -> Answer {
        let head = RequestHead::new(headers);
        if is_modern(head) {
            return not_allowed("POST");
        }
        let accepts = head.accepts();
        if !accepts.events {
            let message = "Accept must allow text/event-stream";
            return refused(StatusCode::NOT_ACCEPTABLE, message);
        }
        let (session_id, last_event_id) = match (head.session_id(), head.last_event_id()) {
            (Ok(session_id), Ok(last_event_id)) => (session_id, last_event_id),
            (Err(refusal), _) | (_, Err(refusal)) => {
                return refused(refusal.status(), &refusal.to_string());
            }
        };
        if let Err(refusal) = check_revision(head) {
            return *refusal;
        }
        match self.legacy.session(session_id, &peer).await {
            Ok(session) => self.legacy.get(session, last_event_id, Asked { peer, accepts }).await,
            Err(refusal) => refusal,
        }
    }

    async fn delete(&self, headers: &HeaderMap, peer: Peer) -> Answer {
        let head = RequestHead::new(headers);
        if is_modern(head) {
            return not_allowed("POST");
        }
        let session_id = match head.session_id() {
            Ok(session_id) => session_id,
            Err(refusal) => return refused(refusal.status(), &refusal.to_string()),
        };
        match self.legacy.session(session_id, &peer).await {
            Ok(session) => self.legacy.delete(&session).await,
            Err(refusal) => refusal,
        }
    }
}

fn is_initialize(message: &Message) -> bool {
    let method = message.method().unwrap_or_default();
    message.kind() == Kind::Request && McpMethod::parse(&method) == McpMethod::Initialize
}

/// A GET or DELETE of the modern era, which has neither.
fn is_modern(head: RequestHead<'_>) -> bool {
    let version = head.protocol_version().ok().flatten();
    version == Some(Revision::MODERN.as_str())
}

/// "If the server receives a request with an invalid or unsupported
/// `MCP-Protocol-Version`, it MUST respond with 400 Bad Request" (2025-06-18 and
/// 2025-11-25); a missing one is 2025-03-26.
fn check_revision(head: RequestHead<'_>) -> Result<(), Box<Answer>> {
    let version = match head.protocol_version() {
        Ok(version) => version,
        Err(refusal) => return Err(refused(refusal.status(), &refusal.to_string()).into()),
    };
    let revision = version.map(|it| it.parse::<Revision>());
    match revision {
        None => Ok(()),
        Some(Ok(revision)) if revision.era() == Era::Legacy => Ok(()),
        Some(_) => {
            let supported: Vec<_> = Revision::LEGACY.iter().map(|it| it.as_str()).collect();
            let message = format!("MCP-Protocol-Version must be one of {}", supported.join(", "));
            Err(refused(StatusCode::BAD_REQUEST, &message).into())
        }
    }
}

fn body_failed(failure: BodyError) -> Answer {
    let status = match failure {
        BodyError::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut answer = refused(status, &failure.to_string());
    // What is left of the body must not be taken for a request.
    answer.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn unauthorized() -> Answer {
    let mut answer = refused(StatusCode::UNAUTHORIZED, "a known key is required as bearer token");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

fn refused(status: StatusCode, message: &str) -> Answer {
    error(status, None, &ErrorObject::new(INVALID_REQUEST, message))
}

//! The responses of Streamable HTTP.

use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Message};
use eyot_service::{Fault, FaultKind};
use eyot_types::Era;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::OutgoingBody;

/// A response with a status and nothing else.
#[must_use]
pub fn empty(status: StatusCode) -> Response<OutgoingBody> {
    with(status, OutgoingBody::Empty)
}

/// 202: a notification or a response was taken. "The server MUST return HTTP status code
/// 202 Accepted with no body" (2025-11-25, basic/transports).
#[must_use]
pub fn accepted() -> Response<OutgoingBody> {
    empty(StatusCode::ACCEPTED)
}

/// One JSON message.
#[must_use]
pub fn json(status: StatusCode, message: &Message) -> Response<OutgoingBody> {
    let mut response = with(status, message.into());
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
    response.headers_mut().insert(CONTENT_TYPE, APPLICATION_JSON);
    response
}

/// A JSON-RPC error; without `id` when the id of the request is unknown.
#[must_use]
pub fn error(status: StatusCode, id: Option<Id>, error: &ErrorObject) -> Response<OutgoingBody> {
    json(status, &Message::error_response(id, error))
}

/// A response that refuses a request before the service is asked.
#[must_use]
pub fn refused(status: StatusCode, id: Option<Id>, message: &str) -> Response<OutgoingBody> {
    error(status, id, &ErrorObject::new(INVALID_REQUEST, message))
}

/// A fault that came before any message was sent to a client of this era. Without `id` there is no
/// request to answer.
#[must_use]
pub fn fault(id: Option<Id>, fault: &Fault, era: Era) -> Response<OutgoingBody> {
    let status = fault_status(fault.kind, era, id.is_some());
    let mut response = error(status, id, &fault.error);
    if let FaultKind::Overloaded { retry_after } = fault.kind {
        let seconds = HeaderValue::from(retry_after.as_secs().max(1));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// The HTTP status of each fault; there is no other such table.
fn fault_status(kind: FaultKind, era: Era, is_answer: bool) -> StatusCode {
    match (kind, era) {
        (FaultKind::Refused, _) => StatusCode::BAD_REQUEST,
        (FaultKind::Forbidden, _) => StatusCode::FORBIDDEN,
        // "When a client receives HTTP 404 […] it MUST start a new session" (2025-11-25,
        // basic/transports, Session Management). Modern clients have none.
        (FaultKind::SessionGone, Era::Legacy) => StatusCode::NOT_FOUND,
        (FaultKind::Overloaded { .. }, _) => StatusCode::SERVICE_UNAVAILABLE,
        // A failure of a server behind us is an answer like any other.
        (FaultKind::SessionGone | FaultKind::Upstream, _) if is_answer => StatusCode::OK,
        (FaultKind::SessionGone | FaultKind::Upstream, _) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// 405 with the methods that are allowed.
#[must_use]
pub fn not_allowed(methods: &'static str) -> Response<OutgoingBody> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// A stream of events.
///
/// "Servers SHOULD include the `X-Accel-Buffering: no` header" (2026-07-28,
/// basic/transports/streamable-http), and a cache must not keep a stream.
#[must_use]
pub fn event_stream(body: OutgoingBody) -> Response<OutgoingBody> {
    let mut response = with(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

fn with(status: StatusCode, body: OutgoingBody) -> Response<OutgoingBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// What most requests have: hyper reads the headers of a connection's next request into the map of this
/// response, which need not grow.
const HEADERS: usize = 12;
const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[cfg(test)]
mod tests;

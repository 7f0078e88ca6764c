//! The responses of Streamable HTTP.

use eyot_jsonrpc::{ErrorObject, Id, Message};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::OutgoingBody;

/// A status and nothing else.
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
    // Room for this one and a session's id: most answers have no more.
    *response.headers_mut() = HeaderMap::with_capacity(2);
    response.headers_mut().insert(CONTENT_TYPE, APPLICATION_JSON);
    response
}

/// A JSON-RPC error; without `id` when none is known.
#[must_use]
pub fn error(status: StatusCode, id: Option<Id>, error: &ErrorObject) -> Response<OutgoingBody> {
    json(status, &Message::error_response(id, error))
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

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

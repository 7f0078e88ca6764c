//! The answer of an HTTP upstream in each of its forms.

use bytes::{Bytes, BytesMut};
use eyot_http::{HttpError, UpstreamBody};
use eyot_jsonrpc::{Incoming, Kind, Message, Response};
use eyot_service::{Fault, Limits};
use eyot_types::codes::{self, Outcome};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use crate::event_stream::EventMessages;

/// An answer whose head has arrived.
pub(crate) enum Answer {
    /// Messages in a JSON body: one, or a batch of 2025-03-26. The status may be that of an error.
    Messages(StatusCode, Vec<Message>),
    /// A stream of events.
    Events(Box<EventMessages>),
    /// A status without a JSON-RPC body.
    Status(StatusCode),
}

/// Takes an answer apart. A JSON body is read whole, within the limit.
pub(crate) async fn read_answer(
    response: http::Response<UpstreamBody>,
    limits: &Limits,
) -> Result<Answer, Fault> {
    let (head, body) = response.into_parts();
    if is_media_type(&head.headers, "text/event-stream") && head.status.is_success() {
        return Ok(Answer::Events(Box::new(EventMessages::new(body, limits))));
    }
    if head.status == StatusCode::ACCEPTED || !is_media_type(&head.headers, "application/json") {
        discard(body).await;
        return Ok(Answer::Status(head.status));
    }
    let bytes = collect(body, limits).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(Answer::Status(head.status));
    }
    match Incoming::parse(bytes, &limits.messages.scan) {
        Ok(Incoming::One(message)) => Ok(Answer::Messages(head.status, vec![message])),
        Ok(Incoming::Batch(messages)) => Ok(Answer::Messages(head.status, messages)),
        // An error status with a JSON body of another kind is still that status.
        Err(_) if !head.status.is_success() => Ok(Answer::Status(head.status)),
        Err(error) => Err(invalid(&format!("upstream's answer is invalid: {error}"))),
    }
}

/// The error in the body of a refusal. It is about the request, even under another id: some servers
/// refuse a request before they read it, under an id of their own.
pub(crate) fn refusal(status: StatusCode, messages: &[Message]) -> Option<Response> {
    let error = messages.iter().find(|it| it.kind() == Kind::Error);
    error.filter(|_| !status.is_success()).cloned()?.into_response().ok()
}

/// The fault for an answer that refuses the authorization: the error in its body, or else the
/// status.
pub(crate) async fn unauthorized(response: http::Response<UpstreamBody>, limits: &Limits) -> Fault {
    let status = response.status();
    match read_answer(response, limits).await {
        Ok(Answer::Messages(status, messages)) => {
            let error = refusal(status, &messages).and_then(|it| it.error_object());
            error.map_or_else(|| unexpected_status(status), Fault::upstream)
        }
        Ok(_) => unexpected_status(status),
        Err(fault) => fault,
    }
}

/// The fault for an answer that is a status without a JSON-RPC message.
pub(crate) fn unexpected_status(status: StatusCode) -> Fault {
    let reason = format!("upstream answered with HTTP status {status}");
    // The upstream says that it did not take the request, or that it failed in it.
    let outcome = if status.is_client_error() { Outcome::NotSent } else { Outcome::Unknown };
    let error = codes::upstream_lost(&reason, outcome, status.is_server_error());
    if eyot_era::detect::is_legacy_refusal(status.as_u16()) {
        Fault::refused(error)
    } else {
        Fault::upstream(error)
    }
}

/// The fault for a request that got no answer.
pub(crate) fn unanswered(error: &HttpError) -> Fault {
    let outcome = if error.may_have_been_read() { Outcome::Unknown } else { Outcome::NotSent };
    let text = error.operator_text();
    if let Some(text) = &text {
        tracing::warn!(error = text.reveal_to_operator(), "upstream was not reached");
    }
    let error = codes::upstream_lost(&error.to_string(), outcome, true);
    Fault::upstream(error).with_operator_text(text)
}

/// The fault for an answer that cannot be taken.
pub(crate) fn invalid(reason: &str) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, false))
}

/// Reads a body to its end without using it, so that the connection can serve other requests. A
/// long body is not worth that.
pub(crate) async fn discard(mut body: UpstreamBody) {
    /// More than any polite refusal has to say.
    const DISCARD_BYTES_MAX: usize = 64 << 10;
    let mut len_bytes = 0;
    while let Ok(Some(data)) = body.data().await {
        len_bytes += data.len();
        if len_bytes > DISCARD_BYTES_MAX {
            return;
        }
    }
}

async fn collect(mut body: UpstreamBody, limits: &Limits) -> Result<Bytes, Fault> {
    let limit_bytes = limits.messages.bytes_max;
    let declared = body.declared_bytes().unwrap_or(0);
    let too_long = || invalid(&format!("upstream's answer is longer than {limit_bytes} bytes"));
    if declared > limit_bytes as u64 {
        return Err(too_long());
    }
    let mut first = None;
    let mut whole = BytesMut::new();
    while let Some(data) = body.data().await.map_err(|error| unanswered(&error))? {
        if whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len() > limit_bytes {
            return Err(too_long());
        }
        // A body in one piece is not copied.
        if first.is_none() && whole.is_empty() {
            first = Some(data);
            continue;
        }
        if let Some(first) = first.take() {
            whole.reserve(usize::try_from(declared).unwrap_or(0).max(first.len() + data.len()));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
}

//! The answer of an HTTP upstream in each of its forms.

mod bare_status;

use std::time::Duration;

use bytes::Bytes;
use eyot_frame::without_byte_order_mark;
use eyot_http::{Assembly, Came, HttpError, UpstreamBody};
use eyot_jsonrpc::{Incoming, Kind, Response};
use eyot_service::{Fault, FaultKind, Limits};
use eyot_types::codes::{self, Outcome};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

pub(crate) use self::bare_status::BareStatus;
use crate::event_stream::EventMessages;
use crate::reading::read;

/// An answer whose head has arrived.
pub(crate) enum Answer {
    /// Messages in a JSON body: one, or a batch of 2025-03-26. The status may be that of an error.
    Messages(StatusCode, Incoming),
    /// A stream of events.
    Events(Box<EventMessages>),
    /// A status without a JSON-RPC body.
    Status(BareStatus),
}

/// Takes an answer apart. A JSON body is read whole, within the limit.
pub(crate) async fn read_answer(
    response: http::Response<UpstreamBody>,
    limits: &Limits,
) -> Result<Answer, Fault> {
    let (head, mut body) = response.into_parts();
    let bare = || BareStatus::of(head.status, &head.headers);
    if is_event_stream(&head.headers) && head.status.is_success() {
        return Ok(Answer::Events(Box::new(EventMessages::new(body, limits))));
    }
    if head.status == StatusCode::ACCEPTED || !is_media_type(&head.headers, "application/json") {
        let mut bare = bare();
        if head.status == StatusCode::BAD_REQUEST {
            bare.words = first_words(&mut body).await.into();
        }
        discard(body).await;
        return Ok(Answer::Status(bare));
    }
    let bytes = without_byte_order_mark(collect(body, limits).await?);
    if bytes.trim_ascii().is_empty() {
        return Ok(Answer::Status(bare()));
    }
    match read(bytes, &limits.messages.scan) {
        Ok(messages) => Ok(Answer::Messages(head.status, messages)),
        // An error status with a JSON body of another kind is still that status.
        Err(_) if !head.status.is_success() => Ok(Answer::Status(bare())),
        Err(text) => Err(text.fault()),
    }
}

/// The error in the body of a refusal. It is about the request, even under another id: some servers
/// refuse a request before they read it, under an id of their own.
pub(crate) fn refusal(status: StatusCode, messages: &Incoming) -> Option<Response> {
    let error = messages.as_slice().iter().find(|it| it.kind() == Kind::Error);
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
        Ok(Answer::Status(bare)) => bare.fault(),
        Ok(Answer::Events(_)) => unexpected_status(status),
        Err(fault) => fault,
    }
}

/// The fault for an answer that is a status, of which nothing else is known.
pub(crate) fn unexpected_status(status: StatusCode) -> Fault {
    BareStatus::bare(status).fault()
}

/// The fault for a request that got no answer. The operator is told by what gives up the call, which
/// may have more than one attempt.
pub(crate) fn unanswered(cause: &HttpError) -> Fault {
    let (text, is_lasting) = (cause.operator_text(), cause.is_lasting());
    let (reason, may_have_been_read) = (cause.to_string(), cause.may_have_been_read());
    if let Some(text) = &text {
        tracing::debug!(error = text.reveal_to_operator(), "upstream was not reached");
    }
    let error = match may_have_been_read {
        true => codes::upstream_lost(&reason, Outcome::Unknown, !is_lasting),
        false => codes::upstream_unreached(&reason, is_lasting),
    };
    let kind = match cause {
        HttpError::Forbidden { .. } => FaultKind::Forbidden,
        _ => FaultKind::Upstream,
    };
    Fault::new(kind, error).with_operator_text(text)
}

/// The fault for an answer that cannot be taken.
pub(crate) fn invalid(reason: &str) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, false))
}

/// The first text of a refusal's body, if it comes in a moment.
async fn first_words(body: &mut UpstreamBody) -> String {
    /// What a refusal says at its beginning.
    const WORDS_BYTES_MAX: usize = 1 << 10;
    match tokio::time::timeout(PATIENCE, body.data()).await {
        Ok(Ok(Some(data))) => {
            let first = data.get(..data.len().min(WORDS_BYTES_MAX)).unwrap_or_default();
            String::from_utf8_lossy(first).into_owned()
        }
        _ => String::new(),
    }
}

/// Lets go of a body that is not read. What is there already is taken, and what comes in a moment,
/// so that the connection can serve other requests; more than that is not worth waiting for.
pub(crate) async fn discard(mut body: UpstreamBody) {
    /// More than any polite refusal has to say.
    const DISCARD_BYTES_MAX: usize = 64 << 10;
    let reading = async {
        let mut len_bytes = 0;
        while let Ok(Some(data)) = body.data().await {
            len_bytes += data.len();
            if len_bytes > DISCARD_BYTES_MAX {
                return;
            }
        }
    };
    if tokio::time::timeout(PATIENCE, reading).await.is_err() {
        tracing::debug!("upstream goes on with a body that is not read");
    }
}

async fn collect(mut body: UpstreamBody, limits: &Limits) -> Result<Bytes, Fault> {
    let limit_bytes = limits.messages.bytes_max;
    let declared = body.declared_bytes().unwrap_or(0);
    if declared > limit_bytes as u64 {
        return Err(too_long(Came::Exactly(declared), limit_bytes));
    }
    let mut whole = Assembly::new(declared);
    while let Some(data) = body.data().await.map_err(|error| unanswered(&error))? {
        let len_bytes = whole.len_bytes() + data.len();
        if len_bytes > limit_bytes {
            return Err(too_long(Came::AtLeast(len_bytes as u64), limit_bytes));
        }
        whole.add(data);
    }
    Ok(whole.finish())
}

fn too_long(came: Came, limit_bytes: usize) -> Fault {
    let reason = format!("message of {came} bytes is longer than {limit_bytes} bytes");
    invalid(&format!("upstream's answer is invalid: {reason}"))
}

/// The headers of a POST with a message, beside those of its session.
pub(crate) fn post_headers(mut headers: HeaderMap) -> HeaderMap {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let both = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(ACCEPT, both);
    headers
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    is_media_type(headers, "text/event-stream")
}

fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let (said, rest) = value.trim_ascii_start().split_at_checked(wanted.len()).unwrap_or_default();
    let is_whole = matches!(rest.trim_ascii_start().first(), None | Some(b';'));
    is_whole && said.eq_ignore_ascii_case(wanted.as_bytes())
}

/// How long a body is waited for that matters little: it most often comes together with its head.
const PATIENCE: Duration = Duration::from_millis(50);

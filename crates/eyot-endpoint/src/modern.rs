//! Streamable HTTP of 2026-07-28: no session; the request's own stream and nothing else.

use eyot_http::{
    HeadError, OutgoingBody, RequestHead, accepted, empty, error, event_stream, fault, json,
};
use eyot_jsonrpc::{
    ErrorObject, INVALID_REQUEST, Id, METHOD_NOT_FOUND, Message, MessageKind, PARSE_ERROR, Request,
    Response,
};
use eyot_service::{Call, Fault, Input, Limits, Peer, Shutdown};
use eyot_types::meta::RequestMeta;
use eyot_types::{Era, Method, Revision, codes, headers};
use http::{HeaderMap, StatusCode};
use tower_service::Service as _;

use crate::modern_body::ModernBody;
use crate::reply_stream::{First, ReplyStream, tell};
use crate::request_context::RequestContext;

type Answer = http::Response<OutgoingBody>;

/// Serves the modern era on one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Modern {
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
}

impl Modern {
    /// POST of one message.
    pub(crate) async fn post(
        &self,
        message: Message,
        headers: &HeaderMap,
        head: &RequestHead<'_>,
        context: &RequestContext<'_>,
    ) -> Answer {
        let peer = Peer { era: Era::Modern, ..context.peer.clone() };
        match message.into_kind() {
            MessageKind::Request(request) => {
                let id = Some(request.id());
                if let Err(refusal) = validate(&request, head) {
                    return error(StatusCode::BAD_REQUEST, id, &refusal);
                }
                let call = call(Input::Request(request), headers, head, peer);
                self.request(id, call, context).await
            }
            MessageKind::Notification(notification) => {
                let input = Input::Notification(notification);
                self.notification(call(input, headers, head, peer), context).await
            }
            // "The client MUST NOT send JSON-RPC responses" (2026-07-28, streamable-http).
            MessageKind::Response(_) => {
                let refusal = ErrorObject::new(INVALID_REQUEST, "responses are not accepted");
                error(StatusCode::BAD_REQUEST, None, &refusal)
            }
        }
    }

    async fn request(&self, id: Option<Id>, call: Call, context: &RequestContext<'_>) -> Answer {
        let RequestContext { accepts, timer, found, .. } = *context;
        let mut reply = ReplyStream::of_ending(found.service(), call, self.shutdown.drained());
        // After a long silence the stream begins, so that comments keep the connection alive.
        let patience = accepts.events.then_some(self.limits.http.keep_alive_interval);
        loop {
            match reply.first(patience, timer).await {
                First::Answer(answer) => {
                    return json(status_of(&answer), &answer);
                }
                First::Failed(fault) => return faulted(id, &fault),
                First::Ended => return empty(StatusCode::NO_CONTENT),
                First::Other(_) if !accepts.events => {
                    eyot_metrics::messages_dropped("client_takes_no_stream");
                }
                First::Other(item) => {
                    reply.put_back(item);
                    return self.stream(reply, id);
                }
                First::Silence => return self.stream(reply, id),
            }
        }
    }

    fn stream(&self, reply: ReplyStream, id: Option<Id>) -> Answer {
        let body = ModernBody::new(reply, id, self.limits.http.keep_alive_interval);
        event_stream(OutgoingBody::stream(body))
    }

    async fn notification(&self, call: Call, context: &RequestContext<'_>) -> Answer {
        match context.found.service().clone().call(call).await {
            Ok(_) => accepted(),
            Err(fault) => faulted(None, &fault),
        }
    }
}

/// Headers that mirror parameters go along: a relay passes them on.
fn call(input: Input, headers: &HeaderMap, head: &RequestHead<'_>, peer: Peer) -> Call {
    let mut call = Call::new(input, peer);
    if head.has_parameters() {
        call.extensions.insert(headers.clone());
    }
    call
}

/// Whether a message claims to be of the modern era: by its body, or by a header that no
/// legacy client sends.
pub(crate) fn is_claimed(message: &Message, head: &RequestHead<'_>) -> bool {
    // The header first: it spares the decoding of `_meta`, and is there if all is well.
    let version = head.protocol_version().ok().flatten();
    version == Some(Revision::MODERN.as_str())
        || RequestMeta::protocol_version_of(message).is_some()
}

/// Holds the headers against the body: "servers MUST validate that the headers match the
/// corresponding values in the request body" (2026-07-28, streamable-http, Server Validation).
fn validate(request: &Request, head: &RequestHead<'_>) -> Result<(), ErrorObject> {
    let meta = RequestMeta::of(request)?;
    let version = meta.required()?.protocol_version;
    expect(headers::PROTOCOL_VERSION, head.protocol_version(), version)?;
    if version != Revision::MODERN.as_str() {
        return Err(codes::unsupported_version(version, &[Revision::MODERN]));
    }
    let method = request.method();
    expect(headers::METHOD, head.method(), method)?;
    let source = Method::parse(method).needs_name_header();
    match source.and_then(|it| it.value(request)) {
        Some(name) => expect(headers::NAME, head.name(), &name),
        None => Ok(()),
    }
}

/// A header must be there once and say what the body says.
fn expect(
    name: &str,
    value: Result<Option<&str>, HeadError>,
    body: &str,
) -> Result<(), ErrorObject> {
    let mismatch = |detail: &str| codes::header_mismatch(name, detail);
    let value = value.map_err(|it| mismatch(&it.to_string()))?;
    let value = value.ok_or_else(|| mismatch("header is missing"))?;
    let value = headers::decode_header_value(value).map_err(|it| mismatch(&it.to_string()))?;
    if value == body { Ok(()) } else { Err(mismatch("header differs from the body")) }
}

/// The HTTP status of an answer: a result is looked at no further.
fn status_of(answer: &Response) -> StatusCode {
    answer.error_object().map_or(StatusCode::OK, |it| status(it.code))
}

/// The HTTP status of a JSON-RPC error (2026-07-28, streamable-http and basic, Error Codes).
fn status(code: i64) -> StatusCode {
    match code {
        METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        PARSE_ERROR | INVALID_REQUEST => StatusCode::BAD_REQUEST,
        code if codes::is_modern_evidence(code) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

fn faulted(id: Option<Id>, it: &Fault) -> Answer {
    tell(it);
    fault(id, it, Era::Modern)
}

//! The beginning of a session.

use bytes::Bytes;
use eyot_http::{OutgoingBody, error, json};
use eyot_jsonrpc::{ErrorObject, Message, Request, Response};
use eyot_service::{Fault, Input, too_long};
use eyot_types::{InitializeResult, JsonObject, Revision, codes, headers};
use http::header::HeaderName;
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::{Legacy, call, faulted, registry_refusal};
use crate::active_session::ActiveSession;
use crate::request_context::RequestContext;

impl Legacy {
    /// `initialize` without a session: asks the service, and opens a session if it agrees.
    ///
    /// A client that goes away meanwhile leaves nothing behind.
    pub(crate) async fn initialize(
        &self,
        request: Request,
        context: &RequestContext<'_>,
    ) -> http::Response<OutgoingBody> {
        let id = Some(request.id());
        if let Err(error) = check_params(&request) {
            return faulted(id, &Fault::refused(error));
        }
        let params =
            request.params().map_or_else(Bytes::new, |it| Bytes::copy_from_slice(it.as_bytes()));
        let bytes_max = self.limits.sessions.initialize_bytes_max;
        if params.len() > bytes_max {
            return error(StatusCode::PAYLOAD_TOO_LARGE, id, &too_long("initialize", bytes_max));
        }
        let principal = context.peer.principal_name().cloned();
        let session = match self.registry.prepare(principal, params.len()) {
            Ok(session) => session,
            Err(refusal) => return registry_refusal(id, &refusal),
        };
        let answer = match ask(&session, request, context).await {
            Ok(answer) => answer,
            Err(fault) => return faulted(id, &fault),
        };
        let Some(revision) = agreed_revision(&answer) else {
            return json(refusal_status(&answer), &answer);
        };
        match self.registry.open(session, revision, params).await {
            Ok(session) => {
                let mut response = json(StatusCode::OK, &answer);
                let name = HeaderName::from_static(headers::SESSION_ID);
                if let Ok(value) = HeaderValue::from_str(session.handle().id().as_str()) {
                    response.headers_mut().insert(name, value);
                }
                response
            }
            Err(refusal) => registry_refusal(id, &refusal),
        }
    }
}

/// Waits for the answer; "the server SHOULD NOT send requests other than pings and logging before
/// receiving the `initialized` notification", so nothing else is lost.
async fn ask(
    session: &ActiveSession,
    request: Request,
    context: &RequestContext<'_>,
) -> Result<Response, Fault> {
    call(session, Input::Request(request), context).await?.answer(drop).await
}

/// "In the `initialize` request, the client MUST send a protocol version it supports" (2025-11-25,
/// basic/lifecycle): without one there is nothing to agree on.
pub(crate) fn check_params(request: &Request) -> Result<(), ErrorObject> {
    let params: JsonObject = request.decode_params().unwrap_or_default();
    let has_version = params.get("protocolVersion").is_some_and(Value::is_string);
    let missing = || codes::invalid_params("`protocolVersion` must name a revision");
    has_version.then_some(()).ok_or_else(missing)
}

/// For a revision that it does not serve, the server "MUST respond with `400 Bad Request`"
/// (2026-07-28, basic/transports/streamable-http); any other error is an answer like all.
fn refusal_status(answer: &Message) -> StatusCode {
    match answer.decode_error() {
        Ok(error) if codes::is_modern_evidence(error.code) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// The revision of the answer; `None` when the answer opens no session. A revision that we
/// do not know is treated as the latest that we do: the proxy hands messages on unread.
pub(crate) fn agreed_revision(answer: &Message) -> Option<Revision> {
    let revision = InitializeResult::agreed_version(answer.result()?)?;
    Some(Revision::negotiate(&revision))
}

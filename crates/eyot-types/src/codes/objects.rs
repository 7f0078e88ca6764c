//! Errors that are built in one place, because their members are prescribed.

use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use serde_json::json;

use super::{
    DENIED, HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, MISSING_CAPABILITY,
    OVERLOADED, RESOURCE_NOT_FOUND, UNSUPPORTED_VERSION, URL_ELICITATION_REQUIRED,
};
use crate::{ClientCapabilities, ElicitParams, Era, Method, Revision, Unreadable};

/// What became of a call whose upstream was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It may have run, wholly, in part or not at all.
    Unknown,
    /// It was never sent, so it did not run.
    NotSent,
    /// It has run; what it answered cannot be told.
    Ran,
}

impl Outcome {
    /// The name in `data.outcome`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
            Self::Ran => "ran",
        }
    }

    /// What `error` says in its `data.outcome`; `None` when it says nothing.
    #[must_use]
    pub fn of(error: &ErrorObject) -> Option<Self> {
        let name = error.data.as_ref()?.get("outcome")?.as_str()?;
        [Self::Unknown, Self::NotSent, Self::Ran].into_iter().find(|it| it.as_str() == name)
    }
}

/// The receiver does not speak `requested`; `data` has the members that the schema prescribes for
/// `UnsupportedProtocolVersionError`.
#[must_use]
pub fn unsupported_version(requested: &str, supported: &[Revision]) -> ErrorObject {
    let data = json!({ "supported": supported, "requested": requested });
    ErrorObject::new(UNSUPPORTED_VERSION, "Unsupported protocol version").with_data(data)
}

/// The client and the upstream are of different eras and nothing joins them.
///
/// `requested` is the client's revision. The message names both eras and `data` the revisions of
/// the upstream's: for a legacy client "this message may be the only diagnostic they can surface
/// to users" (2026-07-28, basic/versioning).
#[must_use]
pub fn era_mismatch(requested: &str, upstream: Era) -> ErrorObject {
    let client = upstream.other();
    let supported = Revision::of_era(upstream);
    let dates: Vec<_> = supported.iter().map(|revision| revision.as_str()).collect();
    let message = format!(
        "Unsupported protocol version: the client speaks the {client} era ({requested}), the \
         server only the {upstream} era ({})",
        dates.join(", ")
    );
    let data = json!({ "supported": supported, "requested": requested });
    let code = match upstream {
        Era::Modern => UNSUPPORTED_VERSION,
        // A modern code would say that a modern server answers: "Anything else identifies a
        // legacy server" (2026-07-28, basic/versioning), so that a client of both eras goes
        // on with `initialize`.
        Era::Legacy => INVALID_REQUEST,
    };
    ErrorObject::new(code, message).with_data(data)
}

/// A header is missing, malformed or differs from the body. `detail` goes on after the words
/// "`header` header", for example with `value 'foo' does not match body value 'bar'`.
#[must_use]
pub fn header_mismatch(header: &str, detail: &str) -> ErrorObject {
    ErrorObject::new(HEADER_MISMATCH, format!("Header mismatch: {header} header {detail}"))
}

/// The request needs capabilities that its client did not declare.
#[must_use]
pub fn missing_capability(required: &ClientCapabilities) -> ErrorObject {
    let names: Vec<_> = required.0.keys().map(String::as_str).collect();
    let message = format!("Missing required client capability: {}", names.join(", "));
    ErrorObject::new(MISSING_CAPABILITY, message)
        .with_data(json!({ "requiredCapabilities": required }))
}

/// The receiver does not have the method.
#[must_use]
pub fn method_not_found(method: &str) -> ErrorObject {
    ErrorObject::new(METHOD_NOT_FOUND, format!("Method not found: {method}"))
}

/// The parameters do not fit the method; `detail` says why, for people.
#[must_use]
pub fn invalid_params(detail: &str) -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, format!("Invalid params: {detail}"))
}

/// The resource does not exist, with the code that `revision` has for it.
#[must_use]
pub fn resource_not_found(uri: &str, revision: Revision) -> ErrorObject {
    let code = match revision.era() {
        Era::Legacy => RESOURCE_NOT_FOUND,
        Era::Modern => INVALID_PARAMS,
    };
    ErrorObject::new(code, "Resource not found").with_data(json!({ "uri": uri }))
}

/// The user must visit these pages first: 2025-11-25 only. Each of them needs its `elicitation_id`.
#[must_use]
pub fn url_elicitation_required(elicitations: &[ElicitParams]) -> ErrorObject {
    ErrorObject::new(URL_ELICITATION_REQUIRED, "URL elicitation required")
        .with_data(json!({ "elicitations": elicitations }))
}

/// The upstream was lost before it answered. `reason` is a short name for programs, such as
/// `closed`; `retryable` says whether the same request may succeed and do no harm when repeated.
#[must_use]
pub fn upstream_lost(reason: &str, outcome: Outcome, retryable: bool) -> ErrorObject {
    let data = json!({ "reason": reason, "outcome": outcome.as_str(), "retryable": retryable });
    ErrorObject::new(INTERNAL_ERROR, lost(outcome)).with_data(data)
}

const fn lost(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unknown => "Upstream lost, outcome unknown",
        Outcome::NotSent => "Upstream lost, request not sent",
        Outcome::Ran => "Upstream lost after it has run the request",
    }
}

/// No connection to the upstream could be made, so that the request was not sent. `is_lasting`: what
/// is wrong does not pass by itself.
#[must_use]
pub fn upstream_unreached(reason: &str, is_lasting: bool) -> ErrorObject {
    let mut error = upstream_lost(reason, Outcome::NotSent, !is_lasting);
    if let Some(data) = error.data.as_mut().and_then(serde_json::Value::as_object_mut) {
        data.insert("connected".to_owned(), false.into());
    }
    error
}

/// The error of a request that was not sent, because another one, which had to go before it, was
/// lost like this.
#[must_use]
pub fn not_sent(mut error: ErrorObject) -> ErrorObject {
    if Outcome::of(&error) == Some(Outcome::Unknown) {
        error.message = lost(Outcome::NotSent).to_owned();
        if let Some(data) = error.data.as_mut().and_then(serde_json::Value::as_object_mut) {
            data.insert("outcome".to_owned(), Outcome::NotSent.as_str().into());
        }
    }
    error
}

/// Whether an error says that its request has not run, and may succeed later.
#[must_use]
pub fn may_succeed_later(error: &ErrorObject) -> bool {
    Outcome::of(error) == Some(Outcome::NotSent) && is_retryable(error)
}

/// Whether an error says that the same request may succeed and do no harm when repeated.
#[must_use]
pub fn is_retryable(error: &ErrorObject) -> bool {
    let said = error.data.as_ref().and_then(|it| it.get("retryable"));
    said.and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// The upstream has answered a request of `method`, and nothing can be made of its result.
///
/// The request has run, so its client must not repeat it blindly.
#[must_use]
pub fn unreadable_result(method: Method<'_>, why: &Unreadable) -> ErrorObject {
    let message = format!("The server has run {method}, but its answer cannot be read: {why}");
    let data = json!({ "outcome": Outcome::Ran.as_str(), "retryable": false });
    ErrorObject::new(INTERNAL_ERROR, message).with_data(data)
}

/// A policy refused the request; `reason` says why, for people.
#[must_use]
pub fn denied(reason: &str) -> ErrorObject {
    ErrorObject::new(DENIED, format!("Denied: {reason}"))
}

/// A limit is reached; `limit` is its name, for programs and people.
#[must_use]
pub fn overloaded(limit: &str) -> ErrorObject {
    let data = json!({ "limit": limit, "outcome": Outcome::NotSent.as_str(), "retryable": true });
    ErrorObject::new(OVERLOADED, format!("Overloaded: {limit}")).with_data(data)
}

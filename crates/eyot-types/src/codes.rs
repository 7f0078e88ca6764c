//! Error codes: what each number means, and which numbers may be used at all.
//!
//! JSON-RPC reserves −32768 to −32000. Inside, −32099 to −32020 belong to the specification and
//! −32019 to −32000 to the history of the SDKs. "New error codes for purposes not defined by this
//! specification SHOULD be allocated outside the JSON-RPC reserved range" (2026-07-28, basic/index,
//! Error Codes), so the codes of our own are positive.
//!
//! The five codes of JSON-RPC itself have one more meaning here and there: [`METHOD_NOT_FOUND`] goes
//! with HTTP status 404 in the modern era (2026-07-28, basic/transports/streamable-http, Protocol
//! Version Header); [`INVALID_PARAMS`] is also a missing metadata field, with HTTP status 400
//! (2026-07-28, basic/index, `_meta`), and an unknown resource (2026-07-28, server/resources, Error
//! Handling); [`INTERNAL_ERROR`] is also our answer for a lost upstream.

mod objects;

pub use eyot_jsonrpc::{
    INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR,
};

pub use self::objects::{
    Outcome, denied, era_mismatch, header_mismatch, invalid_params, is_retryable,
    may_succeed_later, method_not_found, missing_capability, not_sent, overloaded,
    resource_not_found, unreadable_result, unsupported_version, upstream_lost, upstream_unreached,
    url_elicitation_required,
};

/// The headers and the body of a request differ, or a header is missing. HTTP status 400
/// (2026-07-28, basic/transports/streamable-http, Server Validation).
pub const HEADER_MISMATCH: i64 = -32020;

/// The request needs a client capability that it did not declare. HTTP status 400 (2026-07-28,
/// basic/index, `_meta`).
pub const MISSING_CAPABILITY: i64 = -32021;

/// The receiver does not speak the revision of the request. HTTP status 400 (2026-07-28,
/// basic/versioning, Protocol Version Negotiation).
pub const UNSUPPORTED_VERSION: i64 = -32022;

/// The user must visit a URL first: 2025-11-25 only (client/elicitation, URL Mode). Modern peers
/// "MUST NOT emit" it (2026-07-28, basic/index, Error Codes).
pub const URL_ELICITATION_REQUIRED: i64 = -32042;

/// The resource does not exist: up to 2025-11-25 (server/resources, Error Handling). Modern servers
/// "MUST NOT emit" it and say [`INVALID_PARAMS`]; modern clients should still understand it.
pub const RESOURCE_NOT_FOUND: i64 = -32002;

/// Legacy SDKs: the connection was closed, or the request did not fit its session. No
/// specification says so; receivers "MUST NOT assume any specific meaning" (2026-07-28,
/// basic/index, Error Codes), and we never send it.
pub const SDK_CONNECTION_CLOSED: i64 = -32000;

/// Legacy SDKs: the request timed out, or its session was not found. As unspecified as
/// [`SDK_CONNECTION_CLOSED`].
pub const SDK_REQUEST_TIMEOUT: i64 = -32001;

/// Ours: a policy refused the request. Asking again changes nothing.
pub const DENIED: i64 = 1403;

/// Ours: a limit is reached and the request was not started. It may be sent again later.
pub const OVERLOADED: i64 = 1503;

/// Whether JSON-RPC reserves the code, so that applications must not give it a meaning.
#[must_use]
pub const fn is_json_rpc_reserved(code: i64) -> bool {
    matches!(code, -32768..=-32000)
}

/// Whether only the specification may define the code: "implementations MUST NOT emit any code from
/// this sub-range that is not defined by this specification" (2026-07-28, basic/index).
#[must_use]
pub const fn is_spec_reserved(code: i64) -> bool {
    matches!(code, -32099..=-32020)
}

/// Whether the code is from the range in which SDKs once took codes as they liked.
#[must_use]
pub const fn is_legacy_sdk(code: i64) -> bool {
    matches!(code, -32019..=-32000)
}

/// Whether an error with this code proves that its sender is modern.
///
/// "If the body contains a recognized modern JSON-RPC error, the server speaks a modern version"
/// (2026-07-28, basic/transports/streamable-http, Backward Compatibility). A code that both eras
/// use proves nothing.
#[must_use]
pub const fn is_modern_evidence(code: i64) -> bool {
    matches!(code, HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION)
}

#[cfg(test)]
mod tests;

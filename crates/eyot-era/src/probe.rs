//! What the answer to a probe says about the era of a server.
//!
//! "If the body contains a recognized modern JSON-RPC error, the server speaks a modern version"
//! (2026-07-28, basic/transports/streamable-http, Backward Compatibility). What an authorization,
//! an overload or a broken line says is never about eras.

use eyot_jsonrpc::{Kind, Message};
use eyot_types::codes;
use serde_json::Value;

/// What was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must decide for each of them")]
pub enum Evidence {
    /// The server speaks 2026-07-28.
    Modern,
    /// It does not.
    Legacy,
    /// Nothing: ask again later.
    Nothing,
}

/// What carries the probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two, and whoever asks knows which")]
pub enum Carrier {
    /// The standard input and output of a child of the probe's own.
    Pipe,
    /// HTTP.
    Http,
}

/// What an answer to `server/discover` says that came with this HTTP status; over a pipe there is
/// none, which is 200.
#[must_use]
pub fn of_answer(answer: &Message, status: u16) -> Evidence {
    let is_modern = match answer.kind() {
        Kind::Error => {
            answer.decode_error().is_ok_and(|error| codes::is_modern_evidence(error.code))
        }
        _ => {
            let result = answer.decode_result::<Value>().unwrap_or_default();
            result.get("supportedVersions").is_some_and(Value::is_array)
        }
    };
    match is_modern {
        true => Evidence::Modern,
        false if is_no_evidence(status) => Evidence::Nothing,
        false => Evidence::Legacy,
    }
}

/// Whether an HTTP status is about something else than eras, whatever body comes with it: an
/// authorization (401, 403), haste (408, 429) or an outage (5xx).
#[must_use]
pub const fn is_no_evidence(status: u16) -> bool {
    matches!(status, 401 | 403 | 408 | 429 | 500..=599)
}

/// Whether an error gives reason to ask a server again that was found to be modern: legacy servers
/// refuse with such a code what comes without a session. Modern ones have uses for some of them, so
/// that it proves nothing.
#[must_use]
pub const fn is_doubtful(code: i64) -> bool {
    matches!(code, codes::INVALID_REQUEST | codes::METHOD_NOT_FOUND) || codes::is_legacy_sdk(code)
}

/// Whether an HTTP status without a modern error is how legacy servers refuse a request that opens
/// no session: "`400 Bad Request`, `404 Not Found`, or `405 Method Not Allowed`" (2026-07-28,
/// basic/transports/streamable-http, Backward Compatibility).
#[must_use]
pub const fn is_legacy_refusal(status: u16) -> bool {
    matches!(status, 400 | 404 | 405)
}

/// What it says that there was no answer, but a broken connection or a refusal; `is_refusal` is
/// what [`is_legacy_refusal`] said of its status. A child that ended, as some do at anything before
/// `initialize`, is legacy.
#[must_use]
pub const fn of_fault(is_refusal: bool, carrier: Carrier) -> Evidence {
    match carrier {
        Carrier::Http if !is_refusal => Evidence::Nothing,
        Carrier::Http | Carrier::Pipe => Evidence::Legacy,
    }
}

/// What silence says. "The server returns any other error, or does not respond within a reasonable
/// timeout: the server is legacy" (2026-07-28, basic/transports/stdio); over HTTP it is an outage.
#[must_use]
pub const fn of_silence(carrier: Carrier) -> Evidence {
    match carrier {
        Carrier::Pipe => Evidence::Legacy,
        Carrier::Http => Evidence::Nothing,
    }
}

#[cfg(test)]
mod tests;

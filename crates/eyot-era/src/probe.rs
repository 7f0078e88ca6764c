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
enum Carrier {
    Pipe,
    Http,
}

/// What an answer to `server/discover` says.
#[must_use]
pub fn of_answer(answer: &Message) -> Evidence {
    let is_modern = match answer.kind() {
        Kind::Error => {
            answer.decode_error().is_ok_and(|error| codes::is_modern_evidence(error.code))
        }
        _ => {
            let result = answer.decode_result::<Value>().unwrap_or_default();
            result.get("supportedVersions").is_some_and(Value::is_array)
        }
    };
    if is_modern { Evidence::Modern } else { Evidence::Legacy }
}

/// What it says that there was no answer but a refusal with this HTTP status; `None` for one that
/// came over a pipe, or as a broken connection.
///
/// "`400 Bad Request`, `404 Not Found`, or `405 Method Not Allowed`" without a modern error is how
/// legacy servers refuse a request that opens no session (2026-07-28,
/// basic/transports/streamable-http, Backward Compatibility). A child that ended, as some do at
/// anything before `initialize`, is legacy.
#[must_use]
pub const fn of_fault(status: Option<u16>, is_pipe: bool) -> Evidence {
    match (carrier(is_pipe), status) {
        (Carrier::Pipe, _) | (Carrier::Http, Some(400 | 404 | 405)) => Evidence::Legacy,
        (Carrier::Http, _) => Evidence::Nothing,
    }
}

/// What silence says. "The server returns any other error, or does not respond within a reasonable
/// timeout: the server is legacy" (2026-07-28, basic/transports/stdio); over HTTP it is an outage.
#[must_use]
pub const fn of_silence(is_pipe: bool) -> Evidence {
    match carrier(is_pipe) {
        Carrier::Pipe => Evidence::Legacy,
        Carrier::Http => Evidence::Nothing,
    }
}

const fn carrier(is_pipe: bool) -> Carrier {
    if is_pipe { Carrier::Pipe } else { Carrier::Http }
}

#[cfg(test)]
mod tests;

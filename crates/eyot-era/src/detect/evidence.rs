//! What statuses, refusals and silence say about the era of a server.
//!
//! What an authorization, an overload or a broken line says is never about eras.

use eyot_types::codes;

/// What was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The server speaks 2026-07-28.
    Modern,
    /// It does not.
    Legacy,
    /// Nothing: ask again later.
    Nothing,
}

/// What carries the questions for an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two, and a driver knows which it has")]
pub enum Carrier {
    /// Lines: a child's standard input and output, or any other stream.
    Pipe,
    /// HTTP.
    Http,
}

/// Whether an HTTP status is about something else than eras, whatever body comes with it: an
/// authorization (401, 403), haste (408, 429) or an outage (5xx).
pub(super) const fn is_no_evidence(status: u16) -> bool {
    matches!(status, 401 | 403 | 408 | 429 | 500..=599)
}

/// Whether an error that answers the `initialize` of a client may be that of a server which speaks
/// the modern era alone. Other refusals may be about what the client has said: they are its own.
#[must_use]
pub const fn may_be_modern(code: i64) -> bool {
    code == codes::METHOD_NOT_FOUND || codes::is_modern_evidence(code)
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
pub(super) const fn of_fault(is_refusal: bool, carrier: Carrier) -> Evidence {
    match carrier {
        Carrier::Http if !is_refusal => Evidence::Nothing,
        Carrier::Http | Carrier::Pipe => Evidence::Legacy,
    }
}

/// What silence says. Over lines: "any other error, or does not respond within a reasonable
/// timeout: the server is legacy" (2026-07-28, basic/transports/stdio, Backward Compatibility); over
/// HTTP it is an outage.
pub(super) const fn of_silence(carrier: Carrier) -> Evidence {
    match carrier {
        Carrier::Pipe => Evidence::Legacy,
        Carrier::Http => Evidence::Nothing,
    }
}

#[cfg(test)]
mod tests;

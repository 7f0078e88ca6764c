//! Whether an answer says that the upstream has forgotten the session.
//!
//! "When a client receives HTTP 404 in response to a request containing an `MCP-Session-Id`, it MUST
//! start a new session" (2025-11-25, basic/transports). But a server may answer an unknown method
//! with 404, too, as 2026-07-28 wants it; and some have other statuses and other words for a session
//! that they do not know. So the status is judged with the body.

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND};
use eyot_types::codes;
use http::StatusCode;

/// The error in the body of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct SaidError<'a> {
    pub(super) error: &'a ErrorObject,
    /// It has the id of the request.
    pub(super) is_about_request: bool,
}

/// Whether an answer with this status and this error, or with these words in its place, says that
/// there is no such session.
///
/// In doubt, 404 and 410 say so: a new session is tried once then.
pub(super) fn says_forgotten(
    status: StatusCode,
    error: Option<SaidError<'_>>,
    words: &str,
) -> bool {
    let is_gone = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
    let is_bad = status == StatusCode::BAD_REQUEST;
    let Some(SaidError { error, is_about_request }) = error else {
        return is_gone || (is_bad && names_session(words));
    };
    let code = error.code;
    if is_gone {
        let is_answer = match code {
            METHOD_NOT_FOUND => true,
            INVALID_PARAMS | codes::RESOURCE_NOT_FOUND => is_about_request,
            _ => false,
        };
        return !is_answer || denies_session(&error.message);
    }
    // Servers after the examples of the official TypeScript SDK answer 400 with a code of that SDK.
    if is_bad && (codes::is_legacy_sdk(code) || code == INVALID_REQUEST) {
        return names_session(&error.message);
    }
    let is_of_sessions =
        matches!(code, INVALID_REQUEST | codes::SDK_REQUEST_TIMEOUT | codes::RESOURCE_NOT_FOUND);
    (is_bad || status.is_success()) && is_of_sessions && denies_session(&error.message)
}

/// Whether a text is about the session, in an answer that is a refusal anyway.
fn names_session(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("session") || text.contains("not initialized")
}

/// Whether a text begins by saying that the session is not known: what a tool says of sessions of
/// its own must not be taken for it.
fn denies_session(text: &str) -> bool {
    let text: String = text.chars().take(WORDS_MAX).collect::<String>().to_ascii_lowercase();
    let mut words: Vec<_> = text
        .split(|it: char| !it.is_ascii_alphanumeric())
        .filter(|it| !it.is_empty() && !FILLERS.contains(it))
        .collect();
    words.truncate(4);
    match words.as_slice() {
        ["server" | "not", rest @ ..] if rest.contains(&"initialized") => true,
        ["session", rest @ ..] => rest.iter().any(|it| DENIALS.contains(it)),
        [denial, "session", ..] => DENIALS.contains(denial),
        [first, second, "session", ..] => DENIALS.contains(first) && DENIALS.contains(second),
        _ => false,
    }
}

/// Words that say nothing of the matter.
const FILLERS: [&str; 12] =
    ["bad", "request", "error", "mcp", "the", "a", "is", "has", "was", "been", "id", "or"];
/// Words by which a session is denied.
const DENIALS: [&str; 15] = [
    "not",
    "no",
    "unknown",
    "invalid",
    "expired",
    "terminated",
    "closed",
    "missing",
    "such",
    "valid",
    "gone",
    "found",
    "deleted",
    "ended",
    "required",
];
/// Characters that are looked at.
const WORDS_MAX: usize = 100;

#[cfg(test)]
mod tests;

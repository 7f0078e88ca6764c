//! HTTP headers of the protocol, and how a value that HTTP cannot carry is put into one.
//!
//! Names are in lower case, as HTTP/2 sends them and as `http::HeaderName` stores them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The revision of the request, from 2025-06-18 on.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";

/// The session that a legacy request belongs to. Modern servers ignore it and never send it.
pub const SESSION_ID: &str = "mcp-session-id";

/// The method of a modern request, mirrored from the body.
pub const METHOD: &str = "mcp-method";

/// What a modern request is about, mirrored from the member that
/// [`Method::needs_name_header`](crate::Method::needs_name_header) says. Encoded.
pub const NAME: &str = "mcp-name";

/// The start of the headers that mirror single tool arguments. Their values are encoded.
pub const PARAM_PREFIX: &str = "mcp-param-";

/// The last event that a legacy client has seen of a stream it wants to resume.
pub const LAST_EVENT_ID: &str = "last-event-id";

const SENTINEL_START: &str = "=?base64?";
const SENTINEL_END: &str = "?=";

/// A header value that cannot be decoded. The request is refused with
/// [`HEADER_MISMATCH`](crate::codes::HEADER_MISMATCH).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderValueError {
    /// Between the sentinels is no canonical Base64: wrong alphabet, padding or trailing bits.
    #[error("invalid base64 in header value")]
    Base64,
    /// A plain value holds a character that HTTP does not allow.
    #[error("invalid character in header value")]
    Character,
    /// The decoded bytes are not UTF-8.
    #[error("header value does not decode to UTF-8")]
    Utf8,
}

/// Encodes a value for `Mcp-Name` or `Mcp-Param-*`; borrows it when it can be sent as it is.
///
/// "When a value cannot be safely represented as a plain ASCII header value (e.g., it contains
/// non-ASCII characters, control characters, or has leading/trailing whitespace), clients MUST use
/// Base64 encoding", and "clients MUST also Base64-encode any plain-ASCII value that matches the
/// sentinel pattern" (2026-07-28, basic/transports/streamable-http, Value Encoding).
#[must_use]
pub fn encode_header_value(value: &str) -> Cow<'_, str> {
    let is_padded = value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']);
    if has_header_characters(value) && !is_padded && !has_sentinels(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{SENTINEL_START}{}{SENTINEL_END}", STANDARD.encode(value)))
}

/// Decodes the value of `Mcp-Name` or `Mcp-Param-*`; borrows it when it was sent as it is.
///
/// The sentinels "are case-sensitive and MUST appear exactly as shown": a value that differs from
/// them is a plain one.
///
/// # Errors
/// [`HeaderValueError`] when the value is neither plain nor correctly encoded. "Servers MUST reject
/// requests with a recognized `Mcp-Param-{Name}` header that contains invalid characters".
pub fn decode_header_value(value: &str) -> Result<Cow<'_, str>, HeaderValueError> {
    if !has_header_characters(value) {
        return Err(HeaderValueError::Character);
    }
    if !has_sentinels(value) {
        return Ok(Cow::Borrowed(value));
    }
    let encoded = value
        .strip_prefix(SENTINEL_START)
        .and_then(|rest| rest.strip_suffix(SENTINEL_END))
        .ok_or(HeaderValueError::Base64)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| HeaderValueError::Base64)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| HeaderValueError::Utf8)
}

/// Visible ASCII, space and tab (RFC 9110, section 5.5, without `obs-text`).
fn has_header_characters(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// The two sentinels may overlap, as in `=?base64?=`: that too starts and ends with them.
fn has_sentinels(value: &str) -> bool {
    value.starts_with(SENTINEL_START) && value.ends_with(SENTINEL_END)
}

#[cfg(test)]
mod tests;

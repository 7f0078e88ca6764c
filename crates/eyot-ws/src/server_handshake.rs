//! The answer of a server to the request that asks for a WebSocket.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode, Version, request};
use tungstenite::handshake::derive_accept_key;

use crate::SUBPROTOCOL;

/// Why a request gets no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// It asks for no WebSocket.
    #[error("this is a WebSocket: ask for an upgrade to it")]
    NoUpgrade,
    /// It asks for another version than 13.
    #[error("the version of WebSocket must be 13")]
    Version,
    /// Its key is missing, or is not 16 bytes in Base64.
    #[error("Sec-WebSocket-Key must be given once: 16 bytes in Base64")]
    Key,
    /// It offers subprotocols, and `mcp` is not one of them.
    #[error("the subprotocol must be `mcp`")]
    Subprotocol,
    /// It has a body.
    #[error("the request must have no body")]
    Body,
}

impl HandshakeRefusal {
    /// The HTTP status for this refusal.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key | Self::Subprotocol | Self::Body => StatusCode::BAD_REQUEST,
        }
    }

    /// The headers that say what is asked for instead.
    #[must_use]
    pub fn headers(self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.status() == StatusCode::UPGRADE_REQUIRED {
            headers.insert(UPGRADE, WEBSOCKET);
            headers.insert(CONNECTION, UPGRADE_TOKEN);
            headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        }
        headers
    }
}

/// The headers of the answer 101 to a GET request. Who asks is for the caller to check.
///
/// # Errors
///
/// [`HandshakeRefusal`].
pub fn accept(request: &request::Parts) -> Result<HeaderMap, HandshakeRefusal> {
    let headers = &request.headers;
    let is_upgrade = request.version >= Version::HTTP_11
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket");
    if !is_upgrade {
        return Err(HandshakeRefusal::NoUpgrade);
    }
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(HandshakeRefusal::Version);
    }
    let has_length = headers.get(CONTENT_LENGTH).is_some_and(|it| it != "0");
    if has_length || headers.contains_key(TRANSFER_ENCODING) {
        return Err(HandshakeRefusal::Body);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).filter(|it| is_key(it.as_bytes()));
    let key = key.ok_or(HandshakeRefusal::Key)?;
    let is_offered = has_token(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    if !is_offered && headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Err(HandshakeRefusal::Subprotocol);
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let mut answer = HeaderMap::with_capacity(4);
    answer.insert(CONNECTION, UPGRADE_TOKEN);
    answer.insert(UPGRADE, WEBSOCKET);
    answer.insert(SEC_WEBSOCKET_ACCEPT, accept.map_err(|_| HandshakeRefusal::Key)?);
    if is_offered {
        answer.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok(answer)
}

/// The value of a header that may appear once.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a list of words has this one, in any case.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|it| it.to_str().ok());
    values.flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(token))
}

/// Whether this is 16 bytes in Base64.
fn is_key(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.strip_suffix(b"==").is_some_and(|it| it.len() == 22 && it.iter().all(is_letter))
}

pub(crate) const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
pub(crate) const UPGRADE_TOKEN: HeaderValue = HeaderValue::from_static("Upgrade");
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("13");

#[cfg(test)]
mod tests;

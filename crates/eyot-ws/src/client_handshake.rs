//! The request of a client for a WebSocket, and the answer that it takes.

use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Response, StatusCode};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use crate::SUBPROTOCOL;
use crate::server_handshake::{UPGRADE_TOKEN, VERSION, WEBSOCKET, has_token, only};

/// One request for a WebSocket with the subprotocol `mcp`.
#[derive(Debug)]
pub struct ClientHandshake {
    key: String,
}

/// Why an answer gives no WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The status is not 101.
    #[error("HTTP status {status} in the place of a WebSocket")]
    Status {
        /// The status.
        status: StatusCode,
    },
    /// The answer is 101, but not to this request.
    #[error("the answer is not that of a WebSocket")]
    Answer,
    /// It speaks another subprotocol, or an extension that was not offered.
    #[error("it speaks a subprotocol or an extension that was not offered")]
    Unoffered,
}

impl ClientHandshake {
    /// A request with a key of its own.
    #[must_use]
    pub fn new() -> Self {
        Self { key: generate_key() }
    }

    /// The headers of the GET request.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONNECTION, UPGRADE_TOKEN);
        headers.insert(UPGRADE, WEBSOCKET);
        headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        if let Ok(key) = HeaderValue::from_str(&self.key) {
            headers.insert(SEC_WEBSOCKET_KEY, key);
        }
        headers
    }

    /// Checks the answer. A server that names no subprotocol is taken for one that speaks the
    /// offered one.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`].
    pub fn check<B>(&self, answer: &Response<B>) -> Result<(), HandshakeError> {
        let (status, headers) = (answer.status(), answer.headers());
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(HandshakeError::Status { status });
        }
        let accept = derive_accept_key(self.key.as_bytes());
        let is_ours = has_token(headers, &CONNECTION, "upgrade")
            && has_token(headers, &UPGRADE, "websocket")
            && only(headers, &SEC_WEBSOCKET_ACCEPT).is_some_and(|it| *it == *accept);
        if !is_ours {
            return Err(HandshakeError::Answer);
        }
        let is_offered = !headers.contains_key(SEC_WEBSOCKET_PROTOCOL)
            || only(headers, &SEC_WEBSOCKET_PROTOCOL).is_some_and(|it| *it == *SUBPROTOCOL);
        if !is_offered || headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
            return Err(HandshakeError::Unoffered);
        }
        Ok(())
    }
}

impl Default for ClientHandshake {
    fn default() -> Self {
        Self::new()
    }
}

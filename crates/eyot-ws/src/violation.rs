//! What a peer must not do, and the code that its connection is closed with.

use tungstenite::protocol::frame::coding::CloseCode;

/// A reason to close a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// What the peer is told.
    pub(crate) code: CloseCode,
    /// What the peer did, as the end of a sentence that begins with its name.
    pub(crate) what: &'static str,
}

impl Violation {
    /// Bytes that are no WebSocket: 1002.
    pub(crate) const fn protocol(what: &'static str) -> Self {
        Self { code: CloseCode::Protocol, what }
    }

    /// More than a connection may cost: 1008.
    pub(crate) const fn policy(what: &'static str) -> Self {
        Self { code: CloseCode::Policy, what }
    }

    /// MCP's messages are texts: 1003.
    pub(crate) const BINARY: Self =
        Self { code: CloseCode::Unsupported, what: "sent a binary message" };

    /// A text that is none: 1007.
    pub(crate) const UTF8: Self =
        Self { code: CloseCode::Invalid, what: "sent a text that is not UTF-8" };

    /// A message over the bound: 1009.
    pub(crate) const TOO_LONG: Self =
        Self { code: CloseCode::Size, what: "sent a message that is too long" };
}

//! The bounds of one connection.

use std::time::Duration;

use eyot_service::{Limits, WebSocketLimits};

/// How much one WebSocket may cost, and how long its peer may be silent.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users change")]
pub struct WsLimits {
    /// Longest message in bytes; a longer one ends the connection.
    pub message_bytes_max: usize,
    /// Bytes that may wait for the peer to read.
    pub queue_bytes_max: usize,
    /// From the first to the last byte of a message.
    pub message_timeout: Duration,
    /// What is special about this carrier.
    pub socket: WebSocketLimits,
}

impl WsLimits {
    /// The bounds of a client's connection: while as many bytes wait as a pipe allows, one message
    /// of the longest kind still fits.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        let message_bytes_max = limits.messages.bytes_max;
        Self {
            message_bytes_max,
            queue_bytes_max: limits.pipe.queue_bytes_max.saturating_add(message_bytes_max),
            message_timeout: limits.http.body_timeout,
            socket: limits.web_socket,
        }
    }
}

impl Default for WsLimits {
    /// The limits that follow from the default [`Limits`].
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

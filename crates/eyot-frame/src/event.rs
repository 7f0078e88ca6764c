//! One server-sent event, for reading and for writing.

use std::time::Duration;

use bytes::Bytes;

/// A comment that keeps a quiet stream open and that every reader ignores.
///
/// "any line beginning with a colon is a comment that carries no event data" (2026-07-28,
/// basic/transports/streamable-http, Receiving Messages).
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The longest reconnection time that is accepted: one hour. A peer that asks for more gets this,
/// so that no typing error of a server makes a client wait for ever.
pub const RETRY_MAX: Duration = Duration::from_secs(60 * 60);

/// One event that was read.
///
/// The fields may be slices of a larger chunk and keep that chunk alive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// The id of this event. `None`: this event had no `id` field, or one with a NUL in it, which
    /// must be ignored. An empty id is an id: it resets the reader's last event id.
    pub id: Option<Bytes>,
    /// The type of this event. `None` means `message`.
    pub event: Option<Bytes>,
    /// The data lines, joined by line feeds. Empty in a priming event.
    pub data: Bytes,
    /// The reconnection time that this event asks for, at most [`RETRY_MAX`].
    pub retry: Option<Duration>,
}

/// The fields of an event to be written, except its data.
///
/// A field whose text holds a CR, LF or NUL is not written: such a text would end the line early,
/// and its author could forge fields and events. Texts that were decoded never hold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventHead<'a> {
    /// The id that a client can name to get the following events again.
    pub id: Option<&'a str>,
    /// The type. `None` means `message`.
    pub event: Option<&'a str>,
    /// The reconnection time that the reader should use, in whole milliseconds on the wire.
    pub retry: Option<Duration>,
}

//! Carries whole messages between this process and one peer.

use std::borrow::Cow;
use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_jsonrpc::{Message, Remnant};

use crate::OperatorText;

/// Carries messages both ways: lines of a child, lines over streams, frames of a socket.
///
/// One task drives both directions: every poll writes what is queued and reads what is there.
/// Nothing moves unless the carrier is polled. Dropping it drops the connection at once, with what
/// is queued; [`poll_close`](Self::poll_close) writes that out first.
///
/// The carrier bounds what it holds: the longest message, and the bytes that wait. When nothing
/// waits, it takes at least one message of the longest kind.
pub trait MessageIo: fmt::Debug {
    /// The next thing that the peer does; meanwhile the carrier writes what is queued.
    ///
    /// All progress is kept while it is pending. [`IoEvent::Ended`] repeats for ever.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent>;

    /// Queues a message; [`poll_message`](Self::poll_message) writes it. Never waits.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] when it does not fit, or the connection is closed. Nothing of it is sent then.
    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull>;

    /// Bytes that are queued and not yet written.
    fn queued_bytes(&self) -> usize;

    /// Bytes that were written from the first message on, counted like queued ones. Bytes that were
    /// queued and are not counted here have provably not been read by the peer.
    fn written_bytes(&self) -> u64;

    /// Writes what is queued, then ends the connection. Messages that arrive meanwhile are dropped.
    ///
    /// The first poll begins it; do not call [`poll_message`](Self::poll_message) after that. It
    /// takes as long as the peer takes to read: bound it.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What the peer of a [`MessageIo`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoEvent {
    /// It sent a text that should be a message or a batch of messages; the caller checks that.
    Message(Bytes),
    /// It sent a text that cannot be a message. The text was skipped; the next message is read as
    /// usual.
    Bad(BadMessage),
    /// No message follows. A peer that has only closed its side may still read what is queued.
    Ended(IoEnd),
}

/// The reason why a message could not be taken from the carrier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMessage {
    /// The message is longer than the carrier takes. If it is sent again, it will fail again.
    #[error("message of {len_bytes} bytes is longer than {limit_bytes} bytes")]
    TooLong {
        /// Bytes that came.
        len_bytes: u64,
        /// The bound in force.
        limit_bytes: usize,
        /// What its two ends show of it.
        remnant: Remnant,
    },
    /// The message is framed in a way that this carrier does not know.
    #[error("message cannot be read")]
    Unreadable,
}

impl BadMessage {
    /// What can still be seen of the message.
    #[must_use]
    pub fn into_remnant(self) -> Remnant {
        match self {
            Self::TooLong { remnant, .. } => remnant,
            Self::Unreadable => Remnant::default(),
        }
    }
}

/// How a connection ended: an act of the peer, as the end of a sentence that begins with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoEnd {
    what: Cow<'static, str>,
    operator_text: Option<OperatorText>,
    is_of_both_sides: bool,
}

impl IoEnd {
    /// An end of this kind, such as "closed the connection".
    #[must_use]
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), operator_text: None, is_of_both_sides: false }
    }

    /// The end of both directions: the peer reads nothing any more.
    #[must_use]
    pub fn of_both_sides(self) -> Self {
        Self { is_of_both_sides: true, ..self }
    }

    /// Whether the peer certainly reads nothing any more.
    #[must_use]
    pub fn is_of_both_sides(&self) -> bool {
        self.is_of_both_sides
    }

    /// Adds a text that only the operator may read, such as the last lines of a child.
    #[must_use]
    pub fn with_operator_text(mut self, text: impl Into<Option<OperatorText>>) -> Self {
        self.operator_text = text.into();
        self
    }

    /// The text that only the operator may read. `None`: the display says it all.
    #[must_use]
    pub fn operator_text(&self) -> Option<&OperatorText> {
        self.operator_text.as_ref()
    }
}

impl fmt::Display for IoEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// A message that the connection does not take; nothing of it was queued.
///
/// Either the peer reads too slowly, and later there may be room again; or this process or the peer
/// has closed the connection, and its end follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("peer takes no more input: {queued_bytes} of at most {queue_bytes_max} bytes wait")]
pub struct QueueFull {
    /// Bytes that already wait.
    pub queued_bytes: usize,
    /// Bytes that may wait; 0 when the connection is closed.
    pub queue_bytes_max: usize,
}

//! What carries whole messages between this process and one peer.

use std::borrow::Cow;
use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_jsonrpc::Message;

use crate::OperatorText;

/// Carries messages both ways: lines of a child, lines over streams, frames of a socket.
///
/// One task drives both directions: every poll writes what is queued and reads what is there. While
/// nobody polls, nothing moves. Dropping the carrier drops the connection at once, and what is queued
/// with it; [`poll_close`](Self::poll_close) writes it out first.
///
/// The carrier bounds what it holds: the longest message, and the bytes that wait. It takes at least
/// one message of the longest kind when nothing waits.
pub trait MessageIo: fmt::Debug {
    /// The next thing that the peer does; meanwhile what is queued is written.
    ///
    /// All progress is kept while it is pending. [`IoEvent::Ended`] repeats for ever.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent>;

    /// Queues a message; [`poll_message`](Self::poll_message) writes it. Never waits.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] when it does not fit, or nothing is taken any more. Nothing of it is sent then.
    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull>;

    /// Bytes that are queued and not yet written.
    fn queued_bytes(&self) -> usize;

    /// Bytes that were written from the first message on, counted as queued ones are. What was
    /// queued and is not counted here has provably not been read by the peer.
    fn written_bytes(&self) -> u64;

    /// Writes what is queued, then ends the connection. Messages that still come are dropped.
    ///
    /// The first poll begins it; [`poll_message`](Self::poll_message) is polled no more. It takes as
    /// long as the peer takes to read: bound it.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What the peer of a [`MessageIo`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoEvent {
    /// It sent a text that should be a message, or a batch of some; the caller finds out.
    Message(Bytes),
    /// It sent what cannot be a message. That was skipped, and the next message is read as usual.
    Bad(BadMessage),
    /// No message follows. A peer that has only closed its side may still read what is queued.
    Ended(IoEnd),
}

/// Why a message could not be taken from the carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMessage {
    /// It is longer than the carrier takes. The same message will fail again.
    #[error("message is longer than {limit_bytes} bytes")]
    TooLong {
        /// The bound in force.
        limit_bytes: usize,
    },
    /// It is framed in a way that this carrier does not know.
    #[error("message cannot be read")]
    Unreadable,
}

/// How a connection ended: what the peer did, as the end of a sentence that begins with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoEnd {
    what: Cow<'static, str>,
    operator_text: Option<OperatorText>,
}

impl IoEnd {
    /// An end of this kind, such as "closed the connection".
    #[must_use]
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), operator_text: None }
    }

    /// Adds what only the operator may read of it, such as the last words of a child.
    #[must_use]
    pub fn with_operator_text(mut self, text: impl Into<Option<OperatorText>>) -> Self {
        self.operator_text = text.into();
        self
    }

    /// What only the operator may read of it. `None`: nothing beyond what is displayed.
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

/// A message that the peer does not take; nothing of it was queued.
///
/// Either the peer reads too slowly, and later there may be room again; or the connection to it is
/// closed, by us or by the peer, and its end follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("peer takes no more input: {queued_bytes} of at most {queue_bytes_max} bytes wait")]
pub struct QueueFull {
    /// Bytes that wait already.
    pub queued_bytes: usize,
    /// Bytes that may wait; 0 when the connection is closed.
    pub queue_bytes_max: usize,
}

//! What comes back for a call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::Message;
use futures_core::Stream;

use crate::Fault;

/// What comes back for a call.
#[derive(Debug)]
pub enum Reply {
    /// Accepted; there is nothing to say (a notification or a response was taken).
    None,
    /// The answer.
    One(Message),
    /// Notifications and questions in their order, the answer last.
    Stream(Messages),
}

/// Messages of one call (or of one listening client), pulled by whoever writes them out.
///
/// Pulling gives back-pressure and keeps the order; dropping the stream means that nobody
/// wants the rest: whoever made it lets go of the call.
pub struct Messages(Pin<Box<dyn Stream<Item = Result<Part, Fault>> + Send>>);

impl Messages {
    /// Takes any stream.
    pub fn new(parts: impl Stream<Item = Result<Part, Fault>> + Send + 'static) -> Self {
        Self(Box::pin(parts))
    }
}

impl Stream for Messages {
    type Item = Result<Part, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Messages")
    }
}

/// One item of a stream.
#[derive(Clone, Debug)]
pub struct Part {
    /// The message; `None` when the upstream only told where it is (a priming event).
    pub message: Option<Message>,
    /// The upstream's event id: where the upstream's stream can be resumed. Stored with the
    /// message, never shown to the client.
    pub cursor: Option<Bytes>,
    /// Lets a client that can come back hang up: whoever holds its connection closes it, the call
    /// goes on, and the client comes back for the rest after this time.
    pub retry: Option<Duration>,
}

impl From<Message> for Part {
    fn from(message: Message) -> Self {
        Self { message: Some(message), cursor: None, retry: None }
    }
}

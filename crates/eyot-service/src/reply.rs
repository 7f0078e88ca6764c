//! The reply to a call.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Message, Response};
use futures_core::Stream;

use crate::Fault;

/// The reply to a call.
#[derive(Debug)]
pub enum Reply {
    /// Accepted; there is no answer (the call was a notification or a response).
    None,
    /// The answer.
    One(Response),
    /// Notifications and questions in their order, the answer last.
    Stream(Messages),
}

impl Reply {
    /// Waits for the answer; `on_other` gets the messages that come before it, in their order.
    /// Messages after the answer are dropped.
    ///
    /// # Errors
    ///
    /// The fault of the stream; [`Fault::unanswered`] when the reply ends without an answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the reply, and so ends the call.
    pub async fn answer(self, mut on_other: impl FnMut(Message)) -> Result<Response, Fault> {
        let mut messages = match self {
            Self::None => return Err(Fault::unanswered()),
            Self::One(answer) => return Ok(answer),
            Self::Stream(messages) => messages,
        };
        while let Some(item) = poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await {
            match item?.into_message().map(Message::into_response) {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(other)) => on_other(other),
                None => {}
            }
        }
        Err(Fault::unanswered())
    }
}

/// The messages of one call (or of one listening client); the code that writes them out pulls them.
///
/// Pulling gives back-pressure and keeps the order. Dropping the stream means that the rest is not
/// wanted: the service that made it drops the call.
pub struct Messages(Pin<Box<dyn Stream<Item = Result<ReplyItem, Fault>> + Send>>);

impl Messages {
    /// Takes any stream.
    pub fn new(items: impl Stream<Item = Result<ReplyItem, Fault>> + Send + 'static) -> Self {
        Self(Box::pin(items))
    }
}

impl<S> From<Pin<Box<S>>> for Messages
where
    S: Stream<Item = Result<ReplyItem, Fault>> + Send + 'static,
{
    fn from(items: Pin<Box<S>>) -> Self {
        Self(items)
    }
}

impl Stream for Messages {
    type Item = Result<ReplyItem, Fault>;

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
#[expect(clippy::exhaustive_enums, reason = "all that a stream can say; its readers must know it")]
pub enum ReplyItem {
    /// A message.
    Message {
        /// The message.
        message: Message,
        /// The upstream's event id: where the upstream's stream can be resumed. Stored with the
        /// message, never shown to the client.
        cursor: Option<Bytes>,
    },
    /// The upstream's event id only: the upstream told its position without a message (a priming
    /// event).
    Cursor(Bytes),
    /// Lets a client that can come back hang up: the endpoint closes the connection, and the call
    /// goes on.
    HangUp {
        /// The time after which the client comes back for the rest.
        retry: Duration,
    },
}

const _: () = assert!(size_of::<ReplyItem>() <= 88, "items wait in queues by the thousand");

impl ReplyItem {
    /// Whether the item is the answer to a request.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Message { message, .. } if message.is_response())
    }

    /// The upstream's event id, if there is one.
    #[must_use]
    pub fn cursor(&self) -> Option<&Bytes> {
        match self {
            Self::Message { cursor, .. } => cursor.as_ref(),
            Self::Cursor(cursor) => Some(cursor),
            Self::HangUp { .. } => None,
        }
    }

    /// The message, if there is one.
    #[must_use]
    pub fn into_message(self) -> Option<Message> {
        match self {
            Self::Message { message, .. } => Some(message),
            Self::Cursor(_) | Self::HangUp { .. } => None,
        }
    }

    /// Replaces the message of the item, if there is one.
    #[must_use]
    pub fn map_message(self, map: impl FnOnce(Message) -> Message) -> Self {
        match self {
            Self::Message { message, cursor } => Self::Message { message: map(message), cursor },
            other => other,
        }
    }
}

impl From<Message> for ReplyItem {
    fn from(message: Message) -> Self {
        Self::Message { message, cursor: None }
    }
}

impl From<Response> for ReplyItem {
    fn from(answer: Response) -> Self {
        answer.into_message().into()
    }
}

#[cfg(test)]
mod tests;

//! A message that is known by its kind.

use crate::envelope::Kind;
use crate::message::Message;
use crate::views::{Notification, Request, Response};

/// A message, told apart by its kind once and for all: see [`Message::into_kind`].
#[derive(Clone, Debug)]
pub enum MessageKind {
    /// A method with an id: an answer is due.
    Request(Request),
    /// A method without an id: no answer is due.
    Notification(Notification),
    /// An answer, with a result or with an error.
    Response(Response),
}

const _: () = assert!(size_of::<MessageKind>() <= 64, "a view is a message and nothing else");

impl Message {
    /// The message by its kind. Costs nothing: the scan has found the kind.
    pub fn into_kind(self) -> MessageKind {
        match self.kind() {
            Kind::Request => MessageKind::Request(Request::of_kind(self)),
            Kind::Notification => MessageKind::Notification(Notification::of_kind(self)),
            Kind::Response | Kind::Error => MessageKind::Response(Response::of_kind(self)),
        }
    }

    /// The message as a request.
    ///
    /// # Errors
    /// The message itself, when it is none.
    pub fn into_request(self) -> Result<Request, Self> {
        if self.is_request() { Ok(Request::of_kind(self)) } else { Err(self) }
    }

    /// The message as a notification.
    ///
    /// # Errors
    /// The message itself, when it is none.
    pub fn into_notification(self) -> Result<Notification, Self> {
        if self.is_notification() { Ok(Notification::of_kind(self)) } else { Err(self) }
    }

    /// The message as a response.
    ///
    /// # Errors
    /// The message itself, when it is none.
    pub fn into_response(self) -> Result<Response, Self> {
        if self.is_response() { Ok(Response::of_kind(self)) } else { Err(self) }
    }
}

impl MessageKind {
    /// The message, without its kind.
    pub fn into_message(self) -> Message {
        match self {
            Self::Request(request) => request.into_message(),
            Self::Notification(notification) => notification.into_message(),
            Self::Response(response) => response.into_message(),
        }
    }
}

impl From<MessageKind> for Message {
    fn from(kind: MessageKind) -> Self {
        kind.into_message()
    }
}

impl From<Message> for MessageKind {
    fn from(message: Message) -> Self {
        message.into_kind()
    }
}

#[cfg(test)]
mod tests;

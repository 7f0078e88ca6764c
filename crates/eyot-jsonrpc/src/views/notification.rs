//! A message that is a notification.

use std::ops::Deref;

use serde::Serialize;

use crate::id::{Id, UpstreamId};
use crate::message::Message;
use crate::message::rewrite::Changes;

/// A notification: a method without an id, to which no answer is due.
///
/// It is a [`Message`] of which the kind is known, and nothing else; it dereferences to that for
/// all that messages have in common. Its method is always there, an id never.
#[derive(Clone, Debug)]
pub struct Notification(Message);

impl Notification {
    /// The view of a message of this kind.
    pub(crate) const fn of_kind(message: Message) -> Self {
        Self(message)
    }

    /// A notification of our own; `method` and `params` as in [`Message::request`].
    pub fn new(method: &str, params: &impl Serialize) -> Self {
        Self(Message::notification(method, params))
    }

    /// The method, borrowed however it is written.
    pub fn method(&self) -> &str {
        self.0.method_text()
    }

    /// The request of ours whose progress an upstream tells; `None` when the token is missing, or
    /// none that we can have given.
    pub fn upstream_token(&self) -> Option<UpstreamId> {
        UpstreamId::repeated_by(&self.0.progress_token()?)
    }

    /// The notification with the progress token that the client gave. Without a token it stays
    /// without.
    #[must_use]
    pub fn with_client_token(self, token: Id) -> Self {
        Self(self.0.with_progress_token(token))
    }

    /// The notification with other members; as [`Message::rewritten`].
    pub fn rewritten(&self, changes: &Changes<'_>, in_meta: &Changes<'_>) -> Option<Self> {
        self.0.rewritten(changes, in_meta).map(Self)
    }

    /// The message.
    pub fn into_message(self) -> Message {
        self.0
    }
}

impl Deref for Notification {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}

impl From<Notification> for Message {
    fn from(notification: Notification) -> Self {
        notification.0
    }
}

#[cfg(test)]
mod tests;

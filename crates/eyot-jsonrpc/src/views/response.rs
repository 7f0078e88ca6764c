//! A message that is a response.

use std::ops::Deref;

use serde::Serialize;

use crate::draft::json_array::JsonRun;
use crate::envelope::{Kind, Noted};
use crate::error_object::{ErrorObject, INTERNAL_ERROR};
use crate::id::{Id, UpstreamId};
use crate::message::Message;
use crate::message::rewrite::Changes;

/// A response: the result of a request, or the error in its place.
///
/// It is a [`Message`] of which the kind is known, and nothing else; it dereferences to that for
/// all that messages have in common. It has either a result or an error.
#[derive(Clone, Debug)]
pub struct Response(Message);

impl Response {
    /// The view of a message of this kind.
    pub(crate) const fn of_kind(message: Message) -> Self {
        Self(message)
    }

    /// An answer of our own; as [`Message::response`].
    pub fn new(id: Id, result: &impl Serialize) -> Self {
        Self(Message::response(id, result))
    }

    /// An answer of our own; as [`Message::response_of_len`].
    pub fn of_len(id: Id, result: &impl Serialize, len_bytes: usize) -> Self {
        Self(Message::response_of_len(id, result, len_bytes))
    }

    /// An answer whose result is written already. If the scan refuses the text, it is an internal
    /// error that says so.
    pub fn of_text(id: Id, result: &str) -> Self {
        Self(Message::response_of_text(id, result))
    }

    /// An error of our own; as [`Message::error_response`].
    pub fn of_error(id: Option<Id>, error: &ErrorObject) -> Self {
        Self(Message::error_response(id, error))
    }

    /// The id of the request that is answered: as the answer writes it, or the one that replaced
    /// it. A long one shares the message's bytes.
    ///
    /// A result always has one. `None` is an error whose id is `null` or absent: its sender could
    /// not read the request, and does not say which one it answers.
    pub fn id(&self) -> Option<Id> {
        self.0.id()
    }

    /// The request of ours that an upstream answers; `None` when the answer names none, or one
    /// that we cannot have sent.
    pub fn upstream_id(&self) -> Option<UpstreamId> {
        UpstreamId::repeated_by(&self.0.id()?)
    }

    /// The answer under the client's id. An error that names no request gets this id, too.
    #[must_use]
    pub fn with_client_id(self, id: Id) -> Self {
        if self.0.has_id() {
            return Self(self.0.with_id(id));
        }
        match self.error_object() {
            Some(error) => Self::of_error(Some(id), &error),
            None => self,
        }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.0.kind() == Kind::Error
    }

    /// Whether the scan has seen that the result is the whole answer: its `resultType` is
    /// `complete`, or absent, which "the client MUST treat [...] as `complete`" (2026-07-28, schema,
    /// Result). `false` can also mean that the result has not been scanned.
    pub fn is_known_complete(&self) -> bool {
        self.0.envelope().params.has(Noted::COMPLETE)
    }

    /// The raw JSON of the result, or else of the error. Costs one UTF-8 check.
    ///
    /// # Errors
    /// The error, always an object.
    pub fn payload(&self) -> Result<&str, &str> {
        let text = self.0.payload_text();
        if self.is_error() { Err(text) } else { Ok(text) }
    }

    /// The error; `None` when there is a result. An error that the scan has passed can be read.
    pub fn error_object(&self) -> Option<ErrorObject> {
        if !self.is_error() {
            return None;
        }
        let unreadable = |_| ErrorObject::new(INTERNAL_ERROR, "the error cannot be read");
        Some(self.0.decode_error().unwrap_or_else(unreadable))
    }

    /// The response with other members; as [`Message::rewritten`].
    pub fn rewritten(&self, changes: &Changes<'_>, in_meta: &Changes<'_>) -> Option<Self> {
        self.0.rewritten(changes, in_meta).map(Self)
    }

    /// The response with an array of these items as the first member of its result, which has none of
    /// that name. The name needs no escapes; what is long of the items is shared.
    ///
    /// `None` when the result is no object, or all of it would have 4 GiB.
    pub fn with_array(&self, name: &str, runs: &[JsonRun]) -> Option<Self> {
        self.0.with_array(name, runs).map(Self)
    }

    /// The message.
    pub fn into_message(self) -> Message {
        self.0
    }
}

impl Deref for Response {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        response.0
    }
}

#[cfg(test)]
mod tests;

//! A message that is a request.

use std::ops::Deref;

use serde::Serialize;

use crate::error_object::ErrorObject;
use crate::id::{Id, UpstreamId};
use crate::message::Message;
use crate::message::rewrite::Changes;
use crate::views::Response;

/// A request: a method with an id, to which an answer is due.
///
/// It is a [`Message`] of which the kind is known, and nothing else; it dereferences to that for
/// all that messages have in common. Its id and its method are always there.
#[derive(Clone, Debug)]
pub struct Request(Message);

impl Request {
    /// The view of a message of this kind.
    pub(crate) const fn of_kind(message: Message) -> Self {
        Self(message)
    }

    /// A request of our own; `method` is not empty. `params` as in [`Message::request`].
    pub fn new(id: Id, method: &str, params: &impl Serialize) -> Self {
        Self(Message::request(id, method, params))
    }

    /// A request whose `params` are written already. If the scan refuses the text, it has none.
    pub fn of_text(id: Id, method: &str, params: &str) -> Self {
        Self(Message::request_of_text(id, method, params))
    }

    /// A request in our own name. The connection that sends it gives it an id; until then it has id
    /// 0, which means nothing.
    pub fn unnumbered(method: &str, params: &impl Serialize) -> Self {
        Self::new(UpstreamId::new(0).to_id(), method, params)
    }

    /// The id: as its sender wrote it, or the one that replaced it. A long one shares the message's bytes.
    pub fn id(&self) -> Id {
        self.0.id_of_request()
    }

    /// The method, borrowed however it is written.
    pub fn method(&self) -> &str {
        self.0.method_text()
    }

    /// The request under another id that a peer knows.
    #[must_use]
    pub fn with_id(self, id: Id) -> Self {
        Self(self.0.with_id(id))
    }

    /// The request under our id, as it goes upstream.
    #[must_use]
    pub fn with_upstream_id(self, id: UpstreamId) -> Self {
        self.with_id(id.to_id())
    }

    /// The request under our id, which replaces its progress token, too, if it has one: where one
    /// channel carries all calls, progress finds its call by the token.
    #[must_use]
    pub fn with_upstream_id_and_token(self, id: UpstreamId) -> Self {
        let id = id.to_id();
        if self.0.has_progress_token() {
            return Self(self.0.with_progress_token(id.clone()).with_id(id));
        }
        self.with_id(id)
    }

    /// The answer to this request; as [`Message::response`].
    pub fn answer(&self, result: &impl Serialize) -> Response {
        Response::new(self.id(), result)
    }

    /// The answer that refuses this request.
    pub fn refuse(&self, error: &ErrorObject) -> Response {
        Response::of_error(Some(self.id()), error)
    }

    /// The request with other members; as [`Message::rewritten`].
    pub fn rewritten(&self, changes: &Changes<'_>, in_meta: &Changes<'_>) -> Option<Self> {
        self.0.rewritten(changes, in_meta).map(Self)
    }

    /// The message.
    pub fn into_message(self) -> Message {
        self.0
    }
}

impl Deref for Request {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        request.0
    }
}

#[cfg(test)]
mod tests;

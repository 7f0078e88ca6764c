//! What an interceptor sees of a message.

use std::borrow::Cow;

use eyot_jsonrpc::{Json, Message};
use eyot_service::TraceParent;
use serde::de::DeserializeOwned;

use crate::client::ClientProgram;
use crate::descriptor::Phase;
use crate::edit::{Edit, Splice};
use crate::failure::Failure;
use crate::fit;
use crate::origin::Origin;
use crate::pointer::{find, find_in, range_in};
use crate::subject::Subject;

/// One payload, and where it comes from. Nothing of it is decoded before it is asked for, but for a name
/// that needs no decoding.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    event: &'a str,
    phase: Phase,
    subject: &'a Subject,
    origin: &'a Origin,
    /// The name, if it is written as it is read: most interceptors look at it.
    plain_name: Option<&'a str>,
}

impl<'a> View<'a> {
    pub(crate) fn of(
        event: &'a str,
        phase: Phase,
        subject: &'a Subject,
        origin: &'a Origin,
    ) -> Self {
        let request = match (phase, subject) {
            (Phase::Response, _) => origin.request().map(|it| &**it),
            (Phase::Request, Subject::Message(message)) => Some(message),
            (Phase::Request, Subject::Part { .. }) => None,
        };
        let plain_name = match request.and_then(Message::name) {
            Some(Cow::Borrowed(name)) => Some(name),
            Some(Cow::Owned(_)) | None => None,
        };
        Self { event, phase, subject, origin, plain_name }
    }

    /// The event: the method of the operation, like `tools/call`.
    #[must_use]
    pub const fn event(&self) -> &'a str {
        self.event
    }

    /// The phase of the operation.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Where it comes from and where it goes.
    #[must_use]
    pub const fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// The raw JSON of the payload: `params`, or `result`; or `error` where
    /// [`is_error`](Self::is_error) says so. The strict scan has accepted it.
    #[must_use]
    pub fn payload(&self) -> &'a str {
        self.subject.text()
    }

    /// Whether the operation has failed: the payload is the `error` of the answer. Only interceptors
    /// that ask for errors see these.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.subject.is_error()
    }

    /// The name of the tool or prompt: that of the request, in both phases. It costs nothing unless it
    /// is written with escapes.
    #[must_use]
    #[inline]
    pub fn name(&self) -> Option<Cow<'a, str>> {
        match self.plain_name {
            Some(name) => Some(Cow::Borrowed(name)),
            None => self.of_request(Message::name, "/name"),
        }
    }

    /// The URI of the resource, as [`name`](Self::name).
    #[must_use]
    pub fn uri(&self) -> Option<Cow<'a, str>> {
        self.of_request(Message::uri, "/uri")
    }

    /// The raw JSON of the `arguments` of the request, in both phases. It costs nothing. `None`: there are
    /// none, or the payload is a part of another message, in which they would have to be looked for.
    #[must_use]
    pub fn arguments(&self) -> Option<&'a str> {
        match (self.phase, self.subject) {
            (Phase::Response, _) => self.origin.request()?.arguments(),
            (Phase::Request, Subject::Message(message)) => message.arguments(),
            (Phase::Request, Subject::Part { .. }) => None,
        }
    }

    fn of_request(
        &self,
        known: fn(&'a Message) -> Option<Cow<'a, str>>,
        pointer: &str,
    ) -> Option<Cow<'a, str>> {
        match (self.phase, self.subject) {
            (Phase::Response, _) => known(self.origin.request()?),
            (Phase::Request, Subject::Message(message)) => known(message),
            (Phase::Request, Subject::Part { text, .. }) => {
                let found = find(text, pointer).ok().flatten()?;
                serde_json::from_str::<String>(found).ok().map(Cow::Owned)
            }
        }
    }

    /// The name and the version of the client program, as it says itself. `None`: it is not known.
    ///
    /// A modern client says it in each request. A legacy client has said it when it opened its session:
    /// only interceptors that [need it](crate::Interceptor::needing_client) are told.
    #[must_use]
    pub fn client(&self) -> Option<ClientProgram> {
        let request = match (self.phase, self.subject) {
            (Phase::Request, Subject::Message(message)) => Some(message),
            _ => self.origin.request().map(|it| &**it),
        };
        let said = request.and_then(|it| ClientProgram::of_meta(it.meta()?));
        said.or_else(|| self.origin.client.clone())
    }

    /// The trace that the request belongs to, and the span that it comes from, as its `_meta` says; of an
    /// answer, those of the request as it was sent. `None`: it says nothing that can be read.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        let meta = match (self.phase, self.subject) {
            (Phase::Request, Subject::Message(message)) => message.meta(),
            (Phase::Request, Subject::Part { text, .. }) => find(text, "/_meta").ok().flatten(),
            (Phase::Response, _) => self.origin.request()?.meta(),
        };
        TraceParent::of_meta(meta?)
    }

    /// The raw JSON of the value that a JSON pointer (RFC 6901) names. What is not on the way to it is
    /// passed over, not read.
    ///
    /// # Errors
    ///
    /// Other readers may find another value there, because a key on the way stands there twice. What
    /// cannot be read in one way cannot be judged, so this is best handed on with `?`.
    pub fn at(&self, pointer: &str) -> Result<Option<&'a str>, Failure> {
        find_in(self.subject.text(), self.subject.members(), pointer)
    }

    /// Puts another value into the place of the one that a JSON pointer names; [`Edit::Keep`] when there is
    /// none.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at).
    pub fn set(&self, pointer: &str, value: &Json) -> Result<Edit, Failure> {
        let Some(old) = self.at(pointer)? else { return Ok(Edit::Keep) };
        let range = range_in(self.payload(), old);
        Ok(Edit::Splices(vec![Splice { range, text: value.as_str().to_owned() }]))
    }

    /// The same message with another payload in the place of this one.
    ///
    /// # Errors
    ///
    /// As for an [`Edit`]: the payload is no JSON that may be sent, or lacks what its operation needs.
    pub fn replaced(&self, payload: &str) -> Result<Seen, Failure> {
        let mut seen = Seen::from(*self);
        if let Some(subject) = self.subject.edited(Edit::Replace(payload.to_owned()))? {
            if !subject.is_error() {
                fit::check(self.event, self.phase, &subject)?;
            }
            seen.subject = subject;
        }
        Ok(seen)
    }

    /// The payload, decoded.
    ///
    /// # Errors
    ///
    /// It is not what `T` expects.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.payload())
    }
}

/// A [`View`] that is kept: for interceptors that take their time.
#[derive(Clone, Debug)]
pub struct Seen {
    pub(crate) event: Box<str>,
    pub(crate) phase: Phase,
    pub(crate) subject: Subject,
    pub(crate) origin: Origin,
}

impl Seen {
    /// The payload and where it comes from.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::of(&self.event, self.phase, &self.subject, &self.origin)
    }
}

impl From<View<'_>> for Seen {
    fn from(it: View<'_>) -> Self {
        let (subject, origin) = (it.subject.clone(), it.origin.clone());
        Self { event: it.event.into(), phase: it.phase, subject, origin }
    }
}

//! Where a payload comes from and where it goes.

use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::Request;
use eyot_service::{Peer, SessionHandle};
use parking_lot::Mutex;

use crate::client::ClientProgram;
use crate::consent::Consent;

/// Where a payload comes from and where it goes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Origin {
    pub(crate) peer: Peer,
    pub(crate) session: Session,
    pub(crate) server: Option<Arc<str>>,
    pub(crate) direction: Direction,
    pub(crate) request: Option<Request>,
    pub(crate) client: Option<ClientProgram>,
    pub(crate) kept: Kept,
    /// What a person has consented to. `None`: none can be asked.
    pub(crate) given: Option<Arc<[Consent]>>,
    /// The payload can be sent to another server.
    pub(crate) can_route: bool,
}

/// What steps keep until their call is over.
#[derive(Clone, Default)]
pub(crate) struct Kept(Option<Arc<Things>>);

type Things = Mutex<Held>;

/// What steps keep, and what they do once the answer is there.
#[derive(Default)]
struct Held {
    values: Vec<Box<dyn Send>>,
    on_answer: Vec<OnAnswer>,
}

type OnAnswer = Box<dyn FnOnce(usize) + Send>;

impl Kept {
    /// Room for what steps keep, if there are such steps.
    pub(crate) fn of(has_such_steps: bool) -> Self {
        Self(has_such_steps.then(Arc::default))
    }

    /// The call has an answer of so many bytes.
    pub(crate) fn answered(&self, bytes: usize) {
        let Some(things) = &self.0 else { return };
        let waiting = std::mem::take(&mut things.lock().on_answer);
        for done in waiting {
            done(bytes);
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// Who gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a message has two ends")]
pub enum Direction {
    /// The server.
    ToServer,
    /// The client.
    ToClient,
}

impl Direction {
    /// The word in rules and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "to-server",
            Self::ToClient => "to-client",
        }
    }
}

/// What is known of the client's session.
#[derive(Clone, Debug, Default)]
pub(crate) enum Session {
    /// There is none.
    #[default]
    None,
    /// It is served here.
    Held(Arc<SessionHandle>),
    /// Another process serves it, and has told its id.
    Named(Arc<str>),
}

impl Origin {
    /// A message of this client, on its way to the server.
    #[must_use]
    pub fn of_client(peer: Peer) -> Self {
        Self {
            peer,
            session: Session::None,
            server: None,
            direction: Direction::ToServer,
            request: None,
            client: None,
            kept: Kept::default(),
            given: None,
            can_route: false,
        }
    }

    /// In the session of this id.
    #[must_use]
    pub fn in_session(mut self, id: impl Into<Arc<str>>) -> Self {
        self.session = Session::Named(id.into());
        self
    }

    /// Of or for the server of this name.
    #[must_use]
    pub fn at_server(mut self, name: impl Into<Arc<str>>) -> Self {
        self.server = Some(name.into());
        self
    }

    /// On its way to the client, as the answer to this request if it is one.
    #[must_use]
    pub fn to_client(mut self, request: Option<Request>) -> Self {
        self.direction = Direction::ToClient;
        self.request = request;
        self
    }

    /// The client: its era, its principal, its address.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The id of the client's session; `None` for a client that has none, and for an upstream that
    /// several sessions share.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        match &self.session {
            Session::None => None,
            Session::Held(handle) => Some(handle.id().as_str()),
            Session::Named(id) => Some(id),
        }
    }

    /// The name of the server, where one of several is meant.
    #[must_use]
    pub fn server(&self) -> Option<&Arc<str>> {
        self.server.as_ref()
    }

    /// Who gets the message.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Keeps a value until the call is over: until its answer has gone on, or its client has given it up.
    /// The interceptor has to be [`keeping`](crate::Interceptor::keeping); where there is no call, because a
    /// plan is run by itself, the value is dropped at once.
    pub fn keep(&self, value: impl Send + 'static) {
        if let Some(kept) = &self.kept.0 {
            kept.lock().values.push(Box::new(value));
        }
    }

    /// Does something once the call has an answer: it is told the bytes of the message, as it came. A call that
    /// is denied, or that fails or is given up before, has none. As for [`keep`](Self::keep), the interceptor
    /// has to be `keeping`; without a call it is not done.
    pub fn on_answer(&self, done: impl FnOnce(usize) + Send + 'static) {
        if let Some(kept) = &self.kept.0 {
            kept.lock().on_answer.push(Box::new(done));
        }
    }

    /// Whether the user of the client can be asked about the payload, as far as the layer can tell: it is a
    /// call of a tool, a prompt or a resource, at the boundary to clients.
    #[must_use]
    pub const fn can_ask(&self) -> bool {
        self.given.is_some()
    }

    /// Whether the payload can be sent to another server: it is a call of a tool, a prompt or a resource,
    /// at the boundary to clients, where several servers are one.
    #[must_use]
    pub const fn can_route(&self) -> bool {
        self.can_route
    }

    /// Whether a person has consented to this, in the request as it is. Who has not is asked with
    /// [`Edit::Ask`](crate::Edit::Ask).
    #[must_use]
    pub fn has_consent(&self, to: &Consent) -> bool {
        self.given.iter().flat_map(|it| it.iter()).any(|it| it.is(to))
    }

    /// The request that a payload of the phase `response` answers, as it was sent. `None`: it is not
    /// known any more, or the payload answers none.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }
}

//! One action of a client, with the client and its session.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::{CallSpan, Principal, SessionHandle, TraceParent};
use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, MessageKind, Notification, Request, Response};
use eyot_types::Era;
use http::Extensions;
use tracing::field::Empty;

/// One action of a client, with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The action.
    pub input: Input,
    /// The client, as the layers below have established it.
    pub peer: Peer,
    /// The client's session; `None` for a client of the modern era, which has none.
    pub session: Option<Arc<SessionHandle>>,
    /// Other values that layers leave for one another: deadline, trace. Never taken from a message.
    pub extensions: Extensions,
    /// Marks the log lines of this call. The endpoint makes the span and enters it whenever it
    /// polls the reply; a service that hands work to another task takes the span along.
    pub span: CallSpan,
}

impl Call {
    /// A call of a client that has no session.
    #[must_use]
    pub fn new(input: Input, peer: Peer) -> Self {
        Self {
            input,
            peer,
            session: None,
            extensions: Extensions::new(),
            span: CallSpan::default(),
        }
    }

    /// The call in a span of its own, as a child of the current one. Costs a look at a flag unless
    /// a subscriber listens at the level `DEBUG`. What the request and its answer meet on their way is for
    /// interceptors to record.
    #[must_use]
    pub fn in_span(mut self) -> Self {
        let span = tracing::debug_span!(
            "call",
            era = self.peer.era.as_str(),
            method = self.input.name(),
            id = self.input.request_id().as_ref().map(Id::as_raw),
            session = self.session.as_ref().map(|it| tracing::field::debug(it.id())),
            principal = self.peer.principal_name().map(|it| &**it),
            trace_id = self.input.trace().map(|it| tracing::field::display(it.trace_id())),
            parent_span_id = self.input.trace().map(|it| tracing::field::display(it.span_id())),
            span_id = Empty,
            interceptors.downstream.request = Empty,
            interceptors.upstream.request = Empty,
            interceptors.upstream.response = Empty,
            interceptors.downstream.response = Empty,
        );
        self.span = CallSpan::new(span);
        self
    }
}

/// The server that a layer has chosen for a call, by its name. It stands in [`Call::extensions`], and a
/// gateway honours it before its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a name")]
pub struct ChosenServer(pub Arc<str>);

/// An action of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Sends a request; the reply has the answer to it.
    Request(Request),
    /// Sends a notification.
    Notification(Notification),
    /// Sends a response to a question of the server.
    Response(Response),
    /// Opens the stream of messages that belong to none of its calls (the GET stream of the legacy
    /// revisions). The reply is a stream that ends only with the session.
    Listen {
        /// The upstream's event id up to which the client has every event.
        cursor: Option<Bytes>,
    },
    /// Asks for the rest of a call that an earlier process began and did not finish.
    Resume {
        /// The client's id of the call.
        request_id: Id,
        /// The upstream's event id up to which the client has every event.
        cursor: Option<Bytes>,
    },
    /// Ends its session (DELETE in the legacy revisions, or silence for too long).
    Close,
}

impl Input {
    /// The name of the action in logs: the method of a message, or a word for any other action.
    fn name(&self) -> &str {
        match self {
            Self::Request(request) => request.method(),
            Self::Notification(notification) => notification.method(),
            Self::Response(_) => "response",
            Self::Listen { .. } => "listen",
            Self::Resume { .. } => "resume",
            Self::Close => "close",
        }
    }

    /// The trace that the client has named.
    fn trace(&self) -> Option<TraceParent> {
        match self {
            Self::Request(request) => TraceParent::of_meta(request.meta()?),
            _ => None,
        }
    }

    /// The client's id of the call that the action is about.
    fn request_id(&self) -> Option<Id> {
        match self {
            Self::Request(request) => Some(request.id()),
            Self::Resume { request_id, .. } => Some(request_id.clone()),
            _ => None,
        }
    }
}

impl From<Message> for Input {
    fn from(message: Message) -> Self {
        match message.into_kind() {
            MessageKind::Request(request) => Self::Request(request),
            MessageKind::Notification(notification) => Self::Notification(notification),
            MessageKind::Response(response) => Self::Response(response),
        }
    }
}

/// The client of a call.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The era that this client speaks.
    pub era: Era,
    /// The principal that its credentials show; `None` when the endpoint asks for no credentials.
    pub principal: Option<Principal>,
    /// Where it comes from, if it comes over a network.
    pub address: Option<SocketAddr>,
    /// What carries its messages.
    pub transport: Transport,
    /// Who can come the way that it has come.
    pub reach: Reach,
}

impl Peer {
    /// The name of its principal, which owns everything of this client.
    #[must_use]
    pub fn principal_name(&self) -> Option<&Arc<str>> {
        self.principal.as_ref().map(Principal::name)
    }

    /// Eyot itself, which acts for no client: to find out about an upstream, or to refresh what it
    /// knows of one.
    #[must_use]
    pub fn ourselves(era: Era) -> Self {
        let (transport, reach) = (Transport::Pipe, Reach::OneUser);
        Self { era, principal: None, address: None, transport, reach }
    }
}

/// Who can come the way that a client has come. It is known of the listener or of the pipe, never of a
/// message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Only one user: clients without a principal are one. So it is at a pipe, and at a listener of
    /// this machine that answers to no foreign name.
    OneUser,
    /// Anybody: two clients without a principal may be two people.
    #[default]
    Anybody,
}

/// What carries a client's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// Streamable HTTP: requests have headers that mirror what their bodies say.
    Http,
    /// A WebSocket, one text message per message: the connection is the client.
    WebSocket,
    /// A pair of byte streams, one message per line: standard input and output, a socket, a
    /// pipe within the process.
    Pipe,
}

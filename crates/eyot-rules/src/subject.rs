//! What rules can look at in one message.

use std::fmt;

use eyot_types::Era;

/// One message, as far as its caller knows it: everything is borrowed, and nothing is parsed
/// before a rule asks for it. What is `None` is not known, and no rule that names it holds.
///
/// What rides in another message is a subject of its own: the result of a task is that of the
/// request which has made the task, whatever message brings it, and each request in a result that asks
/// for more input is one to the client. A result that is not the last one is none.
#[derive(Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Subject<'a> {
    /// The method of the request or the notification; of a result, that of its request.
    pub method: &'a str,
    /// Whether it is a request (or a notification), or the result of one.
    pub phase: Phase,
    /// Where it goes.
    pub direction: Direction,
    /// The name of the tool or the prompt, or the URI of the resource. `None`: it is read in the
    /// parameters when a rule asks for it, those in `request` if this is a result. A result with
    /// neither is that of a tool which no rule knows.
    pub item: Option<&'a str>,
    /// The raw JSON of `params` or `result`, which the strict scan has accepted.
    pub payload: Option<&'a str>,
    /// The raw JSON of the parameters of the request that a result answers.
    pub request: Option<&'a str>,
    /// The raw JSON of the `arguments` in the parameters of the request, if it is known already that they
    /// are there once, and in no other case. `None`: they are looked for in the parameters when a rule asks
    /// for them.
    pub arguments: Option<&'a str>,
    /// The name of the upstream server.
    pub server: Option<&'a str>,
    /// The id of the session.
    pub session: Option<&'a str>,
    /// The name of the principal.
    pub principal: Option<&'a str>,
    /// The scopes of the principal's credentials. `None`: they name none.
    pub scopes: Option<&'a [Box<str>]>,
    /// The name of the client program, as it says itself.
    pub client: Option<&'a str>,
    /// The version of the client program, as it says itself.
    pub client_version: Option<&'a str>,
    /// How the peer speaks.
    pub era: Option<Era>,
    /// How the message came.
    pub transport: Option<Transport>,
    /// The address of the peer.
    pub remote: Option<&'a str>,
    /// The raw JSON of the annotations in the pinned definition of the tool.
    pub annotations: Option<&'a str>,
}

/// The debug output has no payload, which may be secret.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Subject");
        debug.field("method", &self.method).field("phase", &self.phase);
        debug.field("item", &self.item).field("server", &self.server);
        debug.field("payload_len", &self.payload.map(str::len)).finish_non_exhaustive()
    }
}

/// Whether a message is a request, or the result of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Phase {
    /// A request or a notification: the payload is its `params`.
    #[default]
    Request,
    /// The result of a request: the payload is its `result`.
    Response,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Direction {
    /// From the client to the server.
    #[default]
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// The streams of a child process.
    Stdio,
    /// Streamable HTTP.
    Http,
    /// HTTP with server-sent events, as revision 2024-11-05 has it.
    Sse,
    /// A WebSocket.
    WebSocket,
    /// A pipe within the process.
    Pipe,
}

impl Phase {
    /// The word for it in a file of rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

impl Direction {
    /// The word for it in a file of rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "to-server",
            Self::ToClient => "to-client",
        }
    }
}

impl Transport {
    /// The word for it in a file of rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
            Self::WebSocket => "websocket",
            Self::Pipe => "pipe",
        }
    }
}

//! One server of a file, in the one form.

use std::sync::Arc;
use std::time::Duration;

use eyot_document::{Member, Node, Position};
use eyot_stdx::Secret;

use crate::text::{Sourced, Text};

/// A server, as a file describes it. What is `None` or empty, the file leaves to the program.
///
/// Neither the debug output nor any other has the value of a variable, a header or a token.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The name, not empty.
    pub name: String,
    /// The file, as it was named.
    pub source: Arc<str>,
    /// Where the server stands in the file.
    pub at: Position,
    /// Whether it is to be used; `disabled` and its like say that it is not.
    pub is_enabled: bool,
    /// How the server is reached.
    pub transport: Transport,
    /// The era that it speaks. `None`: it is found out.
    pub era: Option<Sourced<Era>>,
    /// Which clients share its sessions.
    pub affinity: Option<Sourced<Affinity>>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// The longest message in bytes.
    pub message_bytes_max: Option<Sourced<usize>>,
    /// The tools that are offered.
    pub tools: Tools,
    /// What it says of interceptors for this server alone, variables not replaced.
    pub sections: Vec<Member>,
    /// What the file says besides, under keys that have no meaning here. There is a warning about
    /// each of them.
    pub unknown: Vec<Unknown>,
}

impl ServerConfig {
    /// An enabled server of which a file says no more than this.
    pub(crate) fn new(name: String, source: Arc<str>, at: Position, transport: Transport) -> Self {
        Self {
            name,
            source,
            at,
            is_enabled: true,
            transport,
            era: None,
            affinity: None,
            timeouts: Timeouts::default(),
            message_bytes_max: None,
            tools: Tools::default(),
            sections: Vec::new(),
            unknown: Vec::new(),
        }
    }
}

/// How a server is reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Transport {
    /// It is started, and spoken to over its standard input and output.
    Command(CommandConfig),
    /// It is at a URL.
    Url(Box<UrlConfig>),
}

/// A server that is started.
#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// The program.
    pub program: Sourced<Text>,
    /// Its arguments.
    pub args: Vec<Sourced<Text>>,
    /// Variables for it, each name once, also those of `env_file`.
    pub env: Vec<EnvVar>,
    /// The file that some of them come from.
    pub env_file: Option<Box<Sourced<Text>>>,
    /// Its working folder. `None`: that of this program.
    pub cwd: Option<Sourced<Text>>,
}

/// A variable for a server that is started.
#[derive(Clone, Debug)]
pub struct EnvVar {
    /// The name.
    pub name: String,
    /// The value. `None`: that of this program's own variable.
    pub value: Option<Secret<String>>,
    /// Where it stands, or the file that it comes from is named.
    pub at: Position,
}

/// A server at a URL.
#[derive(Clone, Debug)]
pub struct UrlConfig {
    /// The transport.
    pub kind: UrlKind,
    /// The URL: `http`, `https`, `ws`, `wss` or `unix:PATH#/mcp`.
    pub url: Sourced<Text>,
    /// Headers of every request, each name once, however it is written.
    pub headers: Vec<Header>,
    /// The bearer token of every request.
    pub token: Option<Sourced<Secret<String>>>,
    /// A file with certificates of authorities.
    pub ca: Option<Sourced<Text>>,
    /// A file with the certificate of this program.
    pub client_cert: Option<Sourced<Text>>,
    /// A file with the key of that certificate.
    pub client_key: Option<Sourced<Text>>,
    /// Whether any certificate of the server is taken.
    pub insecure_skip_verify: Option<Sourced<bool>>,
    /// The URL of the proxy to the server, which may hold a password.
    pub proxy: Option<Sourced<Secret<String>>>,
}

/// A header of requests.
#[derive(Clone, Debug)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Secret<String>,
    /// Where it stands.
    pub at: Position,
}

/// The transport of a server at a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlKind {
    /// Streamable HTTP; HTTP with SSE where the server has only that.
    Auto,
    /// Streamable HTTP.
    Http,
    /// HTTP with SSE.
    Sse,
    /// A WebSocket.
    WebSocket,
}

impl UrlKind {
    /// The name in our own form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Http => "http",
            Self::Sse => "sse",
            Self::WebSocket => "ws",
        }
    }
}

/// The era of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// It is found out.
    Auto,
    /// With sessions, up to 2025-11-25.
    Legacy,
    /// Without sessions, from 2026-07-28 on.
    Modern,
}

impl Era {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Legacy, Self::Modern];

    /// The name in our own form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

/// Which calls of modern clients share a session at a legacy server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// The program's own choice.
    Auto,
    /// All calls.
    Shared,
    /// Calls with one key.
    PerPrincipal,
    /// Calls with one handle.
    Handle,
    /// None.
    PerRequest,
}

impl Affinity {
    pub(crate) const ALL: [Self; 5] =
        [Self::Auto, Self::Shared, Self::PerPrincipal, Self::Handle, Self::PerRequest];

    /// The name in our own form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Shared => "shared",
            Self::PerPrincipal => "per-principal",
            Self::Handle => "handle",
            Self::PerRequest => "per-request",
        }
    }
}

/// How long things may take, none of them nothing.
#[derive(Clone, Debug, Default)]
pub struct Timeouts {
    /// Until the server is connected to.
    pub connect: Option<Sourced<Duration>>,
    /// Silence of the server during a call.
    pub call: Option<Sourced<Duration>>,
    /// A call in all.
    pub call_total: Option<Sourced<Duration>>,
    /// Silence while the client owes an answer to a question.
    pub question: Option<Sourced<Duration>>,
}

/// Which tools of a server are offered.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// These alone. `None`: all.
    pub include: Option<Sourced<Vec<String>>>,
    /// All but these.
    pub exclude: Option<Sourced<Vec<String>>>,
}

/// A key that has no meaning here.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub at: Position,
    /// What the file says, variables not replaced.
    pub node: Node,
}

//! What to connect to, and what every connection needs from its surroundings.

mod identity;
pub(crate) mod into_target;
pub(crate) mod name;
pub(crate) mod open_stream;
pub(crate) mod web_socket;

use std::path::Path;
use std::sync::Arc;

use eyot_auth::TokenProvider;
use eyot_era::detect::{Carrier, EraMode};
use eyot_http::{Connector, HttpClient, InvalidUrl};
use eyot_service::{InProcess, Limits, ServiceLayer, Totals};
use eyot_stdio::Command;
use eyot_stdx::{Secret, shown_url};
use http::{HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::into_target::IntoTarget;
pub use self::name::TargetName;
pub use self::open_stream::OpenStream;
use crate::children::Children;
use crate::http_link::{HttpLink, Transport};

/// An upstream server: what a client or a proxy connects to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Target {
    /// A program to start; it speaks newline-delimited JSON.
    Command(Command),
    /// A Streamable HTTP endpoint, with what every request to it carries.
    Url(HttpLink),
    /// A WebSocket endpoint, with what the request for each connection carries.
    WebSocket(HttpLink),
    /// A server in this process; every connection is an attachment of its own.
    InProcess(Arc<dyn InProcess>),
    /// A stream that is open already, one message per line. One connection can be made of it.
    Stream(OpenStream),
}

/// Why there is no such upstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// A header cannot be sent.
    #[error("header {name:?} cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// A command line names nothing.
    #[error("name a URL, or a program and its arguments")]
    NoArguments,
    /// A command line goes on after a URL.
    #[error("`{word}` after a URL")]
    WordAfterUrl {
        /// What may be shown of the first word behind the URL.
        word: String,
    },
}

impl Target {
    /// A Streamable HTTP endpoint, or a WebSocket if the URL is `ws` or `wss`. The limits hold for
    /// the requests to it.
    ///
    /// # Errors
    ///
    /// [`TargetError::Url`].
    pub fn url(url: &str, limits: Limits) -> Result<Self, TargetError> {
        Self::url_over(url, limits, &Connector::default())
    }

    /// As [`url`](Self::url), with connections of this connector.
    ///
    /// # Errors
    ///
    /// [`TargetError::Url`].
    pub fn url_over(url: &str, limits: Limits, connector: &Connector) -> Result<Self, TargetError> {
        if let Some(link) = web_socket::link(url, limits, connector) {
            return Ok(Self::WebSocket(link?));
        }
        Ok(Self::Url(HttpLink::bare(HttpClient::with_connector(url, limits, connector)?)))
    }

    /// A program to start, which speaks over its stdin and stdout; no shell is involved.
    #[must_use]
    pub fn command(
        program: impl Into<String>,
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self::Command(Command { program: program.into(), args, env: Vec::new(), cwd: None })
    }

    /// A server of this process.
    #[must_use]
    pub fn in_process(server: impl InProcess + 'static) -> Self {
        Self::InProcess(Arc::new(server))
    }

    /// A server at the other end of a stream, such as a socket, one message per line. It cannot be
    /// opened again: a client ends when the stream does. A proxy that asks a legacy server for its
    /// era has used the stream up, and has to be told the era.
    #[must_use]
    pub fn stream(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::Stream(OpenStream::new(stream))
    }

    /// What the user of a program names on its command line: a URL, or a program to start and its
    /// arguments. What has a `://` in it, or begins with `unix:`, is a URL, and stands alone. The
    /// limits hold for requests to a URL.
    ///
    /// # Errors
    ///
    /// [`TargetError`] when there is no word, when the URL cannot be used, or when another word
    /// stands after it.
    pub fn from_args(
        args: impl IntoIterator<Item = impl Into<String>>,
        limits: Limits,
    ) -> Result<Self, TargetError> {
        let mut args = args.into_iter().map(Into::into);
        let first = args.next().ok_or(TargetError::NoArguments)?;
        if !Self::is_url(&first) {
            return Ok(Self::command(first, args));
        }
        match args.next() {
            Some(word) => Err(TargetError::WordAfterUrl { word: shown_url(&word) }),
            None => Self::url(&first, limits),
        }
    }

    /// Whether a word is a URL for [`url`](Self::url), and no program.
    #[must_use]
    pub fn is_url(word: &str) -> bool {
        HttpClient::is_url(word)
    }

    /// Closes what no request has used for too long: idle connections to a URL. To be called now and
    /// then.
    pub fn sweep(&self) {
        if let Self::Url(link) | Self::WebSocket(link) = self {
            link.sweep();
        }
    }

    /// The upstream with one more header in each request to it; that for a WebSocket is one. Only a
    /// URL has requests: any other target stays as it is.
    ///
    /// # Errors
    ///
    /// [`TargetError::Header`] when no header can have this name or value.
    pub fn with_header(self, name: &str, value: &str) -> Result<Self, TargetError> {
        let unfit = || TargetError::Header { name: name.to_owned() };
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        // It may well be a secret.
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        Ok(match self {
            Self::Url(link) => Self::Url(link.with_header(name, value)),
            Self::WebSocket(link) => Self::WebSocket(link.with_header(name, value)),
            target => target,
        })
    }

    /// The upstream with an access token in each request to it. Only a URL has requests: any
    /// other target stays as it is.
    #[must_use]
    pub fn with_tokens(self, tokens: impl TokenProvider + 'static) -> Self {
        match self {
            Self::Url(link) => Self::Url(link.with_tokens(Arc::new(tokens))),
            Self::WebSocket(link) => Self::WebSocket(link.with_tokens(Arc::new(tokens))),
            target => target,
        }
    }

    /// The upstream with this transport over HTTP. Only a URL has one: any other target stays as it
    /// is.
    #[must_use]
    pub fn with_transport(self, transport: Transport) -> Self {
        match self {
            Self::Url(link) => Self::Url(link.with_transport(transport)),
            target => target,
        }
    }

    /// The upstream with its query as a part of its identity: for a URL that a client names, and not
    /// the operator, so that two queries are two upstreams. Only a URL has a query: any other target
    /// stays as it is.
    #[must_use]
    pub fn with_query_in_identity(self) -> Self {
        match self {
            Self::Url(link) => Self::Url(link.with_query_in_identity()),
            target => target,
        }
    }

    /// How its era is chosen, where the user wants this: HTTP with SSE is a transport of the legacy
    /// era.
    #[must_use]
    pub fn era_mode(&self, wanted: EraMode) -> EraMode {
        match self {
            Self::Url(link) if link.transport().is_sse() && wanted == EraMode::Auto => {
                EraMode::Legacy
            }
            _ => wanted,
        }
    }

    /// The link that carries requests to it. `None`: it is at no URL, or speaks HTTP with SSE there,
    /// and its messages share one channel like lines.
    #[must_use]
    pub fn http_link(&self) -> Option<&HttpLink> {
        match self {
            Self::Url(link) => (!link.transport().is_sse()).then_some(link),
            Self::Command(_) | Self::WebSocket(_) | Self::InProcess(_) | Self::Stream(_) => None,
        }
    }

    /// Whether more than one connection to it can be made. What can be connected to once is used
    /// up by the question for its era, unless the connection that has asked is used further.
    #[must_use]
    pub fn can_reconnect(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }

    /// Whether an upstream session can outlive this process.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.http_link().is_some()
    }

    /// Whether requests to it have headers, which it compares with their bodies.
    #[must_use]
    pub fn has_headers(&self) -> bool {
        self.http_link().is_some()
    }

    /// Whether all messages of a connection share one channel: standalone messages come without a
    /// request for them, and a child is started for each session.
    #[must_use]
    pub fn is_shared_channel(&self) -> bool {
        self.http_link().is_none()
    }

    /// The carrier of its messages, by which evidence of an era is judged.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        if self.has_headers() { Carrier::Http } else { Carrier::Pipe }
    }

    /// A short text that says to people which upstream it is, and holds no secret: the server of a
    /// URL, the file name of a program. Several upstreams may have one label.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Command(command) => {
                let file = Path::new(&command.program).file_name().unwrap_or_default();
                file.to_string_lossy().chars().take(LABEL_CHARS_MAX).collect()
            }
            Self::Url(link) => link.client().origin(),
            Self::WebSocket(link) => link.client().origin().replacen("http", "ws", 1),
            Self::InProcess(_) => "in process".to_owned(),
            Self::Stream(_) => "a stream".to_owned(),
        }
    }

    /// A text that is equal for equal upstreams, also after a secret of theirs was replaced: a
    /// URL without its query, or a program with its folder and its arguments but for the values
    /// that are secrets by their names. A secret that has no such name is part of it.
    #[must_use]
    pub fn identity(&self) -> Secret<String> {
        Secret::new(match self {
            Self::Command(command) => identity::of_command(command),
            Self::Url(link) => link.identity(),
            Self::WebSocket(link) => link.client().place().replacen("http", "ws", 1),
            Self::InProcess(_) | Self::Stream(_) => self.label(),
        })
    }

    /// The identity as versions had it that took secrets for a part of it.
    #[must_use]
    pub fn plain_name(&self) -> Secret<String> {
        match self {
            Self::Command(command) => Secret::new(identity::with_args(command, &command.args)),
            Self::Url(link) => link.url(),
            Self::WebSocket(_) | Self::InProcess(_) | Self::Stream(_) => self.identity(),
        }
    }
}

/// Where connections live.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Every task of a connection is tracked here.
    pub tasks: TaskTracker,
    /// When cancelled, connections end in order: children get their end of input.
    pub shutdown: CancellationToken,
    /// Every bound.
    pub limits: Arc<Limits>,
    /// What there may be of at all upstreams together.
    pub totals: Totals,
    /// How many children there may be.
    pub children: Children,
    /// Stand in front of each connection, and see all that passes.
    pub layers: ServiceLayer,
}

impl Runtime {
    /// Surroundings without layers.
    #[must_use]
    pub fn new(tasks: TaskTracker, shutdown: CancellationToken, limits: Arc<Limits>) -> Self {
        let (totals, children) = (Totals::new(Arc::clone(&limits)), Children::new(&limits));
        Self { tasks, shutdown, limits, totals, children, layers: ServiceLayer::default() }
    }
}

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests;

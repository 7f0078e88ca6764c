//! What to connect to, and what every connection needs from its surroundings.

use std::sync::Arc;

use eyot_era::detect::Carrier;
use eyot_http::{HttpClient, InvalidUrl};
use eyot_service::{InProcess, Limits, ServiceLayer};
use eyot_stdio::Command;
use http::{HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http_link::HttpLink;
use crate::token::TokenProvider;

/// An upstream server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Target {
    /// A program to start; it speaks newline-delimited JSON.
    Command(Command),
    /// A Streamable HTTP endpoint, with what every request to it carries.
    Url(HttpLink),
    /// A server in this process; every connection is an attachment of its own.
    InProcess(Arc<dyn InProcess>),
}

/// Why a text is no upstream.
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
}

impl Target {
    /// An upstream at a URL.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub fn url(url: &str, limits: Limits) -> Result<Self, TargetError> {
        Ok(Self::Url(HttpLink::bare(HttpClient::new(url, limits)?)))
    }

    /// The upstream with one more header in each request to it. Only a URL has requests: any
    /// other target stays as it is.
    ///
    /// # Errors
    ///
    /// [`TargetError::Header`] when no header can have this name or value.
    pub fn with_header(self, name: &str, value: &str) -> Result<Self, TargetError> {
        let Self::Url(link) = self else { return Ok(self) };
        let unfit = || TargetError::Header { name: name.to_owned() };
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        // It may well be a secret.
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        Ok(Self::Url(link.with_header(name, value)))
    }

    /// The upstream with an access token in each request to it. Only a URL has requests: any
    /// other target stays as it is.
    #[must_use]
    pub fn with_tokens(self, tokens: impl TokenProvider + 'static) -> Self {
        match self {
            Self::Url(link) => Self::Url(link.with_tokens(Arc::new(tokens))),
            target => target,
        }
    }

    /// Whether an upstream session can outlive this process.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        matches!(self, Self::Url(_))
    }

    /// Whether requests to it have headers, which it compares with their bodies.
    #[must_use]
    pub fn has_headers(&self) -> bool {
        matches!(self, Self::Url(_))
    }

    /// Whether all messages of a connection share one channel: standalone messages come without a
    /// request for them, and a child is started for each session.
    #[must_use]
    pub fn is_shared_channel(&self) -> bool {
        !matches!(self, Self::Url(_))
    }

    /// The carrier of its messages, by which evidence of an era is judged.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        if self.has_headers() { Carrier::Http } else { Carrier::Pipe }
    }

    /// A text that is equal for equal upstreams and shows no secret: sessions are bound to it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Command(command) => {
                let folder = command.cwd.as_ref().map(|it| it.display().to_string());
                format!("{:?} {:?} in {folder:?}", command.program, command.args)
            }
            Self::Url(link) => link.url(),
            Self::InProcess(_) => "in process".to_owned(),
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
    /// Stand in front of each connection, and see all that passes.
    pub layers: ServiceLayer,
}

impl Runtime {
    /// Surroundings without layers.
    #[must_use]
    pub fn new(tasks: TaskTracker, shutdown: CancellationToken, limits: Arc<Limits>) -> Self {
        Self { tasks, shutdown, limits, layers: ServiceLayer::default() }
    }
}

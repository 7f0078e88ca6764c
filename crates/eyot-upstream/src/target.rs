//! What to connect to, and what every connection needs from its surroundings.

use std::sync::Arc;

use eyot_http::{HttpClient, InvalidUrl};
use eyot_service::{InProcess, Limits};
use eyot_stdio::Command;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An upstream server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Target {
    /// A program to start; it speaks newline-delimited JSON.
    Command(Command),
    /// A Streamable HTTP endpoint.
    Url(HttpClient),
    /// A server of this process; every connection is an attachment of its own.
    InProcess(Arc<dyn InProcess>),
}

/// Why a text is no upstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
}

impl Target {
    /// An upstream at a URL.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub fn url(url: &str, limits: Limits) -> Result<Self, TargetError> {
        Ok(Self::Url(HttpClient::new(url, limits)?))
    }

    /// A text that is equal for equal upstreams and shows no secret: sessions are bound to it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Command(command) => {
                let folder = command.cwd.as_ref().map(|it| it.display().to_string());
                format!("{:?} {:?} in {folder:?}", command.program, command.args)
            }
            Self::Url(client) => client.url(),
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
}

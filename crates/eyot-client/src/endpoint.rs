//! What a client connects to.

use std::fmt;
use std::sync::Arc;

use eyot_service::InProcess;
use eyot_stdio::Command;
use eyot_upstream::BoxStream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::ClientError;

/// The place of a server.
pub struct Endpoint(pub(crate) Place);

pub(crate) enum Place {
    Url(String),
    Command(Command),
    InProcess(Arc<dyn InProcess>),
    Stream(BoxStream),
}

impl Endpoint {
    /// A Streamable HTTP endpoint. The URL is checked when the client connects.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self(Place::Url(url.into()))
    }

    /// A program to start, which speaks over its stdin and stdout; no shell is involved.
    #[must_use]
    pub fn command(
        program: impl Into<String>,
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self(Place::Command(Command { program: program.into(), args, env: Vec::new(), cwd: None }))
    }

    /// What the user of a program names on its command line: a URL, or a program to start and its
    /// arguments. What has a `://` in it is a URL, and stands alone.
    ///
    /// # Errors
    ///
    /// [`ClientError::Target`] when there is no word, or one after a URL.
    pub fn from_args(
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, ClientError> {
        let wrong = |reason: String| Err(ClientError::Target { reason });
        let mut args = args.into_iter().map(Into::into);
        let Some(first) = args.next() else {
            return wrong("name a URL, or a program and its arguments".to_owned());
        };
        if !first.contains("://") {
            return Ok(Self::command(first, args));
        }
        match args.next() {
            Some(word) => wrong(format!("`{word}` after a URL")),
            None => Ok(Self::url(first)),
        }
    }

    /// A server of this process.
    #[must_use]
    pub fn in_process(server: impl InProcess + 'static) -> Self {
        Self(Place::InProcess(Arc::new(server)))
    }

    /// A server at the other end of a stream, such as a socket, one message per line. It cannot
    /// be opened again: when it ends, the client does.
    #[must_use]
    pub fn stream(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Place::Stream(Box::new(stream)))
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self::url(url)
    }
}

impl From<String> for Endpoint {
    fn from(url: String) -> Self {
        Self::url(url)
    }
}

impl From<&String> for Endpoint {
    fn from(url: &String) -> Self {
        Self::url(url)
    }
}

impl From<Command> for Endpoint {
    fn from(command: Command) -> Self {
        Self(Place::Command(command))
    }
}

impl From<Arc<dyn InProcess>> for Endpoint {
    fn from(server: Arc<dyn InProcess>) -> Self {
        Self(Place::InProcess(server))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Url(url) => write!(f, "Endpoint({url})"),
            Place::Command(command) => write!(f, "Endpoint({})", command.program),
            Place::InProcess(_) => f.write_str("Endpoint(in process)"),
            Place::Stream(_) => f.write_str("Endpoint(stream)"),
        }
    }
}

#[cfg(test)]
mod tests;

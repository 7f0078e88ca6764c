//! Requests to one upstream; each has a connection of its own while it lasts.
//!
//! A connection has no task: the future that waits for the answer polls it. Dropping an answer
//! before its end closes the connection; this is how a modern upstream learns that the client does
//! not want the rest.

mod connection;
mod doorbell;
mod url;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use eyot_jsonrpc::Message;
use eyot_service::{Limits, OperatorText};
use http::header::HOST;
use http::{HeaderMap, Method, Request, Response};
use hyper::body::{Body as _, Incoming};
use parking_lot::Mutex;

use crate::OutgoingBody;
use crate::client::connection::{Connection, Failure};
pub use crate::client::url::InvalidUrl;
use crate::client::url::Target;

/// A client of one upstream URL. Cheap to clone; clones share the idle connections.
#[derive(Clone, Debug)]
pub struct HttpClient(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    target: Target,
    limits: Limits,
    /// Last in, first out: the warmest connection is taken first.
    idle: Mutex<Vec<(Connection, Instant)>>,
}

/// The future of an answer's head. Boxed, because it is large and its callers' futures are
/// moved about.
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<Response<UpstreamBody>, HttpError>> + Send + 'a>>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection could be made. The request was not sent.
    #[error("upstream cannot be reached: {reason}")]
    Connect {
        /// The host and port of the upstream: no client should learn of them.
        address: OperatorText,
        /// The error of the system.
        reason: String,
    },
    /// The connection broke after the request may have been read.
    #[error("connection to the upstream broke: {reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
}

impl HttpError {
    /// The whole error, for operators. `None`: the display says it all.
    #[must_use]
    pub fn operator_text(&self) -> Option<OperatorText> {
        let Self::Connect { address, reason } = self else { return None };
        let address = address.reveal_to_operator();
        Some(OperatorText::new(format!("cannot connect to {address}: {reason}")))
    }

    /// Whether the upstream may have read the request.
    #[must_use]
    pub fn may_have_been_read(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}

impl HttpClient {
    /// Makes a client of an `http` URL. Connects when there is something to send.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`].
    pub fn new(url: &str, limits: Limits) -> Result<Self, InvalidUrl> {
        let target = Target::parse(url)?;
        Ok(Self(Arc::new(Shared { target, limits, idle: Mutex::new(Vec::new()) })))
    }

    /// The URL's host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.target.authority()
    }

    /// The URL. It holds no secret: user info in a URL is refused.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.authority(), self.0.target.path())
    }

    /// The bounds of its requests and of their answers.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Sends a request and waits for the head of its answer. Never follows redirects.
    ///
    /// If a kept-alive connection has provably not read the request, it is sent again on another
    /// connection; in any other case it is sent once.
    ///
    /// # Errors
    ///
    /// [`HttpError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection; the upstream may have read the request.
    pub fn send<'a>(
        &'a self,
        method: Method,
        headers: HeaderMap,
        message: Option<&Message>,
    ) -> Sending<'a> {
        Box::pin(self.deliver(self.request(method, headers, message)))
    }

    async fn deliver(
        &self,
        mut request: Request<OutgoingBody>,
    ) -> Result<Response<UpstreamBody>, HttpError> {
        loop {
            let (mut connection, is_fresh) = match self.take_idle() {
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            match connection.send(request).await {
                Ok(response) => {
                    let home = Arc::clone(&self.0);
                    return Ok(response.map(|incoming| UpstreamBody {
                        incoming,
                        connection: Some(connection),
                        home,
                    }));
                }
                Err(Failure::NotSent(unsent)) if !is_fresh => request = *unsent,
                Err(failure) => return Err(failure.into_error(self.authority())),
            }
        }
    }

    fn request(
        &self,
        method: Method,
        headers: HeaderMap,
        message: Option<&Message>,
    ) -> Request<OutgoingBody> {
        let mut request = Request::new(message.map_or(OutgoingBody::Empty, OutgoingBody::from));
        *request.method_mut() = method;
        *request.uri_mut() = self.0.target.path().clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(HOST, self.0.target.host_header().clone());
        request
    }

    async fn connect(&self) -> Result<Connection, HttpError> {
        let limits = &self.0.limits;
        let address = self.authority();
        let failed =
            |reason: String| HttpError::Connect { address: OperatorText::new(address), reason };
        let connecting = Connection::open(address, limits);
        match tokio::time::timeout(limits.upstream.connect_timeout, connecting).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(reason)) => Err(failed(reason)),
            Err(_elapsed) => {
                Err(failed(format!("no answer in {:?}", limits.upstream.connect_timeout)))
            }
        }
    }

    /// The warmest idle connection that has not expired.
    fn take_idle(&self) -> Option<Connection> {
        let timeout = self.0.limits.upstream.idle_connection_timeout;
        let mut idle = self.0.idle.lock();
        let (connection, since) = idle.pop()?;
        if since.elapsed() < timeout {
            return Some(connection);
        }
        // The connections below it are older still.
        idle.clear();
        None
    }
}

impl Shared {
    fn put_idle(&self, connection: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < self.limits.upstream.idle_connections_max {
            idle.push((connection, Instant::now()));
        }
    }
}

/// The body of an upstream's answer. Polling it also drives its connection.
#[derive(Debug)]
pub struct UpstreamBody {
    incoming: Incoming,
    connection: Option<Connection>,
    home: Arc<Shared>,
}

impl UpstreamBody {
    /// The length that the upstream declared, if it declared one.
    #[must_use]
    pub fn declared_bytes(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next bytes; `None` at the end, after which the connection may serve others.
    ///
    /// # Errors
    ///
    /// [`HttpError::Broken`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes are handed out once, whole.
    pub async fn data(&mut self) -> Result<Option<Bytes>, HttpError> {
        std::future::poll_fn(|cx| self.poll_data(cx)).await
    }

    /// Polls for the next bytes; see [`Self::data`].
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, HttpError>> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(None)) };
        match ready!(connection.poll_data(&mut self.incoming, cx)) {
            Some(Ok(data)) => Poll::Ready(Ok(Some(data))),
            Some(Err(error)) => {
                self.connection = None;
                Poll::Ready(Err(HttpError::Broken { reason: error.to_string() }))
            }
            None => {
                self.release(cx);
                Poll::Ready(Ok(None))
            }
        }
    }

    /// Gives the connection back, if it can serve another request.
    fn release(&mut self, cx: &Context<'_>) {
        if let Some(mut connection) = self.connection.take()
            && connection.poll_ready(cx)
        {
            self.home.put_idle(connection);
        }
    }
}

#[cfg(test)]
mod tests;

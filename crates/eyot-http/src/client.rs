//! Requests to one upstream; each has a connection of its own while it lasts.
//!
//! A connection has no task: the future that waits for the answer polls it. Dropping an answer
//! before its end closes the connection; this is how a modern upstream learns that the client does
//! not want the rest.

mod addresses;
mod coding;
mod connection;
mod connector;
mod cookie;
mod cookies;
mod dial;
mod doorbell;
mod error;
mod idle;
mod look;
mod metered_stream;
mod proxies;
mod raw_body;
mod resolve;
mod tunnel;
mod url;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use eyot_jsonrpc::Message;
use eyot_service::Limits;
use eyot_stdx::Secret;
use http::header::{ACCEPT_ENCODING, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::OutgoingBody;
pub use crate::client::addresses::{AddressPolicy, InvalidNetwork, Network};
use crate::client::coding::{Coding, Decoding};
use crate::client::connection::{Connection, Failure};
pub use crate::client::connector::Connector;
use crate::client::cookie::Origin;
pub use crate::client::cookies::CookieJar;
use crate::client::dial::Dialer;
pub use crate::client::error::HttpError;
use crate::client::idle::{Idle, IdleConnections};
pub use crate::client::proxies::{InvalidProxy, Proxies};
use crate::client::raw_body::RawBody;
pub use crate::client::resolve::{Resolve, Resolving};
pub use crate::client::url::InvalidUrl;
use crate::client::url::Target;
use crate::connection::Upgraded;
use crate::stream::Stream;

/// A client of one upstream URL. Cheap to clone; clones share the idle connections.
#[derive(Clone, Debug)]
pub struct HttpClient(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    target: Target,
    dialer: Dialer,
    limits: Limits,
    idle: Arc<IdleConnections>,
}

/// A request, before the client adds what every request has.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct Draft<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The headers of the protocol.
    pub headers: HeaderMap,
    /// The body; `None`: it has none, or [`bytes`](Self::bytes).
    pub message: Option<&'a Message>,
    /// The body, where it is passed on as it is.
    pub bytes: Option<Bytes>,
    /// Where on the client's origin it goes; `None`: to the client's URL.
    pub target: Option<&'a Uri>,
    /// The cookies that go along, and where those of the answer are kept. `None`: there are none.
    pub cookies: Option<&'a CookieJar>,
}

/// The future of an answer's head. Boxed, because it is large and its callers' futures are
/// moved about.
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<Response<UpstreamBody>, HttpError>> + Send + 'a>>;

impl HttpClient {
    /// Makes a client of a URL: `http`, `https`, or `unix:PATH#/mcp` for a server at a Unix socket.
    /// Connects when there is something to send, as the [`Connector`] says by default.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`].
    pub fn new(url: &str, limits: Limits) -> Result<Self, InvalidUrl> {
        Self::with_connector(url, limits, &Connector::default())
    }

    /// As [`new`](Self::new), with connections of this connector.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`].
    pub fn with_connector(
        url: &str,
        limits: Limits,
        connector: &Connector,
    ) -> Result<Self, InvalidUrl> {
        let target = Target::parse(url)?;
        let dialer = Dialer::new(&target, connector, limits.upstream)?;
        let idle = Arc::new(IdleConnections::new(&limits.upstream));
        Ok(Self(Arc::new(Shared { target, dialer, limits, idle })))
    }

    /// Whether a text is meant as a URL of a server, and not as a word of another kind.
    #[must_use]
    pub fn is_url(text: &str) -> bool {
        text.contains("://") || text.starts_with("unix:")
    }

    /// The URL without its path: a label that holds no secret.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.target.origin()
    }

    /// The URL without its query.
    #[must_use]
    pub fn place(&self) -> String {
        self.0.target.url(self.path())
    }

    /// The URL's host and port, or `unix:PATH`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.target.authority()
    }

    /// The URL's path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.target.path().path()
    }

    /// The URL. Its query may hold a secret; user info is refused.
    #[must_use]
    pub fn url(&self) -> Secret<String> {
        Secret::new(self.0.target.url(&self.0.target.path().to_string()))
    }

    /// Whether no other machine can read what is sent: the upstream is on this one, or TLS hides it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.0.dialer.is_private(&self.0.target)
    }

    /// The bounds of its requests and of their answers.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Closes idle connections that have expired, and takes the buffers of those that no request has
    /// used for a moment. To be called now and then.
    pub fn sweep(&self) {
        self.0.idle.sweep(Instant::now());
    }

    /// Sends a request and waits for the head of its answer. Follows no redirect: see
    /// [`redirect`](Self::redirect).
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
    pub fn send<'a>(&'a self, draft: Draft<'a>) -> Sending<'a> {
        // The request is made within: a future that it is moved into is large.
        Box::pin(async move {
            let (target, cookies) = (draft.target, draft.cookies);
            let response = self.deliver(self.request(draft)).await?;
            if let Some(cookies) = cookies {
                let Self(shared) = self;
                let origin = || Origin {
                    host: shared.target.host(),
                    path: target.unwrap_or_else(|| shared.target.path()).path(),
                    is_private: self.is_private(),
                };
                cookies.take(response.headers(), origin, &shared.limits);
            }
            Ok(response)
        })
    }

    /// Where an answer to a request for `from` sends the client, if that is on the same origin.
    /// `None` as `from` is the client's own URL.
    #[must_use]
    pub fn redirect(&self, from: Option<&Uri>, headers: &HeaderMap) -> Option<Uri> {
        self.resolve(from, headers.get(LOCATION)?.to_str().ok()?)
    }

    /// The request target that a URL names, which may be relative to `base`, if it is on the
    /// client's origin. `None` as `base` is the client's own URL.
    #[must_use]
    pub fn resolve(&self, base: Option<&Uri>, url: &str) -> Option<Uri> {
        let target = &self.0.target;
        target.within(base.unwrap_or_else(|| target.path()), url)
    }

    async fn deliver(
        &self,
        mut request: Request<OutgoingBody>,
    ) -> Result<Response<UpstreamBody>, HttpError> {
        loop {
            let (mut connection, is_fresh) = match self.0.idle.take(Instant::now()) {
                Some(Idle::Warm(connection)) => (connection, false),
                // Boxed, because they are large and rare.
                Some(Idle::Resting(stream)) => (Box::pin(self.wake(stream)).await?, false),
                None => (Box::pin(self.connect()).await?, true),
            };
            match connection.send(request).await {
                Ok(response) => {
                    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
                        && self.0.dialer.forwarding().is_some()
                    {
                        return Err(self.0.dialer.unauthorized());
                    }
                    let coding = Coding::of(response.headers());
                    let home = Arc::clone(&self.0.idle);
                    return Ok(response.map(|incoming| {
                        let connection = Some(connection);
                        UpstreamBody::new(RawBody { incoming, connection, home }, coding)
                    }));
                }
                Err(Failure::NotSent(unsent)) if !is_fresh => request = *unsent,
                Err(failure) => return Err(self.failed(failure)),
            }
        }
    }

    fn failed(&self, failure: Failure) -> HttpError {
        let dialer = &self.0.dialer;
        match failure {
            Failure::NotSent(_) => {
                let reason = "connection closed before the request was sent";
                dialer.failed(reason.to_owned())
            }
            Failure::Refused(detail) => dialer.refused(detail),
            Failure::Broken { reason, is_garbled } => {
                HttpError::Broken { reason, hint: dialer.hint(is_garbled) }
            }
        }
    }

    fn request(&self, draft: Draft<'_>) -> Request<OutgoingBody> {
        let Draft { method, mut headers, message, bytes, target, cookies } = draft;
        let target = target.unwrap_or_else(|| self.0.target.path());
        if let Some(cookies) = cookies {
            cookies.add_to(&mut headers, target);
        }
        // Who passes a request on keeps the name that its client knows.
        headers.entry(HOST).or_insert_with(|| self.0.target.host_header().clone());
        // "If no Accept-Encoding header field is in the request, any content coding is considered
        // acceptable by the user agent" (RFC 9110, 12.5.3).
        headers.entry(ACCEPT_ENCODING).or_insert(IDENTITY);
        let body = message.map(OutgoingBody::from).or_else(|| bytes.map(OutgoingBody::Bytes));
        let mut request = Request::new(body.unwrap_or_default());
        *request.method_mut() = method;
        *request.uri_mut() = target.clone();
        *request.headers_mut() = headers;
        if let Some(authorization) = self.0.dialer.forwarding() {
            self.address_proxy(&mut request, authorization);
        }
        request
    }

    /// "When making a request to a proxy […] a client MUST send the target URI in \"absolute-form\""
    /// (RFC 9112, 3.2.2).
    fn address_proxy(
        &self,
        request: &mut Request<OutgoingBody>,
        authorization: Option<&HeaderValue>,
    ) {
        if let Ok(whole) = self.0.target.url(&request.uri().to_string()).parse() {
            *request.uri_mut() = whole;
        }
        if let Some(authorization) = authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
    }

    /// Puts hyper back on the stream of an idle connection.
    async fn wake(&self, stream: Stream) -> Result<Connection, HttpError> {
        let woken = Connection::over(stream, &self.0.limits).await;
        woken.map_err(|reason| self.0.dialer.failed(reason))
    }

    async fn connect(&self) -> Result<Connection, HttpError> {
        self.wake(self.0.dialer.dial().await?).await
    }
}

/// The body of an upstream's answer, decoded. Polling it also drives its connection.
#[derive(Debug)]
pub struct UpstreamBody(Body);

#[derive(Debug)]
enum Body {
    Plain(RawBody),
    Coded(Box<Decoding>),
    /// In a coding that is not known.
    Unknown(String),
}

impl UpstreamBody {
    fn new(raw: RawBody, coding: Coding) -> Self {
        Self(match coding {
            Coding::Identity => Body::Plain(raw),
            Coding::Known(algorithm) => Body::Coded(Box::new(Decoding::new(algorithm, raw))),
            Coding::Unknown(coding) => Body::Unknown(coding),
        })
    }

    /// The length that the upstream declared, if it declared one.
    #[must_use]
    pub fn declared_bytes(&self) -> Option<u64> {
        match &self.0 {
            Body::Plain(raw) => raw.declared_bytes(),
            Body::Coded(_) | Body::Unknown(_) => None,
        }
    }

    /// The stream behind an answer 101, which goes on as something else. `None`: it has ended.
    #[must_use]
    pub fn into_upgraded(
        self,
    ) -> Option<Upgraded<impl AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin + 'static>> {
        match self.0 {
            Body::Plain(raw) => raw.connection.and_then(Connection::into_upgraded),
            Body::Coded(_) | Body::Unknown(_) => None,
        }
    }

    /// The next bytes; `None` at the end, after which the connection may serve others.
    ///
    /// # Errors
    ///
    /// [`HttpError::Broken`] and [`HttpError::Coding`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes are handed out once, whole.
    pub async fn data(&mut self) -> Result<Option<Bytes>, HttpError> {
        std::future::poll_fn(|cx| self.poll_data(cx)).await
    }

    /// Polls for the next bytes; see [`Self::data`].
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, HttpError>> {
        match &mut self.0 {
            Body::Plain(raw) => raw.poll_data(cx),
            Body::Coded(decoding) => decoding.poll_data(cx),
            Body::Unknown(coding) => Poll::Ready(Err(HttpError::Coding { coding: coding.clone() })),
        }
    }
}

/// What every request says of the codings that it takes.
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

#[cfg(test)]
mod tests;

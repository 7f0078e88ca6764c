//! Who a client is: the seam between the endpoint and the service that checks credentials.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use eyot_http::{OutgoingBody, RequestHead, refused};
use eyot_service::Principal;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Response, StatusCode, request};

/// Finds out who sends a request.
pub trait Authenticate: fmt::Debug + Send + Sync {
    /// Looks at the credentials of one request, before its body is read.
    ///
    /// A decision at once is [`Authentication::Ready`]; only one that takes time is boxed. The
    /// endpoint waits for that as long as
    /// [`authentication_timeout`](eyot_service::HttpLimits::authentication_timeout).
    fn authenticate(&self, credentials: &Credentials<'_>) -> Authentication;

    /// Whether every client is served without credentials, as the anonymous principal.
    fn is_open(&self) -> bool {
        false
    }
}

/// Where credentials are found.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The head of the request in MCP's terms, with its bearer token.
    pub head: &'a RequestHead<'a>,
    /// The whole head of the request.
    pub parts: &'a request::Parts,
    /// Where the client is, if this process has accepted its connection.
    pub address: Option<SocketAddr>,
    /// The name in the client's certificate, if TLS has asked for one.
    pub certificate: Option<&'a Arc<str>>,
}

/// The sender of a request, or the refusal for the client; `Ok(None)` when clients need no
/// credentials.
pub type Authenticated = Result<Option<Principal>, AuthRefusal>;

/// What [`Authenticate`] answers, now or later.
pub enum Authentication {
    /// It is known.
    Ready(Authenticated),
    /// It takes time: another service is asked.
    Pending(Pin<Box<dyn Future<Output = Authenticated> + Send>>),
}

impl Authentication {
    /// An answer that takes time.
    pub fn pending(asking: impl Future<Output = Authenticated> + Send + 'static) -> Self {
        Self::Pending(Box::pin(asking))
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(authenticated) => f.debug_tuple("Ready").field(authenticated).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// Why a request is not served, and what the client must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRefusal {
    status: StatusCode,
    authenticate: Option<HeaderValue>,
    message: Cow<'static, str>,
}

impl AuthRefusal {
    /// 401 with what `WWW-Authenticate` asks for.
    #[must_use]
    pub fn unauthorized(authenticate: HeaderValue, message: impl Into<Cow<'static, str>>) -> Self {
        let (status, authenticate) = (StatusCode::UNAUTHORIZED, Some(authenticate));
        Self { status, authenticate, message: message.into() }
    }

    /// 403 with what `WWW-Authenticate` asks for: the credentials are good, but not for this.
    #[must_use]
    pub fn forbidden(authenticate: HeaderValue, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::unauthorized(authenticate, message) }
    }

    /// 503: credentials cannot be checked now.
    #[must_use]
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bare(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// A refusal that no credentials of HTTP would change.
    pub(crate) fn bare(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, authenticate: None, message: message.into() }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn into_answer(self) -> Response<OutgoingBody> {
        let mut answer = refused(self.status, None, &self.message);
        if let Some(authenticate) = self.authenticate {
            answer.headers_mut().insert(WWW_AUTHENTICATE, authenticate);
        }
        answer
    }
}

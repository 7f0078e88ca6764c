//! Who a client is: the seam between the endpoint and the service that checks credentials.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_http::{OutgoingBody, RequestHead, error};
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_service::Principal;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
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
#[derive(Clone, Debug, PartialEq)]
pub struct AuthRefusal {
    status: StatusCode,
    authenticate: Option<HeaderValue>,
    /// Whole seconds.
    retry_after: Option<u32>,
    error: ErrorObject,
}

impl AuthRefusal {
    /// 401 with what `WWW-Authenticate` asks for.
    #[must_use]
    pub fn unauthorized(authenticate: HeaderValue, message: impl Into<Cow<'static, str>>) -> Self {
        let authenticate = Some(authenticate);
        Self { authenticate, ..Self::bare(StatusCode::UNAUTHORIZED, message) }
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

    /// A request of a known client that is refused for another reason: too much of it, for example.
    #[must_use]
    pub fn denied(status: StatusCode, error: ErrorObject, retry_after: Option<Duration>) -> Self {
        // Rounded up: a client that comes earlier is refused again.
        let whole = |it: Duration| it.as_millis().div_ceil(1_000).max(1);
        let seconds = |it| u32::try_from(whole(it)).unwrap_or(u32::MAX);
        Self { status, authenticate: None, retry_after: retry_after.map(seconds), error }
    }

    /// A refusal that no credentials of HTTP would change.
    pub(crate) fn bare(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let error = ErrorObject::new(INVALID_REQUEST, message.into());
        Self { status, authenticate: None, retry_after: None, error }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn into_answer(self) -> Response<OutgoingBody> {
        let mut answer = error(self.status, None, &self.error);
        if let Some(authenticate) = self.authenticate {
            answer.headers_mut().insert(WWW_AUTHENTICATE, authenticate);
        }
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

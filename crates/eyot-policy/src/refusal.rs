//! Why a request is refused, for its client and for the operator.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{ErrorObject, Message};
use eyot_types::codes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// The parts of a policy, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Where the request has come from.
    Address,
    /// Whether that network may come in.
    Networks,
    /// Whether the method may be used.
    Methods,
    /// Whether the path may be asked for.
    Paths,
    /// Whether the headers are as they must be.
    Headers,
    /// Whether the page that sends it may.
    Cors,
    /// Whether there were too many requests.
    Rates,
    /// Whether too many of them run.
    Concurrency,
}

impl Part {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 8] = [
        Self::Address,
        Self::Networks,
        Self::Methods,
        Self::Paths,
        Self::Headers,
        Self::Cors,
        Self::Rates,
        Self::Concurrency,
    ];

    /// Its name in logs, metrics and explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Networks => "networks",
            Self::Methods => "methods",
            Self::Paths => "paths",
            Self::Headers => "headers",
            Self::Cors => "cors",
            Self::Rates => "rates",
            Self::Concurrency => "concurrency",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The part that refuses it.
    pub part: Part,
    /// The member of the policy that says so, for the operator.
    pub rule: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// The error of JSON-RPC for the client. It has nothing of the request and no address.
    pub error: ErrorObject,
    /// When it may be sent again; `None`: that changes nothing.
    pub retry_after: Option<Duration>,
    /// The methods that are allowed, with 405.
    pub allow: Option<HeaderValue>,
    /// The address of the client, for the operator. `None`: it has none, or it was not found out.
    pub client: Option<IpAddr>,
}

impl Refusal {
    /// A refusal that stays one when the request is sent again.
    pub(crate) fn of(
        part: Part,
        rule: impl Into<String>,
        status: StatusCode,
        why: &str,
    ) -> Box<Self> {
        let error = codes::denied(why);
        let rule = rule.into();
        let (retry_after, allow, client) = (None, None, None);
        Box::new(Self { part, rule, status, error, retry_after, allow, client })
    }

    /// A refusal because there is too much, by the rule of this name.
    pub(crate) fn too_many(part: Part, name: &str, retry_after: Duration) -> Box<Self> {
        let rule = format!("{part}.{name}");
        let error = codes::overloaded(&rule);
        let (status, retry_after) = (StatusCode::TOO_MANY_REQUESTS, Some(retry_after));
        let (allow, client) = (None, None);
        Box::new(Self { part, rule, status, error, retry_after, allow, client })
    }

    /// Whole seconds to wait, for the header `Retry-After`: at least one.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        let wait = self.retry_after?;
        let begun = u64::from(wait.subsec_nanos() > 0);
        Some(wait.as_secs().saturating_add(begun).max(1))
    }

    /// The response for the client. Nothing is known of the body, so that the error has no id, as the
    /// endpoint answers what it refuses by the head.
    #[must_use]
    pub fn response(&self) -> Response<Full<Bytes>> {
        let message = Message::error_response(None, &self.error);
        let mut response = Response::new(Full::new(message.to_bytes()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after_secs() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
        response
    }
}

/// For the operator: the rule, and what the client is told.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.error.message)
    }
}

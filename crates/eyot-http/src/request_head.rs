//! What MCP reads from the head of a request.

use eyot_types::headers;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, StatusCode};

/// Why a head cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// A header that may stand once stands twice, or is not visible ASCII.
    #[error("header `{name}` must be given once, in visible ASCII")]
    Header {
        /// Its name.
        name: &'static str,
    },
    /// The body is not declared as JSON.
    #[error("content type must be application/json")]
    ContentType,
    /// The body is compressed.
    #[error("content encoding is not supported")]
    ContentEncoding,
    /// The client takes neither of the forms that an answer may have.
    #[error("accept must allow {0}")]
    Accept(&'static str),
}

impl HeadError {
    /// The HTTP status that says so.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Header { .. } => StatusCode::BAD_REQUEST,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Accept(_) => StatusCode::NOT_ACCEPTABLE,
        }
    }
}

/// A view of a head in MCP's terms.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a>(&'a HeaderMap);

/// The forms of answer that a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// `application/json`.
    pub json: bool,
    /// `text/event-stream`.
    pub events: bool,
}

impl<'a> RequestHead<'a> {
    /// Views a head.
    #[must_use]
    pub fn new(headers: &'a HeaderMap) -> Self {
        Self(headers)
    }

    /// `Mcp-Session-Id`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn session_id(self) -> Result<Option<&'a str>, HeadError> {
        self.single(headers::SESSION_ID)
    }

    /// `MCP-Protocol-Version`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn protocol_version(self) -> Result<Option<&'a str>, HeadError> {
        self.single(headers::PROTOCOL_VERSION)
    }

    /// `Last-Event-ID`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn last_event_id(self) -> Result<Option<&'a str>, HeadError> {
        self.single(headers::LAST_EVENT_ID)
    }

    /// A header that may stand once.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn single(self, name: &'static str) -> Result<Option<&'a str>, HeadError> {
        let mut values = self.0.get_all(HeaderName::from_static(name)).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().map_err(|_| HeadError::Header { name })?;
        if values.next().is_some() { Err(HeadError::Header { name }) } else { Ok(Some(text)) }
    }

    /// The bearer token of `Authorization`.
    #[must_use]
    pub fn bearer_token(self) -> Option<&'a str> {
        let value = self.0.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// Checks that the body is JSON and nothing around it.
    ///
    /// # Errors
    ///
    /// [`HeadError::ContentType`] or [`HeadError::ContentEncoding`].
    pub fn check_json_body(self) -> Result<(), HeadError> {
        let mut types = self.0.get_all(CONTENT_TYPE).iter();
        let content_type = types.next().and_then(|it| it.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") || types.next().is_some() {
            return Err(HeadError::ContentType);
        }
        let mut encodings = self.0.get_all(CONTENT_ENCODING).iter();
        let is_plain = encodings.all(|it| it.as_bytes().eq_ignore_ascii_case(b"identity"));
        if is_plain { Ok(()) } else { Err(HeadError::ContentEncoding) }
    }

    /// The forms of answer that `Accept` allows; all when it is absent.
    #[must_use]
    pub fn accepts(self) -> Accepts {
        if !self.0.contains_key(ACCEPT) {
            return Accepts { json: true, events: true };
        }
        let mut accepts = Accepts { json: false, events: false };
        for value in self.0.get_all(ACCEPT).iter().filter_map(|it| it.to_str().ok()) {
            for range in value.split(',') {
                accepts.add(range);
            }
        }
        accepts
    }
}

impl Accepts {
    fn add(&mut self, range: &str) {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        if parts.any(is_refusal) {
            return;
        }
        let is_any = essence == "*/*";
        self.json |= is_any
            || essence.eq_ignore_ascii_case("application/json")
            || essence.eq_ignore_ascii_case("application/*");
        self.events |= is_any
            || essence.eq_ignore_ascii_case("text/event-stream")
            || essence.eq_ignore_ascii_case("text/*");
    }
}

/// `q=0` in any spelling: "not acceptable" (RFC 9110, 12.4.2).
fn is_refusal(parameter: &str) -> bool {
    let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
    weight.is_some_and(|it| it.trim().parse::<f32>().is_ok_and(|it| it == 0.0))
}

#[cfg(test)]
mod tests;

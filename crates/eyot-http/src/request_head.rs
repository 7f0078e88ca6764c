//! The parts of a request's head that MCP reads, in one pass over its headers.

use eyot_types::headers;
use http::{HeaderMap, HeaderValue, StatusCode};

/// The reason why a head cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// A header that may appear once appears twice, or is not visible ASCII.
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
}

impl HeadError {
    /// The HTTP status for this error.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Header { .. } => StatusCode::BAD_REQUEST,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// A view of a head in MCP's terms.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHead<'a> {
    pub(crate) host: Single<'a>,
    pub(crate) origin: Single<'a>,
    authorization: Single<'a>,
    content_type: Single<'a>,
    content_encoding: Single<'a>,
    session_id: Single<'a>,
    protocol_version: Single<'a>,
    last_event_id: Single<'a>,
    method: Single<'a>,
    name: Single<'a>,
    accepts: Option<Accepts>,
    has_parameters: bool,
}

/// A header that may appear once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Single<'a> {
    #[default]
    Absent,
    One(&'a HeaderValue),
    Several,
}

/// The forms of answer that a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// `application/json`.
    pub json: bool,
    /// `text/event-stream`.
    pub events: bool,
}

impl<'a> RequestHead<'a> {
    /// Reads a head.
    #[must_use]
    pub fn read(headers: &'a HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let field = match name.as_str() {
                "accept" => {
                    let accepts = head.accepts.get_or_insert(Accepts::NOTHING);
                    accepts.add(value);
                    continue;
                }
                "host" => &mut head.host,
                "origin" => &mut head.origin,
                "authorization" => &mut head.authorization,
                "content-type" => &mut head.content_type,
                "content-encoding" => &mut head.content_encoding,
                headers::SESSION_ID => &mut head.session_id,
                headers::PROTOCOL_VERSION => &mut head.protocol_version,
                headers::LAST_EVENT_ID => &mut head.last_event_id,
                headers::METHOD => &mut head.method,
                headers::NAME => &mut head.name,
                other => {
                    head.has_parameters |= other.starts_with(headers::PARAM_PREFIX);
                    continue;
                }
            };
            field.add(value);
        }
        head
    }

    /// `Mcp-Session-Id`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn session_id(&self) -> Result<Option<&'a str>, HeadError> {
        self.session_id.text(headers::SESSION_ID)
    }

    /// `MCP-Protocol-Version`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn protocol_version(&self) -> Result<Option<&'a str>, HeadError> {
        self.protocol_version.text(headers::PROTOCOL_VERSION)
    }

    /// `Last-Event-ID`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn last_event_id(&self) -> Result<Option<&'a str>, HeadError> {
        self.last_event_id.text(headers::LAST_EVENT_ID)
    }

    /// `Mcp-Method`.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn method(&self) -> Result<Option<&'a str>, HeadError> {
        self.method.text(headers::METHOD)
    }

    /// `Mcp-Name`, not decoded.
    ///
    /// # Errors
    ///
    /// [`HeadError::Header`].
    pub fn name(&self) -> Result<Option<&'a str>, HeadError> {
        self.name.text(headers::NAME)
    }

    /// Whether there are `Mcp-Param-*` headers.
    #[must_use]
    pub fn has_parameters(&self) -> bool {
        self.has_parameters
    }

    /// The bearer token of `Authorization`.
    #[must_use]
    pub fn bearer_token(&self) -> Option<&'a str> {
        let value = self.authorization.text("authorization").ok()??;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// Checks that the body is declared as JSON without an encoding around it.
    ///
    /// # Errors
    ///
    /// [`HeadError::ContentType`] or [`HeadError::ContentEncoding`].
    pub fn check_json_body(&self) -> Result<(), HeadError> {
        if !self.content_type.is_exactly(b"application/json") {
            let content_type = self.content_type.text("content-type");
            let content_type = content_type.ok().flatten().unwrap_or_default();
            let essence = content_type.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                return Err(HeadError::ContentType);
            }
        }
        match self.content_encoding {
            Single::Absent => Ok(()),
            Single::One(coding) if coding.as_bytes().eq_ignore_ascii_case(b"identity") => Ok(()),
            Single::One(_) | Single::Several => Err(HeadError::ContentEncoding),
        }
    }

    /// The forms of answer that `Accept` allows; all when it is absent.
    #[must_use]
    pub fn accepts(&self) -> Accepts {
        self.accepts.unwrap_or(Accepts { json: true, events: true })
    }
}

impl<'a> Single<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        *self = match self {
            Self::Absent => Self::One(value),
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    /// Whether it appears once, and in the spelling of most peers: other spellings take longer.
    fn is_exactly(self, value: &[u8]) -> bool {
        matches!(self, Self::One(given) if given.as_bytes() == value)
    }

    fn text(self, name: &'static str) -> Result<Option<&'a str>, HeadError> {
        match self {
            Self::Absent => Ok(None),
            Self::One(value) => value.to_str().map(Some).map_err(|_| HeadError::Header { name }),
            Self::Several => Err(HeadError::Header { name }),
        }
    }
}

impl Accepts {
    const NOTHING: Self = Self { json: false, events: false };

    fn add(&mut self, value: &HeaderValue) {
        // Clients are told to send this value, and most do; other spellings take longer.
        if value.as_bytes() == b"application/json, text/event-stream" {
            *self = Self { json: true, events: true };
            return;
        }
        for range in value.to_str().unwrap_or_default().split(',') {
            self.add_range(range);
        }
    }

    fn add_range(&mut self, range: &str) {
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

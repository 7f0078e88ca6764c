//! What a scan keeps of a message: its kind, and where its parts are.

use crate::error::ParseErrorKind;
use crate::span::Span;
use crate::surrogates::Surrogates;

/// The four kinds of message of JSON-RPC 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A method with an id: an answer is due.
    Request,
    /// A method without an id: no answer is due.
    Notification,
    /// The answer to a request, with a result.
    Response,
    /// The answer to a request, or to something that could not be read, with an error.
    Error,
}

/// Kind and places of one message that has passed the scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    pub(crate) is_single_line: bool,
    pub(crate) has_line_separators: bool,
    pub(crate) surrogates: Surrogates,
    pub(crate) has_round: bool,
    pub(crate) id: Span,
    pub(crate) method: Span,
    /// `params`, `result` or `error`, as the kind says.
    pub(crate) payload: Span,
    pub(crate) meta: Span,
    pub(crate) name: Span,
    pub(crate) uri: Span,
    pub(crate) arguments: Span,
    pub(crate) progress_token: Span,
}

const _: () = assert!(size_of::<Envelope>() <= 72, "every queued message has one");

/// The `id` of a message, as far as it was scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScannedId {
    /// There is none.
    #[default]
    Absent,
    /// `null`, which only errors may have.
    Null,
    /// A string or an integer.
    Valid(Span),
    /// Anything else, too long, or there twice: blamed already.
    Unusable,
}

/// Where the members of one message are, as far as it was scanned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MemberSpans {
    pub(crate) version: Span,
    pub(crate) id: ScannedId,
    pub(crate) method: Span,
    pub(crate) params: Span,
    pub(crate) result: Span,
    pub(crate) error: Span,
    pub(crate) error_code: Span,
    pub(crate) error_message: Span,
    pub(crate) meta: Span,
    pub(crate) name: Span,
    pub(crate) uri: Span,
    pub(crate) arguments: Span,
    pub(crate) meta_progress_token: Span,
    pub(crate) params_progress_token: Span,
    pub(crate) is_single_line: bool,
    pub(crate) has_round: bool,
}

impl MemberSpans {
    /// The id, if it can be relied on.
    pub(crate) const fn valid_id(&self) -> Option<Span> {
        match self.id {
            ScannedId::Valid(id) => Some(id),
            ScannedId::Absent | ScannedId::Null | ScannedId::Unusable => None,
        }
    }

    /// The envelope, if the parts found make up a message.
    pub(crate) fn envelope(&self) -> Result<Envelope, ParseErrorKind> {
        self.kind().map(|kind| self.envelope_of(kind))
    }

    /// The envelope of a message that is known to be of this kind.
    pub(crate) fn envelope_of(&self, kind: Kind) -> Envelope {
        let (payload, progress_token) = match kind {
            Kind::Request => (self.params, self.meta_progress_token),
            Kind::Notification => (self.params, self.params_progress_token),
            Kind::Response => (self.result, Span::default()),
            Kind::Error => (self.error, Span::default()),
        };
        Envelope {
            kind,
            is_single_line: self.is_single_line,
            has_line_separators: false,
            surrogates: Surrogates::Paired,
            has_round: self.has_round,
            id: self.valid_id().unwrap_or_default(),
            method: self.method,
            payload,
            meta: self.meta,
            name: self.name,
            uri: self.uri,
            arguments: self.arguments,
            progress_token,
        }
    }

    fn kind(&self) -> Result<Kind, ParseErrorKind> {
        if !self.version.is_present() {
            return Err(ParseErrorKind::MissingMember { member: "jsonrpc" });
        }
        let conflict = |member, beside| Err(ParseErrorKind::ConflictingMember { member, beside });
        match (self.method.is_present(), self.result.is_present(), self.error.is_present()) {
            (true, false, false) => self.call_kind(),
            (false, true, false) if self.params.is_present() => conflict("params", "result"),
            (false, false, true) if self.params.is_present() => conflict("params", "error"),
            (false, true, false) => self.response_kind(),
            (false, false, true) => self.error_kind(),
            (false, false, false) => Err(ParseErrorKind::Shapeless),
            (true, true, _) => conflict("method", "result"),
            (true, false, true) => conflict("method", "error"),
            (false, true, true) => conflict("result", "error"),
        }
    }

    /// "Unlike base JSON-RPC, the ID MUST NOT be null" (2025-11-25, basic).
    const fn call_kind(&self) -> Result<Kind, ParseErrorKind> {
        match self.id {
            ScannedId::Absent => Ok(Kind::Notification),
            ScannedId::Null => Err(INVALID_ID),
            ScannedId::Valid(_) | ScannedId::Unusable => Ok(Kind::Request),
        }
    }

    const fn response_kind(&self) -> Result<Kind, ParseErrorKind> {
        match self.id {
            ScannedId::Absent => Err(ParseErrorKind::MissingMember { member: "id" }),
            ScannedId::Null => Err(INVALID_ID),
            ScannedId::Valid(_) | ScannedId::Unusable => Ok(Kind::Response),
        }
    }

    /// An error may answer something whose id could not be read: the id is `null` then (JSON-RPC
    /// 2.0, 5), or absent (MCP, 2025-11-25 and later).
    const fn error_kind(&self) -> Result<Kind, ParseErrorKind> {
        if !self.error_code.is_present() {
            return Err(ParseErrorKind::MissingMember { member: "code" });
        }
        if !self.error_message.is_present() {
            return Err(ParseErrorKind::MissingMember { member: "message" });
        }
        Ok(Kind::Error)
    }
}

/// What is said of an id of another type.
pub(crate) const INVALID_ID: ParseErrorKind =
    ParseErrorKind::InvalidMember { member: "id", expected: "a string or an integer" };

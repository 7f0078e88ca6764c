//! What a scan keeps of a message: its kind, and where its parts are.

use std::ops::Range;

use crate::error::ParseErrorKind;
use crate::id::is_id;
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
    pub(crate) params: Noted,
    pub(crate) id: Span,
    pub(crate) method: Span,
    /// `params`, `result` or `error`, as the kind says.
    pub(crate) payload: Span,
    pub(crate) meta: Span,
    pub(crate) name: Span,
    pub(crate) uri: Span,
    pub(crate) arguments: Span,
    pub(crate) progress_token: Span,
    pub(crate) client: ClientSpans,
    pub(crate) long: LongSpans,
}

const _: () = assert!(size_of::<Envelope>() <= 128, "every queued message has one");

/// What a bridge asks of parameters and results first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noted(u8);

impl Noted {
    /// They have `inputResponses` or `requestState`.
    pub(crate) const ROUND: Self = Self(1);
    /// They have a `task`.
    pub(crate) const TASK: Self = Self(2);
    /// Their `_meta` has members that are not the protocol's alone.
    pub(crate) const OTHER_META: Self = Self(4);
    /// Their `_meta` is no object.
    pub(crate) const ODD_META: Self = Self(8);
    /// They are a result that is complete, by its `resultType` or because it has none.
    pub(crate) const COMPLETE: Self = Self(16);

    /// Notes it when it is so.
    pub(crate) const fn note(&mut self, what: Self, is_so: bool) {
        if is_so {
            self.0 |= what.0;
        }
    }

    /// It is no longer so.
    pub(crate) const fn unset(&mut self, what: Self) {
        self.0 &= !what.0;
    }

    /// Whether it was noted.
    pub(crate) const fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }
}

impl Envelope {
    /// The envelope of a message of which nothing is written yet.
    pub(crate) const fn without_places(&self) -> Self {
        const ABSENT: Span = Span::ABSENT;
        Self {
            kind: self.kind,
            is_single_line: self.is_single_line,
            has_line_separators: self.has_line_separators,
            surrogates: self.surrogates,
            params: Noted(0),
            id: ABSENT,
            method: ABSENT,
            payload: ABSENT,
            meta: ABSENT,
            name: ABSENT,
            uri: ABSENT,
            arguments: ABSENT,
            progress_token: ABSENT,
            client: ClientSpans {
                protocol_version: ABSENT,
                info: ABSENT,
                capabilities: ABSENT,
                log_level: ABSENT,
            },
            long: LongSpans::NONE,
        }
    }

    /// Takes over the places of all parts of `from` that are in `range`, which begins at `at` here.
    pub(crate) fn take_places(&mut self, from: &Self, range: &Range<usize>, at: usize) {
        let take = |place: &mut Span, old: Span| {
            let old = old.bounds();
            if old.start < old.end && range.start <= old.start && old.end <= range.end {
                *place = Span::new(at + old.start - range.start..at + old.end - range.start);
            }
        };
        take(&mut self.id, from.id);
        take(&mut self.method, from.method);
        take(&mut self.meta, from.meta);
        take(&mut self.name, from.name);
        take(&mut self.uri, from.uri);
        take(&mut self.arguments, from.arguments);
        take(&mut self.progress_token, from.progress_token);
        let (client, old) = (&mut self.client, &from.client);
        take(&mut client.protocol_version, old.protocol_version);
        take(&mut client.info, old.info);
        take(&mut client.capabilities, old.capabilities);
        take(&mut client.log_level, old.log_level);
        self.long.0.iter_mut().zip(from.long.0).for_each(|(place, old)| take(place, old));
    }

    /// Keeps where a parameter is that was put in.
    pub(crate) fn note_param(&mut self, name: &str, value: &str, place: Span) {
        let is_text = value.starts_with('"');
        match (self.kind, name) {
            (Kind::Request | Kind::Notification, "name") if is_text => self.name = place,
            (Kind::Request | Kind::Notification, "uri") if is_text => self.uri = place,
            (Kind::Request | Kind::Notification, "arguments") => self.arguments = place,
            (Kind::Request | Kind::Notification, "inputResponses" | "requestState") => {
                self.params.note(Noted::ROUND, true);
            }
            (Kind::Request | Kind::Notification, "task") => self.params.note(Noted::TASK, true),
            (Kind::Notification, "progressToken") if is_id(value) => self.progress_token = place,
            (Kind::Response, "resultType") if value != COMPLETE => {
                self.params.unset(Noted::COMPLETE)
            }
            _ => {}
        }
    }

    /// Keeps where a member of the metadata of a request is that was put in.
    pub(crate) fn note_meta(&mut self, name: &str, value: &str, place: Span) {
        if !matches!(self.kind, Kind::Request | Kind::Notification) {
            return;
        }
        match name {
            "progressToken" if self.kind == Kind::Request && is_id(value) => {
                self.progress_token = place;
            }
            "io.modelcontextprotocol/protocolVersion" => self.client.protocol_version = place,
            "io.modelcontextprotocol/clientInfo" => self.client.info = place,
            "io.modelcontextprotocol/clientCapabilities" => self.client.capabilities = place,
            "io.modelcontextprotocol/logLevel" => self.client.log_level = place,
            _ => {}
        }
    }
}

/// Where the `_meta` of a request says who sends it (2026-07-28, basic/index, `_meta`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClientSpans {
    pub(crate) protocol_version: Span,
    pub(crate) info: Span,
    pub(crate) capabilities: Span,
    pub(crate) log_level: Span,
}

/// Where the first long members of `params` or `result` are, so that they can be passed over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LongSpans([Span; 3]);

impl LongSpans {
    /// No values.
    pub(crate) const NONE: Self = Self([Span::ABSENT; 3]);

    /// Keeps the place of a value if it is long, and there is room.
    #[inline]
    pub(crate) fn note(&mut self, value: Span) {
        if value.len_bytes() >= LONG_BYTES
            && let Some(free) = self.0.iter_mut().find(|it| !it.is_present())
        {
            *free = value;
        }
    }

    /// The places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied().filter(|it| it.is_present())
    }
}

/// What says of which kind a result is, and that it is the whole.
pub(crate) const RESULT_TYPE: &str = "\"resultType\"";
pub(crate) const COMPLETE: &str = "\"complete\"";

/// What costs more to walk through than to find in a short list.
const LONG_BYTES: usize = 32;

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
    pub(crate) client: ClientSpans,
    pub(crate) long: LongSpans,
    pub(crate) is_single_line: bool,
    pub(crate) noted: Noted,
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
            params: self.noted,
            id: self.valid_id().unwrap_or_default(),
            method: self.method,
            payload,
            meta: self.meta,
            name: self.name,
            uri: self.uri,
            arguments: self.arguments,
            progress_token,
            client: self.client,
            long: self.long,
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

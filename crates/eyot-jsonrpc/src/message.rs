//! One message: shared bytes, and what the scan knows of them.

pub(crate) mod member_list;
mod members;
mod payload;
mod pieces;
pub(crate) mod rewrite;
pub(crate) mod text;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::{DeserializeOwned, Error as _};

pub use self::pieces::Pieces;
pub(crate) use self::pieces::SHARED_BYTES;
use crate::envelope::{Envelope, Kind, Noted};
use crate::error::ParseError;
use crate::error_object::ErrorObject;
use crate::id::Id;
use crate::lexer::plain::plain_len;
use crate::lexer::unescape::{decode, decode_inner};
use crate::message::text::Text;
use crate::scan::limits::ScanLimits;
use crate::scan::{Scan, has_line_separators};
use crate::span::Span;
use crate::surrogates::{Surrogates, repaired};

/// One request, notification or response: the bytes as they came, with the places of its parts.
///
/// A clone shares all of that. A new id or progress token is kept beside it and takes its place
/// when the message is written: see [`Message::pieces`].
#[derive(Clone)]
pub struct Message {
    scanned: Arc<Scanned>,
    id_patch: Option<Id>,
    progress_token_patch: Option<Box<Id>>,
}

/// Small, because a message is handed on a dozen times on its way.
const _: () = assert!(size_of::<Message>() <= 56, "messages wait in queues by the thousand");

/// What never changes.
struct Scanned {
    text: Text,
    envelope: Envelope,
    /// What few messages need.
    rare: Option<Box<Rare>>,
}

/// What few messages need beside their bytes.
#[derive(Default)]
struct Rare {
    /// The method of a message that writes it with escapes.
    unescaped_method: Option<Box<str>>,
    /// The text of a message with half surrogate pairs as others can read it: with U+FFFD in their
    /// places, and everything else in its own.
    readable: Option<ByteString>,
}

impl Message {
    /// Reads a text that is one message. White space around it is not part of the message.
    ///
    /// # Errors
    /// When the text is not JSON, no message (a batch is none: see [`Incoming`](crate::Incoming)),
    /// ambiguous, or beyond `limits`.
    #[expect(clippy::needless_pass_by_value, reason = "the message keeps the bytes")]
    pub fn parse(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(&bytes, limits, Surrogates::Paired)
    }

    /// Reads a text of an upstream that is one message: as [`Message::parse`], but half a surrogate
    /// pair may stand in a value that no reader routes on. It is written as it came; whatever reads the
    /// message finds U+FFFD in its place.
    ///
    /// # Errors
    /// As [`Message::parse`]; and for half a pair in a key, an id, a method, a name or a URI.
    #[expect(clippy::needless_pass_by_value, reason = "the message keeps the bytes")]
    pub fn parse_from_upstream(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(&bytes, limits, Surrogates::Lone)
    }

    fn parse_with(
        bytes: &Bytes,
        limits: &ScanLimits,
        surrogates: Surrogates,
    ) -> Result<Self, ParseError> {
        let scanned = Scan::text_of(bytes).and_then(|text| {
            let (range, envelope) = Scan::of_input(&text, limits, surrogates)?.single()?;
            Ok(Self::scanned(trimmed(text, range).into(), envelope))
        });
        scanned.map_err(|fault| ParseError::of_text(bytes, *fault))
    }

    /// The message that is the whole of a text that was scanned.
    pub(crate) fn scanned(text: Text, envelope: Envelope) -> Self {
        let unescaped_method = text.get(envelope.method.bounds()).and_then(unescaped);
        let has_halves = envelope.surrogates == Surrogates::Lone;
        let readable = has_halves.then(|| repaired(text.whole()));
        let rare = (unescaped_method.is_some() || readable.is_some())
            .then(|| Box::new(Rare { unescaped_method, readable }));
        let scanned = Arc::new(Scanned { text, envelope, rare });
        Self { scanned, id_patch: None, progress_token_patch: None }
    }

    pub(crate) fn envelope(&self) -> &Envelope {
        &self.scanned.envelope
    }

    /// All of the text as it came.
    pub(crate) fn text_of_all(&self) -> &ByteString {
        self.scanned.text.whole()
    }

    /// The message with what replaces the id and the token of another, as far as it has them.
    pub(crate) fn patched_like(mut self, other: &Self) -> Self {
        self.id_patch = other.id_patch.clone();
        let token = other.progress_token_patch.clone();
        self.progress_token_patch = token.filter(|_| self.has_progress_token());
        self
    }

    /// What kind of message it is.
    pub fn kind(&self) -> Kind {
        self.envelope().kind
    }

    /// Whether an answer is due.
    pub fn is_request(&self) -> bool {
        matches!(self.kind(), Kind::Request)
    }

    /// Whether it is a method without an id.
    pub fn is_notification(&self) -> bool {
        matches!(self.kind(), Kind::Notification)
    }

    /// Whether it is an answer, with a result or with an error.
    pub fn is_response(&self) -> bool {
        matches!(self.kind(), Kind::Response | Kind::Error)
    }

    /// The id, the new one if there is one; `None` for notifications, and for errors whose id is
    /// `null` or absent. A long one shares the message's bytes.
    pub fn id(&self) -> Option<Id> {
        self.id_patch.clone().or_else(|| self.id_at(self.envelope().id))
    }

    /// The id of a message that has one, as every request does.
    pub(crate) fn id_of_request(&self) -> Id {
        self.id().unwrap_or_else(|| Id::from_number(0))
    }

    /// Whether it has an id.
    pub(crate) fn has_id(&self) -> bool {
        self.envelope().id.is_present()
    }

    /// The method of a request or notification.
    pub fn method(&self) -> Option<Cow<'_, str>> {
        self.envelope().method.is_present().then(|| self.method_text().into())
    }

    /// The method of a message that has one, as every request and notification does.
    pub(crate) fn method_text(&self) -> &str {
        match self.unescaped_method() {
            Some(method) => method,
            None => self.method_inside(),
        }
    }

    /// Bytes of the method of a request or notification; `None` when there is none, or it is written with
    /// escapes. Cheaper than to look at it.
    pub fn plain_method_len(&self) -> Option<usize> {
        let inside = self.envelope().method.len_bytes().checked_sub(2)?;
        self.unescaped_method().is_none().then_some(inside)
    }

    fn unescaped_method(&self) -> Option<&str> {
        self.scanned.rare.as_ref()?.unescaped_method.as_deref()
    }

    /// What stands between the quotes of the method.
    fn method_inside(&self) -> &str {
        inside(self.scanned.text.get(self.envelope().method.bounds()).unwrap_or_default())
    }

    /// Whether it is a request or a notification of this method; cheaper than to decode its name.
    pub fn is_method(&self, name: &str) -> bool {
        self.envelope().method.is_present()
            && match self.unescaped_method() {
                Some(method) => *method == *name,
                None => self.method_inside() == name,
            }
    }

    /// The raw JSON of `params`, always an object.
    pub fn params(&self) -> Option<&str> {
        self.text(self.params_span())
    }

    /// The raw JSON of `result`, any value.
    pub fn result(&self) -> Option<&str> {
        self.text(self.result_span())
    }

    /// The raw JSON of `error`, always an object.
    pub fn error(&self) -> Option<&str> {
        self.text(self.error_span())
    }

    /// The raw JSON of `params._meta`, when it is an object.
    pub fn meta(&self) -> Option<&str> {
        self.text(self.envelope().meta)
    }

    /// `params.name`, when it is a string: the tool or the prompt.
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.text(self.envelope().name).and_then(decode)
    }

    /// `params.uri`, when it is a string: the resource.
    pub fn uri(&self) -> Option<Cow<'_, str>> {
        self.text(self.envelope().uri).and_then(decode)
    }

    /// The raw JSON of `params.arguments`, any value.
    pub fn arguments(&self) -> Option<&str> {
        self.text(self.envelope().arguments)
    }

    /// Whether `params` holds `inputResponses` or `requestState`: the request is a later round of
    /// a multi round-trip call, or says that it is.
    pub fn has_round(&self) -> bool {
        self.envelope().params.has(Noted::ROUND)
    }

    /// Whether `params` hold a `task`, which asks for one in 2025-11-25.
    pub fn has_task(&self) -> bool {
        self.envelope().params.has(Noted::TASK)
    }

    /// Whether the `_meta` of `params` holds anything besides what makes a request a modern one.
    pub fn has_other_meta(&self) -> bool {
        self.envelope().params.has(Noted::OTHER_META)
    }

    /// The raw JSON of `params`, `result` or `error`, of which a response has one.
    pub(crate) fn payload_text(&self) -> &str {
        self.text(self.envelope().payload).unwrap_or_default()
    }

    /// Whether it has a progress token.
    pub(crate) fn has_progress_token(&self) -> bool {
        self.envelope().progress_token.is_present()
    }

    /// The progress token, the new one if there is one: `params._meta.progressToken` of a request,
    /// `params.progressToken` of a notification; `None` unless it is a string or an integer.
    pub fn progress_token(&self) -> Option<Id> {
        let patch = self.progress_token_patch.as_deref().cloned();
        patch.or_else(|| self.id_at(self.envelope().progress_token))
    }

    /// The message with this id in the place of its own. A message without an id stays without.
    #[must_use]
    pub fn with_id(mut self, id: Id) -> Self {
        if self.has_id() {
            self.id_patch = Some(id);
        }
        self
    }

    /// The message with this progress token in the place of its own; [`Message::params`] and
    /// [`Message::meta`] do not show it. A message without a token stays without.
    #[must_use]
    pub fn with_progress_token(mut self, token: Id) -> Self {
        if self.has_progress_token() {
            self.progress_token_patch = Some(Box::new(token));
        }
        self
    }

    /// Bytes when written.
    #[expect(clippy::len_without_is_empty, reason = "no message is empty")]
    pub fn len(&self) -> usize {
        let text_len = self.scanned.text.len();
        self.patches()
            .fold(text_len, |len, (span, id)| len - span.len_bytes() + id.as_bytes().len())
    }

    /// Whether it has no raw line feed or carriage return (which only white space between tokens
    /// can be), so that it can be written as one line.
    pub fn is_single_line(&self) -> bool {
        self.envelope().is_single_line
    }

    /// Whether it holds U+2028 or U+2029 unescaped, which some readers of event streams take for
    /// line ends. True also if only an id or a token that was replaced holds one.
    pub fn has_line_separators(&self) -> bool {
        self.envelope().has_line_separators
            || self.patches().any(|(_, id)| has_line_separators(id.as_bytes()))
    }

    /// Whether it holds half surrogate pairs, which are written as they came and read as U+FFFD.
    pub fn has_lone_surrogates(&self) -> bool {
        self.envelope().surrogates == Surrogates::Lone
    }

    /// The message as it is to be written: long parts are shared, short ones are joined.
    pub fn pieces(&self) -> Pieces {
        Pieces::new(self.clone())
    }

    /// The message as it is to be written, in one buffer; a copy only if something was replaced.
    pub fn to_bytes(&self) -> Bytes {
        if self.patches().next().is_none() {
            return self.scanned.text.whole().as_bytes().clone();
        }
        let text = self.scanned.text.whole();
        let mut buffer = String::with_capacity(self.len());
        let mut passed = 0;
        for (span, id) in self.patches() {
            let span = span.bounds();
            buffer.push_str(text.get(passed..span.start).unwrap_or_default());
            buffer.push_str(id.as_raw());
            passed = span.end;
        }
        buffer.push_str(text.get(passed..).unwrap_or_default());
        buffer.into()
    }

    /// Decodes `params`; missing ones are `{}`.
    ///
    /// # Errors
    /// When they are not what `T` expects.
    pub fn decode_params<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.params().unwrap_or("{}"))
    }

    /// Decodes `result`.
    ///
    /// # Errors
    /// When there is none, or it is not what `T` expects.
    pub fn decode_result<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let missing = || serde_json::Error::missing_field("result");
        serde_json::from_str(self.result().ok_or_else(missing)?)
    }

    /// Decodes `error`.
    ///
    /// # Errors
    /// When there is none. One that the scan has passed has always a code and a message.
    pub fn decode_error(&self) -> Result<ErrorObject, serde_json::Error> {
        let missing = || serde_json::Error::missing_field("error");
        serde_json::from_str(self.error().ok_or_else(missing)?)
    }

    fn params_span(&self) -> Span {
        self.payload_span(matches!(self.kind(), Kind::Request | Kind::Notification))
    }

    fn result_span(&self) -> Span {
        self.payload_span(self.kind() == Kind::Response)
    }

    fn error_span(&self) -> Span {
        self.payload_span(self.kind() == Kind::Error)
    }

    fn payload_span(&self, is_asked: bool) -> Span {
        if is_asked { self.envelope().payload } else { Span::default() }
    }

    /// What takes the place of what, in the order of the places.
    fn patches(&self) -> impl Iterator<Item = (Span, &Id)> {
        let token = self.progress_token_patch.as_deref();
        let mut patches = [
            self.id_patch.as_ref().map(|id| (self.envelope().id, id)),
            token.map(|token| (self.envelope().progress_token, token)),
        ];
        patches.sort_unstable_by_key(|patch| patch.map(|(span, _)| span));
        patches.into_iter().flatten()
    }

    /// The text at a place, as it can be read.
    fn text(&self, span: Span) -> Option<&str> {
        let range = span.range()?;
        match self.scanned.rare.as_ref().and_then(|it| it.readable.as_ref()) {
            Some(readable) => readable.get(range),
            None => self.scanned.text.get(range),
        }
    }

    fn id_at(&self, span: Span) -> Option<Id> {
        let (text, range) = (&self.scanned.text, span.range()?);
        let short = text.get(range.clone()).and_then(Id::short);
        short.or_else(|| text.slice(range).map(Id::from_scanned))
    }
}

/// Shows what a log may hold: neither parameters nor results.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("kind", &self.kind())
            .field("id", &self.id())
            .field("method", &self.method())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// What stands between the quotes of a string.
fn inside(string: &str) -> &str {
    string.get(1..string.len().saturating_sub(1)).unwrap_or_default()
}

/// What a string says that is written with escapes; `None` when it says what is written.
fn unescaped(string: &str) -> Option<Box<str>> {
    let inside = inside(string);
    let is_plain = plain_len(inside.as_bytes()) == inside.len();
    (!is_plain).then(|| decode_inner(inside).into_owned().into_boxed_str())
}

/// The text at `range`, which is all of it but for white space around it.
pub(crate) fn trimmed(text: ByteString, range: Range<usize>) -> ByteString {
    // The first share of a buffer allocates its counter: not for nothing.
    if range == (0..text.len()) {
        return text;
    }
    text.slice_ref(text.get(range).unwrap_or_default())
}

#[cfg(test)]
mod tests;

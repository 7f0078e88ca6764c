//! The one strict pass over the bytes.
//!
//! What passes here is what the strictest peer accepts: a proxy that routes on a lenient reading
//! and forwards the bytes lets two readers see two messages (GHSA-4gph-2hhr-5mwg).
//!
//! The pass needs no recursion: the objects that a proxy routes on have names and known places, and
//! the [`Walker`] passes the values in them. It allocates nothing, unless one of these objects has
//! more than 16 members: depth and keys are kept in arrays, values as offsets.

pub(crate) mod limits;
pub(crate) mod vocabulary;

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use self::vocabulary::{ERROR, MESSAGE, META, PARAMS};
use crate::envelope::{
    COMPLETE, ClientSpans, Envelope, INVALID_ID, LongSpans, MemberSpans, Noted, RESULT_TYPE,
    ScannedId,
};
use crate::error::{Fault, Halt, ParseErrorKind};
use crate::id::is_id;
use crate::keys::{Key, KeySet, Vocabulary, Word};
use crate::scan::limits::ScanLimits;
use crate::span::Span;
use crate::surrogates::{Surrogates, misplaced};
use crate::walker::Walker;

/// A scan of one text, at any place in it.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    walker: Walker<'a>,
    text: &'a str,
    limits: ScanLimits,
    /// Offset of the message's first byte; its spans count from here.
    origin: usize,
    spans: MemberSpans,
    /// Values that have passed a scan as members of `params` or of a result. Where such a member has one, it
    /// is passed over.
    known: Option<LongSpans>,
}

/// A value that was passed.
struct Passed<'a> {
    raw: &'a str,
    offset: usize,
    span: Span,
}

impl<'a> Scan<'a> {
    /// A scan of a text from its first byte that is not white space.
    pub(crate) fn of_input(
        text: &'a str,
        limits: &ScanLimits,
        surrogates: Surrogates,
    ) -> Result<Self, Halt> {
        let refused = |kind, offset| Box::new(Fault { kind, offset });
        if text.starts_with('\u{FEFF}') {
            return Err(refused(ParseErrorKind::ByteOrderMark, 0));
        }
        let mut scan = Self::of_text(text, 0, limits);
        if surrogates == Surrogates::Lone {
            scan.walker.lexer.pass_lone_surrogates();
        }
        scan.walker.lexer.white_space();
        Ok(scan)
    }

    /// The text of bytes that are short enough to be a message, and UTF-8.
    pub(crate) fn text_of(bytes: &Bytes) -> Result<ByteString, Halt> {
        let refused = |kind, offset| Box::new(Fault { kind, offset });
        if u32::try_from(bytes.len()).is_err() {
            return Err(refused(ParseErrorKind::TooLong, 0));
        }
        // Its bytes are shared in any case, by the id.
        ByteString::try_from(bytes.clone())
            .map_err(|error| refused(ParseErrorKind::NotUtf8, error.valid_up_to()))
    }

    /// A scan from byte `at` on of a text that begins with the message.
    pub(crate) fn of_text(text: &'a str, at: usize, limits: &ScanLimits) -> Self {
        let walker = Walker::new(text, at, limits);
        Self {
            walker,
            text,
            limits: *limits,
            origin: 0,
            spans: MemberSpans::default(),
            known: None,
        }
    }

    /// The scan, of a text in which these values are known: they have passed another one, in the places of
    /// members of `params` or of a result, without half a surrogate pair in them. Whether they hold what
    /// [`has_line_separators`] looks for is not found out, nor whether they are in one line.
    pub(crate) const fn knowing(mut self, known: LongSpans) -> Self {
        self.known = Some(known);
        self
    }

    /// Whether an array comes next.
    pub(crate) fn is_at_array(&self) -> bool {
        self.walker.lexer.peek() == b'['
    }

    /// Passes the rest of a text that is one message.
    pub(crate) fn single(&mut self) -> Result<(Range<usize>, Envelope), Halt> {
        let range = self.message()?;
        self.finish()?;
        let envelope = self.envelope(&range)?;
        Ok((range, envelope))
    }

    /// Passes the rest of a text that is an array of messages, and hands out each one. What was
    /// handed out is valid only if the whole batch is.
    pub(crate) fn batch(
        &mut self,
        mut each: impl FnMut(Range<usize>, Envelope),
    ) -> Result<(), Halt> {
        let batch_max = self.limits.batch_max;
        let start = self.walker.lexer.at();
        self.separator(b'[')?;
        if self.closes_array() {
            self.walker.lexer.blame(ParseErrorKind::EmptyBatch, start);
            return self.finish();
        }
        for _ in 0..batch_max {
            let range = self.message()?;
            match self.envelope(&range) {
                Ok(envelope) => each(range, envelope),
                Err(fault) => self.walker.lexer.blame(fault.kind, fault.offset),
            }
            self.walker.lexer.white_space();
            if self.closes_array() {
                return self.finish();
            }
            self.separator(b',')?;
        }
        Err(self.walker.lexer.fault(ParseErrorKind::BatchTooLong { batch_max }))
    }

    /// Passes the end of the batch if it comes next.
    fn closes_array(&mut self) -> bool {
        let is_end = self.walker.lexer.peek() == b']';
        if is_end {
            self.walker.lexer.advance();
        }
        is_end
    }

    /// Passes the rest of a text that ends with one part of a message, which `pass` passes.
    pub(crate) fn part(
        mut self,
        pass: fn(&mut Self) -> Result<(), Halt>,
    ) -> Result<MemberSpans, Halt> {
        pass(&mut self)?;
        self.finish()?;
        Ok(MemberSpans { is_single_line: self.walker.lexer.is_single_line(), ..self.spans })
    }

    /// Passes one byte and the white space after it.
    fn separator(&mut self, byte: u8) -> Result<(), Halt> {
        self.walker.lexer.expect(byte)?;
        self.walker.lexer.white_space();
        Ok(())
    }

    /// The end of the text, with all that was blamed before it.
    fn finish(&mut self) -> Result<(), Halt> {
        self.walker.lexer.white_space();
        self.walker.lexer.finish()
    }

    /// The envelope of the message just passed.
    fn envelope(&self, range: &Range<usize>) -> Result<Envelope, Halt> {
        let envelope = self.spans.envelope();
        let envelope = envelope.map_err(|kind| Box::new(Fault { kind, offset: self.origin }))?;
        let text = self.text.get(range.clone()).unwrap_or_default();
        let surrogates = self.walker.lexer.passed_surrogates();
        if surrogates == Surrogates::Lone
            && let Some(offset) = misplaced(text)
        {
            let (kind, offset) = (ParseErrorKind::LoneSurrogate, range.start + offset);
            return Err(Box::new(Fault { kind, offset }));
        }
        // Of a text with known values its maker knows it.
        let has_line_separators = self.known.is_none() && has_line_separators(text.as_bytes());
        Ok(Envelope { has_line_separators, surrogates, ..envelope })
    }

    /// Passes one message: any value, but blamed if it is no object.
    fn message(&mut self) -> Result<Range<usize>, Halt> {
        let start = self.walker.lexer.at();
        self.origin = start;
        self.spans = MemberSpans::default();
        self.walker.lexer.begin_message();
        if self.walker.lexer.peek() == b'{' {
            self.object(&MESSAGE, Self::message_member)?;
        } else {
            self.walker.value()?;
            self.walker.lexer.blame(ParseErrorKind::NotAnObject, start);
        }
        self.spans.is_single_line = self.walker.lexer.is_single_line();
        Ok(start..self.walker.lexer.at())
    }

    /// Passes an object that a proxy routes on; `member` passes each value.
    fn object(
        &mut self,
        vocabulary: &'static Vocabulary,
        member: fn(&mut Self, Option<&'static str>) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let mut keys = KeySet::new();
        // A name of the protocol that comes again is found by its place among them.
        let mut seen = 0_u32;
        let mut has_next = self.walker.begin_object()?;
        while has_next {
            let key = self.walker.key()?;
            let word = vocabulary.word(&key);
            if let Word::Misspelled(member) = word {
                self.walker.lexer.blame(ParseErrorKind::MisspelledMember { member }, key.offset);
            }
            let is_new = match word {
                Word::Member(name) => {
                    let bit = vocabulary.bit(name);
                    let is_new = seen & bit == 0;
                    seen |= bit;
                    is_new
                }
                Word::Misspelled(_) | Word::Other => keys.insert(&key),
            };
            if !is_new {
                self.walker.lexer.blame(vocabulary.duplicate(word), key.offset);
            }
            let name = match word {
                Word::Member(name) => Some(name),
                Word::Misspelled(_) | Word::Other => {
                    self.note_other(vocabulary, &key);
                    None
                }
            };
            member(self, name)?;
            has_next = self.walker.next_member()?;
        }
        Ok(())
    }

    /// Notes what a bridge asks for among the keys that are no names of the vocabulary.
    fn note_other(&mut self, vocabulary: &'static Vocabulary, key: &Key<'_>) {
        if std::ptr::eq(vocabulary, &PARAMS) {
            self.spans.noted.note(Noted::TASK, key.text() == "task");
        } else if std::ptr::eq(vocabulary, &META) {
            self.spans.noted.note(Noted::OTHER_META, !is_ours(&key.text()));
        }
    }

    fn message_member(&mut self, name: Option<&'static str>) -> Result<(), Halt> {
        match name {
            Some("jsonrpc") => {
                let version = self.value()?;
                self.require(version.raw == r#""2.0""#, &version, ("jsonrpc", r#""2.0""#));
                self.spans.version = version.span;
            }
            Some("id") => self.id()?,
            Some("method") => {
                let method = self.value()?;
                let is_named = is_string(method.raw) && method.raw != r#""""#;
                self.require(is_named, &method, ("method", "a non-empty string"));
                self.spans.method = method.span;
            }
            Some("params") => self.params()?,
            Some("error") => self.error()?,
            Some("result") => self.result()?,
            _ => self.walker.value()?,
        }
        Ok(())
    }

    fn id(&mut self) -> Result<(), Halt> {
        let id = self.value()?;
        let is_first = self.spans.id == ScannedId::Absent;
        self.spans.id = if id.raw == "null" && is_first {
            ScannedId::Null
        } else if !is_id(id.raw) {
            self.walker.lexer.blame(INVALID_ID, id.offset);
            ScannedId::Unusable
        } else if self.fits(&id, "id") && is_first {
            ScannedId::Valid(id.span)
        } else {
            ScannedId::Unusable
        };
        Ok(())
    }

    /// Passes `params`.
    ///
    /// JSON-RPC 2.0 allows an array too; the schema of every MCP revision allows only an object.
    pub(crate) fn params(&mut self) -> Result<(), Halt> {
        let start = self.walker.lexer.at();
        if self.walker.lexer.peek() == b'{' {
            self.object(&PARAMS, Self::params_member)?;
        } else {
            let params = self.value()?;
            self.require(false, &params, ("params", "an object"));
        }
        self.spans.params = self.span_from(start);
        Ok(())
    }

    fn params_member(&mut self, name: Option<&'static str>) -> Result<(), Halt> {
        let start = self.walker.lexer.at();
        match name {
            Some("_meta") if self.walker.lexer.peek() == b'{' => {
                self.object(&META, Self::meta_member)?;
                self.spans.meta = self.span_from(start);
            }
            Some("_meta") => {
                self.spans.noted.note(Noted::ODD_META, true);
                self.walker.value()?;
            }
            Some("name") => self.spans.name = self.string_value()?,
            Some("uri") => self.spans.uri = self.string_value()?,
            Some("arguments") => {
                self.member_value()?;
                self.spans.arguments = self.span_from(start);
            }
            Some("inputResponses" | "requestState") => {
                self.spans.noted.note(Noted::ROUND, true);
                self.walker.value()?;
            }
            Some("progressToken") => self.spans.params_progress_token = self.progress_token()?,
            _ => self.member_value()?,
        }
        self.spans.long.note(self.span_from(start));
        Ok(())
    }

    fn meta_member(&mut self, name: Option<&'static str>) -> Result<(), Halt> {
        let client: fn(&mut ClientSpans) -> &mut Span = match name {
            Some("progressToken") => {
                self.spans.noted.note(Noted::OTHER_META, true);
                self.spans.meta_progress_token = self.progress_token()?;
                return Ok(());
            }
            Some("io.modelcontextprotocol/protocolVersion") => |it| &mut it.protocol_version,
            Some("io.modelcontextprotocol/clientInfo") => |it| &mut it.info,
            Some("io.modelcontextprotocol/clientCapabilities") => |it| &mut it.capabilities,
            Some("io.modelcontextprotocol/logLevel") => |it| &mut it.log_level,
            _ => return self.walker.value(),
        };
        *client(&mut self.spans.client) = self.value()?.span;
        Ok(())
    }

    /// Passes `result`: MCP says object, but what a server answers is its client's to judge.
    pub(crate) fn result(&mut self) -> Result<(), Halt> {
        let start = self.walker.lexer.at();
        if self.walker.lexer.peek() == b'{' {
            let mut is_complete = true;
            let mut has_next = self.walker.begin_object()?;
            while has_next {
                let key = self.walker.lexer.at();
                let is_escaped = self.walker.pass_key()?;
                let member = self.walker.lexer.at();
                self.member_value()?;
                // A name with escapes is left to the readers.
                is_complete &= !is_escaped
                    && (!self.walker.lexer.has_text_at(key, RESULT_TYPE)
                        || self.walker.lexer.text_from(member) == COMPLETE);
                self.spans.long.note(self.span_from(member));
                has_next = self.walker.next_member()?;
            }
            self.spans.noted.note(Noted::COMPLETE, is_complete);
        } else {
            self.walker.value()?;
        }
        self.spans.result = self.span_from(start);
        Ok(())
    }

    /// Passes `error`.
    pub(crate) fn error(&mut self) -> Result<(), Halt> {
        let start = self.walker.lexer.at();
        if self.walker.lexer.peek() == b'{' {
            self.object(&ERROR, Self::error_member)?;
        } else {
            let error = self.value()?;
            self.require(false, &error, ("error", "an object"));
        }
        self.spans.error = self.span_from(start);
        Ok(())
    }

    fn error_member(&mut self, name: Option<&'static str>) -> Result<(), Halt> {
        let value = self.value()?;
        match name {
            Some("code") => {
                // std reads `+1` and `-0` too; the grammar has refused the one, ids have no other.
                let is_code = is_id(value.raw) && value.raw.parse::<i64>().is_ok();
                self.require(is_code, &value, ("code", "an integer of 64 bits"));
                self.spans.error_code = value.span;
            }
            Some("message") => {
                self.require(is_string(value.raw), &value, ("message", "a string"));
                self.spans.error_message = value.span;
            }
            _ => {}
        }
        Ok(())
    }

    /// Passes a progress token; what is neither a string nor an integer is none.
    fn progress_token(&mut self) -> Result<Span, Halt> {
        let token = self.value()?;
        let is_token = is_id(token.raw) && self.fits(&token, "progressToken");
        Ok(if is_token { token.span } else { Span::default() })
    }

    /// Passes a value, and keeps its place if it is a string.
    fn string_value(&mut self) -> Result<Span, Halt> {
        let value = self.value()?;
        Ok(if is_string(value.raw) { value.span } else { Span::default() })
    }

    /// Passes the value of a member, which is not looked at if it is known.
    fn member_value(&mut self) -> Result<(), Halt> {
        let at = self.walker.lexer.at();
        let mut known = self.known.iter().flat_map(LongSpans::iter);
        match known.find(|it| it.bounds().start == at) {
            Some(known) => self.walker.lexer.pass_to(known.bounds().end),
            None => self.walker.value()?,
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Passed<'a>, Halt> {
        let offset = self.walker.lexer.at();
        self.walker.value()?;
        let raw = self.walker.lexer.text_from(offset);
        Ok(Passed { raw, offset, span: self.span_from(offset) })
    }

    /// The span from byte `start` of the text to the cursor.
    fn span_from(&self, start: usize) -> Span {
        Span::new(start - self.origin..self.walker.lexer.at() - self.origin)
    }

    /// Blames a value that is not what its member must be.
    fn require(&mut self, holds: bool, value: &Passed<'_>, rule: (&'static str, &'static str)) {
        let (member, expected) = rule;
        if !holds {
            let kind = ParseErrorKind::InvalidMember { member, expected };
            self.walker.lexer.blame(kind, value.offset);
        }
    }

    /// Blames an id or a token beyond the bound.
    fn fits(&mut self, value: &Passed<'_>, member: &'static str) -> bool {
        let bytes_max = self.limits.id_bytes_max;
        let fits = value.raw.len() <= bytes_max;
        if !fits {
            let kind = ParseErrorKind::MemberTooLong { member, bytes_max };
            self.walker.lexer.blame(kind, value.offset);
        }
        fits
    }
}

/// Whether a key of `_meta` is the protocol's.
pub(crate) fn is_ours(key: &str) -> bool {
    META.prefix.is_some_and(|prefix| key.starts_with(prefix))
}

/// Whether a scanned value is a string.
fn is_string(raw: &str) -> bool {
    raw.starts_with('"')
}

/// Whether UTF-8 text holds U+2028 or U+2029: 0xE2 0x80 0xA8 and 0xE2 0x80 0xA9.
pub(crate) fn has_line_separators(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xE2, bytes)
        .any(|at| matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xA8 | 0xA9])))
}

#[cfg(test)]
mod tests;

//! Messages that this process writes itself.

pub(crate) mod json;
pub(crate) mod json_array;
pub(crate) mod proof;

use bytestring::ByteString;
use serde::Serialize;

pub use self::json::Json;
pub use self::json_array::{JsonArray, JsonRun};
use self::proof::Proof;
use crate::envelope::{Envelope, Kind, MemberSpans, ScannedId};
use crate::error::Halt;
use crate::error_object::{ErrorObject, INTERNAL_ERROR};
use crate::id::Id;
use crate::lexer::plain::plain_len;
use crate::message::Message;
use crate::scan::limits::ScanLimits;
use crate::scan::{Scan, has_line_separators};
use crate::span::Span;

impl Message {
    /// A request of our own; `method` is not empty.
    ///
    /// `params` serialise to an object, as every struct with named fields does, or to `null`,
    /// which stands for none. If they do not, or to text that the scan refuses, the request has
    /// none and its receiver refuses it: not even our own text leaves unchecked.
    pub fn request(id: Id, method: &str, params: &impl Serialize) -> Self {
        let draft = Draft::with_capacity(RESULT_BYTES).with_id(Some(id));
        draft.method(method).params(params).finish(Kind::Request)
    }

    /// A request of our own whose `params` are written already. If the scan refuses the text, the
    /// request has none.
    pub fn request_of_text(id: Id, method: &str, params: &str) -> Self {
        let draft = Draft::with_capacity(params.len()).with_id(Some(id)).method(method);
        draft.params_text(params).finish(Kind::Request)
    }

    /// A notification of our own; `method` and `params` as in [`Message::request`].
    pub fn notification(method: &str, params: &impl Serialize) -> Self {
        let draft = Draft::with_capacity(RESULT_BYTES);
        draft.method(method).params(params).finish(Kind::Notification)
    }

    /// An answer of our own. If `result` does not serialise, or to text that the scan refuses, it
    /// is an internal error that says so.
    pub fn response(id: Id, result: &impl Serialize) -> Self {
        Self::response_of_len(id, result, RESULT_BYTES)
    }

    /// An answer of our own whose `result` is written already.
    pub fn response_of_text(id: Id, result: &str) -> Self {
        let mut draft = Draft::with_capacity(result.len());
        draft.id(&id);
        if draft.result_text(result) {
            return draft.finish(Kind::Response);
        }
        Self::unwritable(id)
    }

    /// An answer of our own whose result will have about `len_bytes` bytes: a buffer that need not
    /// grow is not copied. Else as [`Message::response`].
    pub fn response_of_len(id: Id, result: &impl Serialize, len_bytes: usize) -> Self {
        let mut draft = Draft::with_capacity(len_bytes);
        draft.id(&id);
        if draft.proven("result", result, |spans| &mut spans.result) {
            return draft.finish(Kind::Response);
        }
        Self::unwritable(id)
    }

    fn unwritable(id: Id) -> Self {
        let error = ErrorObject::new(INTERNAL_ERROR, "the result has no valid JSON");
        Self::error_response(Some(id), &error)
    }

    /// An error of our own. Without an id it has no such member: the schemas since 2025-11-25
    /// know an error without an id and none with `null`. Data nested too deep for the scan are
    /// left out.
    pub fn error_response(id: Option<Id>, error: &ErrorObject) -> Self {
        let mut draft = Draft::with_capacity(RESULT_BYTES).with_id(id);
        if !draft.proven("error", error, |spans| &mut spans.error) {
            let bare = ErrorObject::new(error.code, error.message.as_str());
            draft.proven("error", &bare, |spans| &mut spans.error);
        }
        draft.finish(Kind::Error)
    }
}

/// More than most results, parameters and errors have.
const RESULT_BYTES: usize = 192;

/// What stands around them: the version, an id, a key.
const HEAD_BYTES: usize = 64;

/// A message that is being written: its text so far, and where its parts are.
struct Draft {
    text: Vec<u8>,
    spans: MemberSpans,
}

impl Draft {
    /// A draft with room for a head and so many bytes more.
    fn with_capacity(len_bytes: usize) -> Self {
        let mut text = Vec::with_capacity(HEAD_BYTES + len_bytes);
        text.extend_from_slice(br#"{"jsonrpc":"2.0""#);
        Self { text, spans: MemberSpans { is_single_line: true, ..MemberSpans::default() } }
    }

    fn with_id(mut self, id: Option<Id>) -> Self {
        if let Some(id) = id {
            self.id(&id);
        }
        self
    }

    fn id(&mut self, id: &Id) {
        self.spans.id = ScannedId::Valid(self.member("id", id.as_raw()));
    }

    fn method(mut self, method: &str) -> Self {
        self.spans.method = if plain_len(method.as_bytes()) == method.len() {
            self.key("method");
            let start = self.text.len();
            for part in ["\"", method, "\""] {
                self.text.extend_from_slice(part.as_bytes());
            }
            Span::new(start..self.text.len())
        } else {
            self.member("method", Id::from_text(method).as_raw())
        };
        self
    }

    /// Adds parameters that the scan accepts, or none. They are scanned, because the members that a
    /// proxy routes on must be found, each of them once.
    fn params(self, params: &impl Serialize) -> Self {
        self.params_with(|text| serde_json::to_writer(text, params).is_ok())
    }

    fn params_text(self, params: &str) -> Self {
        self.params_with(|text| {
            text.extend_from_slice(params.as_bytes());
            true
        })
    }

    fn params_with(mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Self {
        let end = self.text.len();
        self.key("params");
        let start = self.text.len();
        let is_written = write(&mut self.text);
        match if is_written { self.scan(start, Scan::params) } else { None } {
            Some(spans) => {
                self.spans = MemberSpans { id: self.spans.id, method: self.spans.method, ..spans };
            }
            None => self.text.truncate(end),
        }
        self
    }

    /// Adds a result that the scan accepts, or nothing; tells which.
    fn result_text(&mut self, result: &str) -> bool {
        let end = self.text.len();
        self.key("result");
        let start = self.text.len();
        self.text.extend_from_slice(result.as_bytes());
        let Some(spans) = self.scan(start, Scan::result) else {
            self.text.truncate(end);
            return false;
        };
        self.spans = MemberSpans { id: self.spans.id, ..spans };
        true
    }

    /// Adds a member, and tells where its value is.
    fn member(&mut self, name: &str, raw: &str) -> Span {
        self.key(name);
        let start = self.text.len();
        self.text.extend_from_slice(raw.as_bytes());
        Span::new(start..self.text.len())
    }

    /// Adds a member that the scan would accept, or nothing; tells which.
    fn proven(
        &mut self,
        name: &str,
        value: &impl Serialize,
        place: fn(&mut MemberSpans) -> &mut Span,
    ) -> bool {
        let end = self.text.len();
        self.key(name);
        let start = self.text.len();
        let proof = Proof::write(&mut self.text, value);
        let Some(proof) = proof.filter(|_| u32::try_from(self.text.len()).is_ok()) else {
            self.text.truncate(end);
            return false;
        };
        *place(&mut self.spans) = Span::new(start..self.text.len());
        self.spans.is_single_line &= proof.is_single_line;
        true
    }

    /// What the scan finds in the text from `start` on, if it accepts it.
    fn scan<'a>(
        &'a self,
        start: usize,
        pass: fn(&mut Scan<'a>) -> Result<(), Halt>,
    ) -> Option<MemberSpans> {
        u32::try_from(self.text.len()).ok()?;
        let text = std::str::from_utf8(&self.text).ok()?;
        Scan::of_text(text, start, &ScanLimits::OWN).part(pass).ok()
    }

    fn key(&mut self, name: &str) {
        for part in [",\"", name, "\":"] {
            self.text.extend_from_slice(part.as_bytes());
        }
    }

    fn finish(mut self, kind: Kind) -> Message {
        self.text.push(b'}');
        let has_line_separators = has_line_separators(&self.text);
        let envelope = Envelope { has_line_separators, ..self.spans.envelope_of(kind) };
        // What was written are Rust's own texts, and texts that were scanned.
        let text = String::from_utf8(self.text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Message::scanned(ByteString::from(text).into(), envelope)
    }
}

#[cfg(test)]
mod tests;

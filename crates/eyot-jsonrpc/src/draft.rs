//! Messages that this process writes itself.

use bytes::Bytes;
use serde::Serialize;

use crate::envelope::{Envelope, Found, FoundId, Kind};
use crate::error::Fault;
use crate::error_object::{ErrorObject, INTERNAL_ERROR};
use crate::id::Id;
use crate::limits::ScanLimits;
use crate::message::Message;
use crate::scan::{Scan, has_line_separators};
use crate::span::Span;

impl Message {
    /// A request of our own; `method` is not empty.
    ///
    /// `params` serialise to an object, as every struct with named fields does, or to `null`,
    /// which stands for none. If they do not, or to text that the scan refuses, the request has
    /// none and its receiver refuses it: not even our own text leaves unchecked.
    pub fn request(id: Id, method: &str, params: &impl Serialize) -> Self {
        Draft::with_id(Some(id)).method(method).params(params).finish(Kind::Request)
    }

    /// A notification of our own; `method` and `params` as in [`Message::request`].
    pub fn notification(method: &str, params: &impl Serialize) -> Self {
        Draft::new().method(method).params(params).finish(Kind::Notification)
    }

    /// An answer of our own. If `result` does not serialise, or to text that the scan refuses, it
    /// is an internal error that says so.
    pub fn response(id: Id, result: &impl Serialize) -> Self {
        let mut draft = Draft::with_id(Some(id.clone()));
        if draft.payload("result", result, |scan| scan.result()) {
            return draft.finish(Kind::Response);
        }
        let error = ErrorObject::new(INTERNAL_ERROR, "the result has no valid JSON");
        Self::error_response(Some(id), &error)
    }

    /// An error of our own. Without an id it has no such member: the schemas since 2025-11-25
    /// know an error without an id and none with `null`. Data nested too deep for the scan are
    /// left out.
    pub fn error_response(id: Option<Id>, error: &ErrorObject) -> Self {
        let mut draft = Draft::with_id(id);
        if !draft.payload("error", error, |scan| scan.error()) {
            let bare = ErrorObject::new(error.code, error.message.as_str());
            draft.payload("error", &bare, |scan| scan.error());
        }
        draft.finish(Kind::Error)
    }
}

/// A message that is being written: its text so far, and where its parts are.
struct Draft {
    text: Vec<u8>,
    found: Found,
}

impl Draft {
    fn new() -> Self {
        let found = Found { is_single_line: true, ..Found::default() };
        Self { text: br#"{"jsonrpc":"2.0""#.to_vec(), found }
    }

    fn with_id(id: Option<Id>) -> Self {
        let mut draft = Self::new();
        if let Some(id) = id {
            draft.found.id = FoundId::Valid(draft.member("id", id.as_raw()));
        }
        draft
    }

    fn method(mut self, method: &str) -> Self {
        self.found.method = self.member("method", Id::from_text(method).as_raw());
        self
    }

    fn params(mut self, params: &impl Serialize) -> Self {
        self.payload("params", params, |scan| scan.params());
        self
    }

    /// Adds a member, and tells where its value is.
    fn member(&mut self, name: &str, raw: &str) -> Span {
        self.key(name);
        let start = self.text.len();
        self.text.extend_from_slice(raw.as_bytes());
        Span::new(start..self.text.len())
    }

    /// Adds a member that the scan accepts, or nothing; tells which.
    fn payload(
        &mut self,
        name: &str,
        value: &impl Serialize,
        pass: fn(&mut Scan<'_>) -> Result<(), Fault>,
    ) -> bool {
        let end = self.text.len();
        self.key(name);
        let start = self.text.len();
        let is_written = serde_json::to_writer(&mut self.text, value).is_ok();
        let found = if is_written { self.scan(start, pass) } else { None };
        let Some(found) = found else {
            self.text.truncate(end);
            return false;
        };
        self.found = Found { id: self.found.id, method: self.found.method, ..found };
        true
    }

    /// What the scan finds in the text from `start` on, if it accepts it.
    fn scan(&self, start: usize, pass: fn(&mut Scan<'_>) -> Result<(), Fault>) -> Option<Found> {
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
        let envelope = Envelope { has_line_separators, ..self.found.envelope_of(kind) };
        Message::scanned(Bytes::from(self.text), envelope)
    }
}

#[cfg(test)]
mod tests;

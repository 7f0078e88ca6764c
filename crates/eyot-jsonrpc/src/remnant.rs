//! A second, lenient look at a text that the scan has refused: what it was, and which id it has.
//!
//! A refused answer still ends the call that it belongs to, so its id is looked for wherever it
//! stands. The look is a fallback and no reader: nothing is routed on it but an error.
//!
//! From the first byte on, the top level is followed as long as the structure holds: bytes that are
//! no UTF-8, control characters, unknown words, depth and repeated keys do not break it. Where it
//! breaks (most often at a quote that nobody has escaped), no later place can be trusted, so the
//! look goes on from the other end, backwards over members without parts: many servers write `id`
//! last. What stands in strings and in nested objects is never taken.

mod backwards;
mod forwards;

use crate::id::Id;
use crate::limits::ID_BYTES_MAX;
use crate::unescape::decode_inner;

/// What can still be seen of a text that is no message, or of a batch of which no message is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remnant {
    parts: Vec<Part>,
    is_batch: bool,
}

impl Remnant {
    /// Looks at a whole text. Costs one pass over it at most in each direction.
    pub fn of(text: &[u8]) -> Self {
        forwards::look(text).unwrap_or_else(|part| Self::of_part(backwards::look(text, part)))
    }

    /// Looks at the first and the last bytes of a text of `len_bytes` whose middle was thrown away.
    /// A short text is all in `head`.
    pub fn of_ends(len_bytes: u64, head: &[u8], tail: &[u8]) -> Self {
        if len_bytes == head.len() as u64 {
            return Self::of(head);
        }
        let part = match forwards::look(head) {
            Ok(mut it) if it.parts.len() == 1 && !it.is_batch => it.parts.pop().unwrap_or_default(),
            // No object, or several: the last bytes belong to the last one, if to any.
            Ok(it) => return it,
            Err(part) => part,
        };
        Self::of_part(backwards::look(tail, part))
    }

    fn of_part(part: Part) -> Self {
        Self { parts: vec![part], is_batch: false }
    }

    /// Whether it was an answer, or a batch with an answer in it. A text that says nothing of its
    /// kind, such as a line of a log, was none.
    pub fn is_answer(&self) -> bool {
        self.parts.iter().any(Part::is_answer)
    }

    /// Whether it was an answer whose id is `null`: its sender says that it does not know whose.
    pub fn is_of_nobody(&self) -> bool {
        matches!(self.parts.as_slice(), [part] if part.is_answer() && part.id == SeenId::Null)
    }

    /// The ids of the answers in it, each as its text has it once.
    pub fn answered(&self) -> impl Iterator<Item = &Id> {
        self.parts.iter().filter(|it| it.is_answer()).filter_map(Part::id)
    }

    /// The id of a message that may have been a request. A refused answer is not answered: its id
    /// is one of ours, and may be that of another request of its sender. `None` for a batch, which
    /// is refused as a whole.
    pub fn request_id(&self) -> Option<&Id> {
        let [part] = self.parts.as_slice() else { return None };
        part.id().filter(|_| !self.is_batch && part.may_be_request())
    }
}

/// What was seen of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Part {
    id: SeenId,
    /// It has `result` or `error`.
    has_outcome: bool,
    /// It has `method` or `params`.
    has_call: bool,
    /// It has `jsonrpc`, and its end was seen.
    has_version: bool,
}

/// The `id` of a message, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum SeenId {
    #[default]
    Absent,
    Null,
    One(Id),
    /// There are two that differ, or one that is no id.
    Unclear,
}

impl Part {
    fn id(&self) -> Option<&Id> {
        match &self.id {
            SeenId::One(id) => Some(id),
            SeenId::Absent | SeenId::Null | SeenId::Unclear => None,
        }
    }

    /// A server that answers with nothing often leaves `result` out.
    const fn is_answer(&self) -> bool {
        self.has_outcome || self.has_version && !self.has_call
    }

    const fn may_be_request(&self) -> bool {
        self.has_call || !self.has_outcome
    }

    /// Notes a member of the top level: its key between the quotes, and its value if that has no
    /// parts.
    fn note(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = std::str::from_utf8(key) else { return };
        match &*decode_inner(key) {
            "id" => self.note_id(value),
            "result" | "error" => self.has_outcome = true,
            "method" | "params" => self.has_call = true,
            "jsonrpc" => self.has_version = true,
            _ => {}
        }
    }

    fn note_id(&mut self, value: Option<&[u8]>) {
        let raw = value.filter(|it| it.len() <= ID_BYTES_MAX).map(std::str::from_utf8);
        let id = raw.and_then(Result::ok).and_then(Id::parse);
        let seen = match id {
            Some(id) => SeenId::One(id),
            None if value == Some(b"null") => SeenId::Null,
            None => SeenId::Unclear,
        };
        self.id = std::mem::take(&mut self.id).and(seen);
    }

    /// What both looks at one message have seen.
    fn and(mut self, other: Self) -> Self {
        self.id = self.id.and(other.id);
        self.has_outcome |= other.has_outcome;
        self.has_call |= other.has_call;
        self.has_version |= other.has_version;
        self
    }
}

impl SeenId {
    /// What two places say together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Absent, id) | (id, Self::Absent) => id,
            (one, other) if one == other => one,
            _ => Self::Unclear,
        }
    }
}

/// Whether a byte is white space of JSON.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a byte ends a number or a word.
const fn is_structural(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"') || is_space(byte)
}

#[cfg(test)]
mod tests;

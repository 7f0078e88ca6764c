//! What can be seen of one message.

use crate::id::Id;
use crate::lexer::unescape::decode_inner;
use crate::scan::limits::ID_BYTES_MAX;

/// What was seen of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: SeenId,
    /// It has `result` or `error`.
    pub(super) has_outcome: bool,
    /// It has `method` or `params`.
    pub(super) has_call: bool,
    /// It has `jsonrpc`, and its end was seen.
    pub(super) has_version: bool,
}

/// The `id` of a message, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum SeenId {
    #[default]
    Absent,
    Null,
    One(Id),
    /// There are two that differ, or one that is no id.
    Unclear,
}

impl Part {
    pub(super) fn id(&self) -> Option<&Id> {
        match &self.id {
            SeenId::One(id) => Some(id),
            SeenId::Absent | SeenId::Null | SeenId::Unclear => None,
        }
    }

    pub(super) fn has_null_id(&self) -> bool {
        self.id == SeenId::Null
    }

    /// A server that answers with nothing often leaves `result` out.
    pub(super) const fn is_answer(&self) -> bool {
        self.has_outcome || self.has_version && !self.has_call
    }

    pub(super) const fn may_be_request(&self) -> bool {
        self.has_call || !self.has_outcome
    }

    /// Notes a member of the top level: its key between the quotes, and its value if that has no
    /// parts.
    pub(super) fn note(&mut self, key: &[u8], value: Option<&[u8]>) {
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
    pub(super) fn and(mut self, other: Self) -> Self {
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
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a byte ends a number or a word.
pub(super) const fn is_structural(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"') || is_space(byte)
}

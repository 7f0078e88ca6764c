//! A second, lenient look at a text that the scan has refused: what it was, and which id it has.
//!
//! A refused answer still ends the call that it belongs to, so its id is looked for wherever it
//! stands. The look is a fallback and no reader: nothing is routed on it but an error.
//!
//! From the first byte on, the top level is followed as long as the structure holds: bytes that are
//! no UTF-8, control characters, unknown words, depth and repeated keys do not break it. Where it
//! breaks (most often at a quote that was not escaped), no later place can be trusted, so the
//! look goes on from the other end, backwards over members without parts: many servers write `id`
//! last. What stands in strings and in nested objects is never taken.

mod backwards;
mod forwards;
mod part;

use self::part::Part;
use crate::id::Id;

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
    pub fn names_no_request(&self) -> bool {
        matches!(self.parts.as_slice(), [part] if part.is_answer() && part.has_null_id())
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

#[cfg(test)]
mod tests;

//! The error of a text that is refused.

use crate::error_object::{ErrorObject, INVALID_REQUEST, PARSE_ERROR};
use crate::id::Id;
use crate::remnant::Remnant;

mod fault;

pub use self::fault::ParseErrorKind;
pub(crate) use self::fault::{Fault, Halt};

/// A text that is no message, or none that every reader reads alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {}", .fault.kind, .fault.offset)]
#[non_exhaustive]
pub struct ParseError {
    fault: Fault,
    remnant: Remnant,
}

impl ParseError {
    /// The error of `text`, with what a second look finds in it.
    #[cold]
    pub(crate) fn of_text(text: &[u8], fault: Fault) -> Self {
        Self { fault, remnant: Remnant::of(text) }
    }

    /// What is wrong.
    pub const fn kind(&self) -> ParseErrorKind {
        self.fault.kind
    }

    /// Where, in bytes from the start of the text.
    pub const fn offset(&self) -> usize {
        self.fault.offset
    }

    /// The code of the answer: [`PARSE_ERROR`] for text that is not JSON, [`INVALID_REQUEST`] for
    /// JSON that is no valid message or exceeds a bound.
    pub const fn code(&self) -> i64 {
        if self.kind().is_syntax() { PARSE_ERROR } else { INVALID_REQUEST }
    }

    /// The id of the refused request, when one valid id was found, so that the answer can carry
    /// it: see [`Remnant::request_id`].
    pub fn id(&self) -> Option<Id> {
        self.remnant.request_id().cloned()
    }

    /// What can still be seen of the text.
    pub const fn remnant(&self) -> &Remnant {
        &self.remnant
    }

    /// The error to answer with; it holds nothing of the refused text.
    pub fn error_object(&self) -> ErrorObject {
        ErrorObject::new(self.code(), self.to_string())
    }
}

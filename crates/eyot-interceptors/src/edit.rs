//! What a mutator makes of a payload.

use std::ops::Range;

use eyot_jsonrpc::ErrorObject;

use crate::failure::Failure;

/// What becomes of a payload.
///
/// Splices leave all bytes beside them as they came; so a mutator that changes one value of a large
/// payload should say that one.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_enums, reason = "all that can become of a payload")]
pub enum Edit {
    /// It stays as it is.
    #[default]
    Keep,
    /// Parts of its text are replaced.
    Splices(Vec<Splice>),
    /// It is replaced by this JSON text.
    Replace(String),
    /// It may not pass: its sender gets this error. Nothing of a run is applied then.
    Refuse(Box<ErrorObject>),
}

/// A part of a payload's text, and what comes into its place.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Splice {
    /// The bytes of the payload that go.
    pub range: Range<usize>,
    /// What comes into their place.
    pub text: String,
}

impl Edit {
    /// Whether the payload stays as it is.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        match self {
            Self::Keep => true,
            Self::Splices(splices) => splices.is_empty(),
            Self::Replace(_) | Self::Refuse(_) => false,
        }
    }

    /// The parts of the payload as it is to be, in their order; `None` when it stays as it is.
    ///
    /// # Errors
    ///
    /// Splices that overlap, or do not fit the payload.
    pub(crate) fn parts<'a>(
        &'a mut self,
        payload: &'a str,
    ) -> Result<Option<Vec<&'a str>>, Failure> {
        let splices = match self {
            Self::Keep => return Ok(None),
            Self::Refuse(_) => return Err(Failure::Refused),
            Self::Replace(text) => return Ok(Some(vec![text])),
            Self::Splices(splices) if splices.is_empty() => return Ok(None),
            Self::Splices(splices) => splices,
        };
        splices.sort_by_key(|it| (it.range.start, it.range.end));
        let mut parts = Vec::with_capacity(splices.len() * 2 + 1);
        let mut at = 0;
        for splice in splices {
            payload.get(splice.range.clone()).ok_or(Failure::BadSplices)?;
            parts.push(payload.get(at..splice.range.start).ok_or(Failure::BadSplices)?);
            parts.push(&splice.text);
            at = splice.range.end;
        }
        parts.push(payload.get(at..).ok_or(Failure::BadSplices)?);
        Ok(Some(parts))
    }
}

#[cfg(test)]
mod tests;

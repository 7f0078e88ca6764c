//! What a mutator makes of a payload.

use std::ops::Range;
use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;

use crate::consent::Consent;
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
    /// A person has to consent before anything becomes of it: the layer asks the user of the client, and
    /// begins anew once the answer is there. Nothing of a run is applied before. Only an interceptor that is
    /// [`asking`](crate::Interceptor::asking) can do this, and only where
    /// [`Origin::can_ask`](crate::Origin::can_ask) holds; elsewhere it is a failure.
    Ask(Consent),
    /// It goes to another server than its lists say, after an edit that is none of these two. Only where
    /// [`Origin::can_route`](crate::Origin::can_route) holds; elsewhere it is a failure. The last mutator
    /// that says where counts.
    Route {
        /// The name of the server, as the gateway has it.
        to: Arc<str>,
        /// What becomes of the payload.
        edit: Box<Self>,
    },
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
            Self::Replace(_) | Self::Refuse(_) | Self::Ask(_) | Self::Route { .. } => false,
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
            Self::Ask(_) => return Err(Failure::CannotAsk),
            Self::Route { .. } => return Err(Failure::CannotRoute),
            Self::Replace(text) => return Ok(Some(shared(payload, text).into())),
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

/// A text in three parts: as `payload` begins, what is new, and as `payload` ends. What is a slice of the
/// payload need not be read again.
fn shared<'a>(payload: &'a str, text: &'a str) -> [&'a str; 3] {
    let start = payload.floor_char_boundary(alike_at_start(payload.as_bytes(), text.as_bytes()));
    let (begin, old) = payload.split_at(start);
    let Some(new) = text.get(start..) else { return [text, "", ""] };
    let end = old.len() - alike_at_end(old.as_bytes(), new.as_bytes());
    let end = old.get(old.ceil_char_boundary(end)..).unwrap_or_default();
    [begin, new.strip_suffix(end).unwrap_or(new), end]
}

/// How many bytes both begin with, looked at in blocks as long as they are alike.
fn alike_at_start(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.chunks_exact(BLOCK_BYTES).zip(other.chunks_exact(BLOCK_BYTES));
    let passed = BLOCK_BYTES * blocks.take_while(|(one, other)| one == other).count();
    let (one, other) = (one.iter().skip(passed), other.iter().skip(passed));
    passed + one.zip(other).take_while(|(one, other)| one == other).count()
}

/// How many bytes both end with.
fn alike_at_end(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.rchunks_exact(BLOCK_BYTES).zip(other.rchunks_exact(BLOCK_BYTES));
    let passed = BLOCK_BYTES * blocks.take_while(|(one, other)| one == other).count();
    let (one, other) = (one.iter().rev().skip(passed), other.iter().rev().skip(passed));
    passed + one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Bytes that are compared at once.
const BLOCK_BYTES: usize = 64;

#[cfg(test)]
mod tests;

//! A body that may be a batch.

use std::iter::Chain;
use std::{option, vec};

use bytes::Bytes;
use bytestring::ByteString;

use crate::error::{Halt, ParseError};
use crate::message::{Message, trimmed};
use crate::scan::Scan;
use crate::scan::limits::ScanLimits;
use crate::surrogates::Surrogates;

/// What one body holds.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// One message.
    One(Message),
    /// An array of messages, at least one. Only revision 2025-03-26 has batches: whether they are
    /// served is the caller's decision.
    Batch(Vec<Message>),
}

impl Incoming {
    /// Reads a body. The messages of a batch share its bytes.
    ///
    /// # Errors
    /// As [`Message::parse`]; and when a batch is empty, longer than
    /// [`batch_max`](ScanLimits::batch_max), or holds anything that is no message: then none of it
    /// is used.
    #[expect(clippy::needless_pass_by_value, reason = "the messages keep the bytes")]
    pub fn parse(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(&bytes, limits, Surrogates::Paired)
    }

    /// Reads a body of an upstream: to [`Incoming::parse`] as [`Message::parse_from_upstream`] is to
    /// [`Message::parse`].
    ///
    /// # Errors
    /// As both.
    #[expect(clippy::needless_pass_by_value, reason = "the messages keep the bytes")]
    pub fn parse_from_upstream(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(&bytes, limits, Surrogates::Lone)
    }

    /// The messages.
    pub fn as_slice(&self) -> &[Message] {
        match self {
            Self::One(message) => std::slice::from_ref(message),
            Self::Batch(messages) => messages,
        }
    }

    /// Bytes of all its messages.
    pub fn len_bytes(&self) -> usize {
        self.as_slice().iter().map(Message::len).sum()
    }

    fn parse_with(
        bytes: &Bytes,
        limits: &ScanLimits,
        surrogates: Surrogates,
    ) -> Result<Self, ParseError> {
        let scanned = Scan::text_of(bytes)
            .and_then(|text| Self::of_scan(Scan::of_input(&text, limits, surrogates)?, &text));
        scanned.map_err(|fault| ParseError::of_text(bytes, *fault))
    }

    fn of_scan(mut scan: Scan<'_>, text: &ByteString) -> Result<Self, Halt> {
        let part = |range| trimmed(text.clone(), range).into();
        if !scan.is_at_array() {
            let (range, envelope) = scan.single()?;
            return Ok(Self::One(Message::scanned(part(range), envelope)));
        }
        let mut messages = Vec::new();
        scan.batch(|range, envelope| messages.push(Message::scanned(part(range), envelope)))?;
        Ok(Self::Batch(messages))
    }
}

/// The messages, in their order.
impl IntoIterator for Incoming {
    type Item = Message;
    type IntoIter = Chain<option::IntoIter<Message>, vec::IntoIter<Message>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, batch) = match self {
            Self::One(message) => (Some(message), Vec::new()),
            Self::Batch(messages) => (None, messages),
        };
        one.into_iter().chain(batch)
    }
}

#[cfg(test)]
mod tests;

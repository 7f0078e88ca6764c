//! A body that may be a batch.

use std::ops::Range;

use bytes::Bytes;

use crate::envelope::Envelope;
use crate::error::{Halt, ParseError};
use crate::limits::ScanLimits;
use crate::message::{Message, trimmed};
use crate::scan::Scan;
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
    pub fn parse(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(bytes, limits, Surrogates::Paired)
    }

    /// Reads a body of an upstream: to [`Incoming::parse`] as [`Message::parse_from_upstream`] is to
    /// [`Message::parse`].
    ///
    /// # Errors
    /// As both.
    pub fn parse_from_upstream(bytes: Bytes, limits: &ScanLimits) -> Result<Self, ParseError> {
        Self::parse_with(bytes, limits, Surrogates::Lone)
    }

    fn parse_with(
        bytes: Bytes,
        limits: &ScanLimits,
        surrogates: Surrogates,
    ) -> Result<Self, ParseError> {
        let scan = Scan::of_bytes(&bytes, limits, surrogates);
        match scan.and_then(|scan| Self::scanned(&bytes, scan)) {
            Ok(Scanned::One(range, envelope)) => {
                Ok(Self::One(Message::scanned(trimmed(bytes, range), envelope)))
            }
            Ok(Scanned::Batch(messages)) => Ok(Self::Batch(messages)),
            Err(fault) => Err(ParseError::of_text(&bytes, *fault)),
        }
    }

    fn scanned(bytes: &Bytes, mut scan: Scan<'_>) -> Result<Scanned, Halt> {
        if !scan.is_at_array() {
            return scan.single().map(|(range, envelope)| Scanned::One(range, envelope));
        }
        let mut messages = Vec::new();
        scan.batch(|range, envelope| {
            messages.push(Message::scanned(bytes.slice(range), envelope));
        })?;
        Ok(Scanned::Batch(messages))
    }
}

/// What a scan has found; the bytes are still their owner's.
enum Scanned {
    One(Range<usize>, Envelope),
    Batch(Vec<Message>),
}

#[cfg(test)]
mod tests;

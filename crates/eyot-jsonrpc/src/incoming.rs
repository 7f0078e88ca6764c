//! A body that may be a batch.

use bytes::Bytes;

use crate::error::ParseError;
use crate::limits::ScanLimits;
use crate::message::{Message, trimmed};
use crate::scan::Scan;

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
        let mut scan = Scan::of_bytes(&bytes, limits)?;
        if !scan.is_at_array() {
            let (range, envelope) = scan.single()?;
            return Ok(Self::One(Message::scanned(trimmed(bytes, range), envelope)));
        }
        let mut messages = Vec::new();
        scan.batch(|range, envelope| {
            messages.push(Message::scanned(bytes.slice(range), envelope));
        })?;
        Ok(Self::Batch(messages))
    }
}

#[cfg(test)]
mod tests;

//! Texts of an upstream as messages, for every carrier.

use bytes::Bytes;
use eyot_jsonrpc::{Incoming, Message, ScanLimits};

use crate::unreadable::Unreadable;

/// The message that an event holds.
pub(crate) fn read_one(text: Bytes, limits: &ScanLimits) -> Result<Message, Unreadable> {
    let message = Message::parse_from_upstream(text, limits)?;
    count(&message);
    Ok(message)
}

/// The message, or the batch of 2025-03-26, that a line or a body holds.
pub(crate) fn read(text: Bytes, limits: &ScanLimits) -> Result<Incoming, Unreadable> {
    let incoming = Incoming::parse_from_upstream(text, limits)?;
    incoming.as_slice().iter().for_each(count);
    Ok(incoming)
}

fn count(message: &Message) {
    if message.has_lone_surrogates() {
        eyot_metrics::lone_surrogates_passed();
    }
}

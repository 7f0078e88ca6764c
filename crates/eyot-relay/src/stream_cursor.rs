//! Event ids of an upstream's stream of messages that belong to no call.
//!
//! They are kept for the next process, and an upstream session may be opened anew in between. The
//! next one knows nothing of the event ids of the one before it; so they are kept together with the
//! generation of their session.

use bytes::Bytes;
use eyot_service::ReplyItem;

/// The item, with its event id as it is kept.
pub(crate) fn kept(item: ReplyItem, generation: u64) -> ReplyItem {
    let keep = |cursor: Bytes| {
        let mut kept = generation.to_string().into_bytes();
        kept.push(SEPARATOR);
        kept.extend_from_slice(&cursor);
        Bytes::from(kept)
    };
    match item {
        ReplyItem::Message { message, cursor } => {
            ReplyItem::Message { message, cursor: cursor.map(keep) }
        }
        ReplyItem::Cursor(cursor) => ReplyItem::Cursor(keep(cursor)),
        other @ ReplyItem::HangUp { .. } => other,
    }
}

/// The upstream's event id; `None` when it was of another generation.
pub(crate) fn of_generation(kept: &Bytes, generation: u64) -> Option<Bytes> {
    let at = kept.iter().position(|it| *it == SEPARATOR)?;
    let digits = std::str::from_utf8(kept.get(..at)?).ok()?;
    (digits.parse() == Ok(generation)).then(|| kept.slice(at + 1..))
}

/// Stands behind the generation.
const SEPARATOR: u8 = b'~';

#[cfg(test)]
mod tests;

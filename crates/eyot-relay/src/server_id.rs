//! Ids of the upstream's requests as the client sees them.
//!
//! A client answers them much later, perhaps to another process, perhaps when the upstream
//! session has been opened anew and counts from one again. So the id carries the
//! generation of the upstream session and the upstream's own id. The id alone opens nothing: an
//! answer counts for a question that the session's record names under it.

use eyot_jsonrpc::{Id, Kind, Message};
use eyot_types::{Method, cancelled_id, is_cancelled};

/// The client's id for the upstream's `id`.
pub(crate) fn to_client(id: &Id, generation: u64) -> Id {
    Id::from_text(&format!("{generation}.{}", id.as_raw()))
}

/// The upstream's id and its generation; `None` when the id is none of ours.
pub(crate) fn to_upstream(id: &Id) -> Option<(u64, Id)> {
    let text = id.as_text()?;
    let (generation, raw) = text.split_once('.')?;
    Some((generation.parse().ok()?, Id::parse(raw)?))
}

/// The generation of the upstream session that gave the id.
pub(crate) fn generation_of(id: &Id) -> Option<u64> {
    to_upstream(id).map(|(generation, _)| generation)
}

/// A message of the upstream with its ids as the client sees them.
pub(crate) fn message_to_client(message: Message, generation: u64) -> Message {
    match message.kind() {
        Kind::Request => match message.id() {
            Some(id) => {
                let id = to_client(&id, generation);
                message.with_id(id)
            }
            None => message,
        },
        Kind::Notification if is_cancelled(&message) => {
            cancelled_to_client(&message, generation).unwrap_or(message)
        }
        Kind::Notification | Kind::Response | Kind::Error => message,
    }
}

fn cancelled_to_client(message: &Message, generation: u64) -> Option<Message> {
    let mut params: serde_json::Map<String, serde_json::Value> = message.decode_params().ok()?;
    let id = to_client(&cancelled_id(message)?, generation);
    params.insert("requestId".to_owned(), serde_json::from_str(id.as_raw()).ok()?);
    Some(Message::notification(Method::Cancelled.as_str(), &params))
}

#[cfg(test)]
mod tests;

//! Notifications of a modern server as its legacy client knows them.

use eyot_jsonrpc::Message;
use eyot_types::{Method, Revision, meta};
use serde_json::value::RawValue;

use crate::revision;

/// The notification as `revision` has it; `None` when it cannot be read. One that has nothing of
/// the modern era stays as it is.
#[must_use]
pub fn convert_notification(revision: Revision, message: Message) -> Option<Message> {
    if !message.meta().unwrap_or_default().contains(meta::PROTOCOL_PREFIX) {
        return Some(message);
    }
    let name = message.method()?;
    let (params, _) = revision::params(revision, Method::parse(&name), message.params()?).ok()?;
    if params == "{}" {
        return Some(Message::notification(&name, &()));
    }
    let params = RawValue::from_string(params).ok()?;
    Some(Message::notification(&name, &params))
}

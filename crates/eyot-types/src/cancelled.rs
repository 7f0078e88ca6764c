//! `notifications/cancelled`: what a peer that passes it on must know of it.

use eyot_jsonrpc::{Id, Message};
use serde_json::value::RawValue;

use crate::Method;

/// Whether it is `notifications/cancelled`.
#[must_use]
pub fn is_cancelled(message: &Message) -> bool {
    message.is_notification() && message.is_method(Method::Cancelled.as_str())
}

/// The request that `notifications/cancelled` names.
#[must_use]
pub fn cancelled_id(message: &Message) -> Option<Id> {
    let params: std::collections::BTreeMap<String, Box<RawValue>> = message.decode_params().ok()?;
    Id::parse(params.get("requestId")?.get())
}

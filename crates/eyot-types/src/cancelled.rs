//! `notifications/cancelled`, as far as who passes it on must read it.

use eyot_jsonrpc::{Id, Kind, Message};
use serde_json::value::RawValue;

use crate::Method;

/// Whether it is `notifications/cancelled`.
#[must_use]
pub fn is_cancelled(message: &Message) -> bool {
    let method = message.method().unwrap_or_default();
    message.kind() == Kind::Notification && Method::parse(&method) == Method::Cancelled
}

/// The request that `notifications/cancelled` names.
#[must_use]
pub fn cancelled_id(message: &Message) -> Option<Id> {
    let params: std::collections::BTreeMap<String, Box<RawValue>> = message.decode_params().ok()?;
    Id::parse(params.get("requestId")?.get())
}

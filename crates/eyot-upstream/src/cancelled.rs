//! `notifications/cancelled` for requests that an upstream knows by our ids.

use eyot_jsonrpc::{Message, Notification, UpstreamId};
use eyot_types::Method;
use serde_json::{Value, json};

/// Cancels our request `id`, in our own name.
pub(crate) fn cancelled(id: UpstreamId, reason: &str) -> Notification {
    let params = json!({ "requestId": id, "reason": reason });
    Notification::new(Method::Cancelled.as_str(), &params)
}

/// The caller's own cancellation, for our request `id`: its other members stay.
pub(crate) fn cancelled_by_caller(id: UpstreamId, cancellation: &Message) -> Notification {
    let mut params: Value = cancellation.decode_params().unwrap_or_else(|_| json!({}));
    if let Some(members) = params.as_object_mut() {
        members.insert("requestId".to_owned(), json!(id));
    }
    Notification::new(Method::Cancelled.as_str(), &params)
}
